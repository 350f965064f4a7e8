"""Lookup and construction of features by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

from woodshed.errors import ParameterError, SettingNameError, near_miss
from woodshed.features import FEATURES
from woodshed.features.frame import FrameFeature


def feature_class(name: str) -> type[FrameFeature]:
    """Return the class of a feature, a key of ``FEATURES``.

    Raises
    ------
    ParameterError
        If the name is unknown.

    Examples
    --------
    >>> feature_class("log-mel").__name__
    'LogMel'
    """
    if name not in FEATURES:
        raise ParameterError(f"Unknown feature {name!r}. {near_miss(name, FEATURES)}")
    module, _, class_name = FEATURES[name].partition(".")
    cls: type[FrameFeature] = getattr(import_module(f"woodshed.features.{module}"), class_name)
    return cls


def make_features(names: Sequence[str], settings: Mapping[str, Any] | None = None) -> list[FrameFeature]:
    """Construct several features from shared settings.

    Parameters
    ----------
    names
        Keys of ``FEATURES``.
    settings
        Name -> value. Each feature gets the settings that it has; at least one feature must have each
        setting. ``mid-term`` passes the settings of ``short-term`` on to it.

    Returns
    -------
    list of FrameFeature
        In the order of ``names``.

    Raises
    ------
    ParameterError
        If a name is unknown, or a value is out of its range.
    SettingNameError
        If none of the features has a setting.

    Examples
    --------
    >>> make_features(["rms", "stft"], {"n_fft": 1024, "sample_rate": 8000})
    [Rms(sample_rate=8000, frame_length=512, hop_length=160),
     Stft(sample_rate=8000, n_fft=1024, hop_length=160)]
    """
    settings = dict(settings or {})
    classes = [feature_class(name) for name in names]
    choices = {setting for cls in classes for setting in _setting_names(cls)}
    for setting in settings:
        if setting not in choices:
            raise SettingNameError(
                f"{', '.join(names)}: no setting {setting!r}. {near_miss(setting, choices)}"
            )
    return [_make(cls, settings) for cls in classes]


def _setting_names(cls: type[FrameFeature]) -> set[str]:
    names = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    return names - {"feature"} | _setting_names(feature_class("short-term")) if "feature" in names else names


def _make(cls: type[FrameFeature], settings: Mapping[str, Any]) -> FrameFeature:
    names = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    arguments = {name: value for name, value in settings.items() if name in names}
    if "feature" in names:
        arguments["feature"] = _make(feature_class("short-term"), settings)
    return cls(**arguments)
