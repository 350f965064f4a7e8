"""Provenance of a result: package versions, machine, seed and duration."""

from __future__ import annotations

import importlib.metadata
import os
import platform

from woodshed.units import duration_text

PACKAGES = ("woodshed", "keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy", "scikit-learn")


def versions() -> dict[str, str]:
    """Return the versions of the installed packages that a result depends on."""
    installed = {}
    for name in PACKAGES:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def provenance(seed: int, duration_s: float) -> dict[str, str]:
    """Return seed, duration, versions and machine, as text by name.

    Examples
    --------
    >>> texts = provenance(7, 61.0)
    >>> texts["seed"], texts["duration"]
    ('7', '1 min 1 s')
    """
    return {
        "seed": str(seed),
        "duration": duration_text(duration_s),
        "Python": platform.python_version(),
        **versions(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
