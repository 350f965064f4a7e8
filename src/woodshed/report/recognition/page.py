"""The report of an experiment as one HTML file that needs no other file, no network and no script."""

from __future__ import annotations

import os

from woodshed.atomic import write_whole
from woodshed.errors import ParameterError
from woodshed.html.document import document
from woodshed.recognition.experiments.result import Experiment
from woodshed.report.recognition.head_report import report_of


def write_page(experiment: Experiment, path: str | os.PathLike[str], *, max_confused: int = 40) -> None:
    """Write the report of an experiment.

    Parameters
    ----------
    experiment
        The results.
    path
        The file to write, usually ``report.html``. An older one is replaced when the new one is complete.
    max_confused
        Most confused clips whose sound is embedded, 0 or more; each adds about 20 to 100 kB.

    Raises
    ------
    OutputError
        If the file cannot be written.
    ParameterError
        If ``max_confused`` is negative, or nothing was tested.
    """
    write_whole(path, page(experiment, max_confused=max_confused))


def page(experiment: Experiment, *, max_confused: int = 40) -> str:
    """Return the report of an experiment as HTML; arguments and errors as for `write_page`."""
    if max_confused < 0:
        raise ParameterError(f"max_confused must be 0 or more, got {max_confused}. For no sounds pass 0.")
    content = report_of(experiment.head).body(experiment, max_confused)
    return document(f"{experiment.task} on {experiment.corpus.name}: report", content)
