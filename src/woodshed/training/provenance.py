"""Where a number comes from: versions, machine, seed, duration."""

from __future__ import annotations

import importlib.metadata
import os
import platform

from woodshed.units import duration_text

PACKAGES = ("woodshed", "keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy", "scikit-learn")


def versions() -> dict[str, str]:
    """Return the version of every package that a result depends on, as far as they are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def provenance(seed: int, duration_s: float) -> dict[str, str]:
    """Say what made a result, as text by name.

    Examples
    --------
    >>> said = provenance(7, 61.0)
    >>> said["seed"], said["duration"]
    ('7', '1 min 1 s')
    """
    return {
        "seed": str(seed),
        "duration": duration_text(duration_s),
        "Python": platform.python_version(),
        **versions(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
