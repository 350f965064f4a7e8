"""Choosing features by the words that are typed after ``--feature``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

from woodshed.errors import ParameterError, SettingNameError, near_miss
from woodshed.features import FEATURES
from woodshed.features.frame import Framed


def feature_class(word: str) -> type[Framed]:
    """Return the class of a feature; its module is imported only now.

    Raises
    ------
    ParameterError
        If there is no such feature.

    Examples
    --------
    >>> feature_class("log-mel").__name__
    'LogMel'
    """
    if word not in FEATURES:
        raise ParameterError(f"There is no feature {word!r}. {near_miss(word, FEATURES)}")
    module, _, name = FEATURES[word].partition(".")
    found: type[Framed] = getattr(import_module(f"woodshed.features.{module}"), name)
    return found


def make_features(words: Sequence[str], settings: Mapping[str, Any] | None = None) -> list[Framed]:
    """Make several features with settings that each takes if it has them.

    Parameters
    ----------
    words
        Keys of ``FEATURES``.
    settings
        Name -> value. A setting that one of the features does not have is left out for that one; one that
        none of them has is refused. ``mid-term`` hands the settings of ``short-term`` on to it.

    Raises
    ------
    ParameterError
        If there is no such feature, or a value is out of its range.
    SettingNameError
        If no feature has such a setting.

    Examples
    --------
    >>> make_features(["rms", "stft"], {"n_fft": 1024, "sample_rate": 8000})
    [Rms(sample_rate=8000, frame_length=512, hop_length=160),
     Stft(sample_rate=8000, n_fft=1024, hop_length=160)]
    """
    given = dict(settings or {})
    classes = [feature_class(word) for word in words]
    known = {name for kind in classes for name in _setting_names(kind)}
    for name in given:
        if name not in known:
            raise SettingNameError(f"{', '.join(words)}: no setting {name!r}. {near_miss(name, known)}")
    return [_make(kind, given) for kind in classes]


def _setting_names(kind: type[Framed]) -> set[str]:
    own = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return own - {"feature"} | _setting_names(feature_class("short-term")) if "feature" in own else own


def _make(kind: type[Framed], settings: Mapping[str, Any]) -> Framed:
    own = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    mine = {name: value for name, value in settings.items() if name in own}
    if "feature" in own:
        mine["feature"] = _make(feature_class("short-term"), settings)
    return kind(**mine)
