"""What several tests of the command line begin with."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def three(unseen_folder: Path) -> list[Path]:
    """Return three sounds, not in the order of their names."""
    return [next(iter(sorted((unseen_folder / label).iterdir()))) for label in ("rise", "fall", "pulse")]
