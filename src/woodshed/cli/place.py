"""Where the command line keeps things between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def feature_folder() -> str:
    """Return the folder in which computed features are kept.

    ``$WOODSHED_CACHE`` if it is set, else the place where the system keeps such files. It may be deleted
    at any time: what is missing is computed again.
    """
    chosen = os.environ.get("WOODSHED_CACHE")
    if chosen:
        return str(Path(chosen) / "features")
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return str(base / "woodshed" / "features")
