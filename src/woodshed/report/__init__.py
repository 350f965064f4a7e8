"""Results as something to read: one page with everything, a model card, the terminal's short table.

::

    Experiment ─► scores, curves ─► figures, tables ─► page.html
                                 ├► card.md
                                 └► score rows

- `woodshed.report.recognition.page.write_page`: the page, one file that needs no other and no network.
- `woodshed.report.recognition.card.card`: the model card.
- `woodshed.report.recognition.table.score_rows`: the score table of the terminal.
"""
