"""Folders in which the command line keeps files between runs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def feature_folder() -> str:
    """Return the folder of the feature store.

    ``$WOODSHED_CACHE/features`` if that variable is set, else the user cache folder of the operating system.
    It may be deleted at any time: missing features are computed again.
    """
    cache = os.environ.get("WOODSHED_CACHE")
    root = Path(cache) if cache else platformdirs.user_cache_path("woodshed", appauthor=False)
    return str(root / "features")
