"""Features: how a clip is turned into the numbers that a model learns from.

A feature is a frozen dataclass that is called with a `woodshed.clip.Clip` and returns a float32 array:
its settings print, compare, hash and save.

=================  ===========================================  ===========================
`LogMel`           log-mel spectrogram, for nets                ``(n_frames, n_bands)``, dB
`Mfcc`             cepstral coefficients and their changes      ``(n_frames, n_bands)``
`Summary`          one fixed-length row, for classical models   ``(n_values,)``
=================  ===========================================  ===========================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from woodshed.features.log_mel import LogMel
    from woodshed.features.mfcc import Mfcc
    from woodshed.features.summary import Summary

__all__ = ["LogMel", "Mfcc", "Summary"]

_HOME = {"LogMel": "log_mel", "Mfcc": "mfcc", "Summary": "summary"}


def __getattr__(name: str) -> Any:
    """Import a feature when it is first asked for: scipy takes a quarter of a second (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
