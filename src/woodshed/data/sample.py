"""Location of the recordings shipped with woodshed."""

from __future__ import annotations

import importlib.resources
from pathlib import Path


def sample_folder() -> Path:
    """Return the folder of the shipped sample of the Free Spoken Digit Dataset.

    It has the layout of the complete corpus, so `woodshed.data.corpora.fsdd.load` reads it. Licence and
    attribution are in the same folder.

    Examples
    --------
    >>> sorted(part.name for part in sample_folder().iterdir())
    ['ATTRIBUTION.md', 'LICENSE.txt', 'recordings']
    """
    return Path(str(importlib.resources.files("woodshed") / "sample" / "fsdd"))
