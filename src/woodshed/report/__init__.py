"""Reports: the results of an experiment as HTML page, model card and tables.

- `woodshed.report.recognition.page.write_page`: the page, one self-contained file.
- `woodshed.report.recognition.folder.card`: the model card.
- `woodshed.report.recognition.head_report.HeadReport.score_rows`: the score table of the terminal.
"""
