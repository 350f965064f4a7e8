"""Feature extraction: frame-wise features and one-row summaries of a clip.

A feature is a frozen dataclass that is called with a `woodshed.clip.Clip` and returns a float32 array. The
features in this table return frames, shape ``(n_frames, n_bands)``, with a name for each band; their names
are the values of ``--feature``.

========================  ======================  =========================================================
time domain
``amplitude-envelope``    `AmplitudeEnvelope`     largest sample
``energy``                `Energy`                mean square
``energy-entropy``        `EnergyEntropy`         entropy of the energy over blocks of a frame, bits
``rms``                   `Rms`                   root of the mean square
``zero-crossing-rate``    `ZeroCrossingRate`      share of sign changes
spectrograms
``cqt``                   `Cqt`                   constant-Q transform, magnitude
``log-frequency``         `LogFrequency`          spectrogram on a musical axis, dB
``log-mel``               `LogMel`                log-mel spectrogram, for nets, dB
``mfcc``                  `Mfcc`                  cepstral coefficients and their deltas
``power``                 `Power`                 power spectrogram
``stft``                  `Stft`                  magnitude spectrogram
spectral shape
``band-energy-ratio``     `BandEnergyRatio`       power below a frequency over power above
``harmonic-share``        `HarmonicShare`         harmonic and percussive share of the energy
``spectral-bandwidth``    `SpectralBandwidth`     distance from the centroid, hertz
``spectral-centroid``     `SpectralCentroid`      centre of gravity, hertz
``spectral-contrast``     `SpectralContrast`      peaks over valleys in each octave, dB
``spectral-entropy``      `SpectralEntropy`       entropy of the power over bands, bits
``spectral-flatness``     `SpectralFlatness`      1 is noise, 0 a tone
``spectral-flux``         `SpectralFlux`          change from frame to frame
``spectral-rolloff``      `SpectralRolloff`       frequency below which most of the spectrum lies, hertz
``spectral-spread``       `SpectralSpread`        standard deviation, as a share of half the sample rate
pitch and harmony
``chroma``                `Chroma`                the twelve pitch classes
``chroma-cqt``            `ChromaCqt`             the same from a constant-Q transform
``chroma-deviation``      `ChromaDeviation`       standard deviation over the pitch classes
``pyin``                  `Pyin`                  fundamental frequency, voiced or not, probability
``tonnetz``               `Tonnetz`               tonal centroids
``yin``                   `Yin`                   fundamental frequency, hertz
rhythm and loudness
``a-weighted-level``      `AWeightedLevel`        A-weighted level, dB
``momentary-loudness``    `MomentaryLoudness`     K-weighted loudness over 400 ms, LUFS
``onset-strength``        `OnsetStrength`         rise of the spectrum, dB
``tempogram``             `Tempogram`             autocorrelation of the onset strength
sets
``mid-term``              `MidTerm`               statistics of any feature over about a second
``short-term``            `ShortTerm`             the classical 34 features, and their deltas
========================  ======================  =========================================================

`Summary` describes a clip by one row for classical models, shape ``(n_values,)``; `summarise_frames` computes
such a row from any frames. `features_of_file` and `features_of_blocks` process sounds of any length.
`onset_times_s`, `beat_times_s`, `tempo_bpm` and `find_key` analyse a whole piece.
`woodshed.features.text_plot.text_plot` draws frames as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from woodshed.errors import SettingNameError, look_up, near_miss

if TYPE_CHECKING:
    from woodshed.features.chroma import Chroma, ChromaCqt, ChromaDeviation, Cqt, Tonnetz
    from woodshed.features.entropy import EnergyEntropy, SpectralEntropy
    from woodshed.features.f0 import Pyin, Yin
    from woodshed.features.frame import FrameFeature
    from woodshed.features.key import KeyGuess, find_key
    from woodshed.features.loudness import AWeightedLevel, MomentaryLoudness
    from woodshed.features.mel import LogMel, Mfcc
    from woodshed.features.notes import NoteSummary
    from woodshed.features.rhythm import (
        OnsetStrength,
        Tempogram,
        beat_times_of_file,
        beat_times_s,
        onset_times_of_file,
        onset_times_s,
        tempo_bpm,
        tempo_of_beats,
    )
    from woodshed.features.short_term import ShortTerm
    from woodshed.features.spectral_shape import (
        BandEnergyRatio,
        HarmonicShare,
        SpectralBandwidth,
        SpectralCentroid,
        SpectralContrast,
        SpectralFlatness,
        SpectralFlux,
        SpectralRolloff,
        SpectralSpread,
    )
    from woodshed.features.statistic import MidTerm, statistic_names, summarise_frames
    from woodshed.features.stft import LogFrequency, Power, Stft
    from woodshed.features.streaming import features_of_blocks, features_of_file
    from woodshed.features.summary import Summary, TextureSummary
    from woodshed.features.timbre import TimbreSummary
    from woodshed.features.time_domain import AmplitudeEnvelope, Energy, Rms, ZeroCrossingRate
    from woodshed.features.views import SoundViews, Views
    from woodshed.features.voice import VoiceSummary
    from woodshed.features.voice_course import VoiceCourse

FEATURES: dict[str, str] = {
    "a-weighted-level": "woodshed.features.loudness:AWeightedLevel",
    "amplitude-envelope": "woodshed.features.time_domain:AmplitudeEnvelope",
    "band-energy-ratio": "woodshed.features.spectral_shape:BandEnergyRatio",
    "chroma": "woodshed.features.chroma:Chroma",
    "chroma-cqt": "woodshed.features.chroma:ChromaCqt",
    "chroma-deviation": "woodshed.features.chroma:ChromaDeviation",
    "cqt": "woodshed.features.chroma:Cqt",
    "energy": "woodshed.features.time_domain:Energy",
    "energy-entropy": "woodshed.features.entropy:EnergyEntropy",
    "harmonic-share": "woodshed.features.spectral_shape:HarmonicShare",
    "log-frequency": "woodshed.features.stft:LogFrequency",
    "log-mel": "woodshed.features.mel:LogMel",
    "mfcc": "woodshed.features.mel:Mfcc",
    "mid-term": "woodshed.features.statistic:MidTerm",
    "momentary-loudness": "woodshed.features.loudness:MomentaryLoudness",
    "onset-strength": "woodshed.features.rhythm:OnsetStrength",
    "power": "woodshed.features.stft:Power",
    "pyin": "woodshed.features.f0:Pyin",
    "rms": "woodshed.features.time_domain:Rms",
    "short-term": "woodshed.features.short_term:ShortTerm",
    "spectral-bandwidth": "woodshed.features.spectral_shape:SpectralBandwidth",
    "spectral-centroid": "woodshed.features.spectral_shape:SpectralCentroid",
    "spectral-contrast": "woodshed.features.spectral_shape:SpectralContrast",
    "spectral-entropy": "woodshed.features.entropy:SpectralEntropy",
    "spectral-flatness": "woodshed.features.spectral_shape:SpectralFlatness",
    "spectral-flux": "woodshed.features.spectral_shape:SpectralFlux",
    "spectral-rolloff": "woodshed.features.spectral_shape:SpectralRolloff",
    "spectral-spread": "woodshed.features.spectral_shape:SpectralSpread",
    "stft": "woodshed.features.stft:Stft",
    "tempogram": "woodshed.features.rhythm:Tempogram",
    "tonnetz": "woodshed.features.chroma:Tonnetz",
    "yin": "woodshed.features.f0:Yin",
    "zero-crossing-rate": "woodshed.features.time_domain:ZeroCrossingRate",
}
"""Name -> module and class of each frame-wise feature."""

_HOME = {
    **{place.partition(":")[2]: place.partition(":")[0] for place in FEATURES.values()},
    "FrameFeature": "woodshed.features.frame",
    "KeyGuess": "woodshed.features.key",
    "NoteSummary": "woodshed.features.notes",
    "Summary": "woodshed.features.summary",
    "TextureSummary": "woodshed.features.summary",
    "TimbreSummary": "woodshed.features.timbre",
    "SoundViews": "woodshed.features.views",
    "Views": "woodshed.features.views",
    "VoiceCourse": "woodshed.features.voice_course",
    "VoiceSummary": "woodshed.features.voice",
    "beat_times_of_file": "woodshed.features.rhythm",
    "beat_times_s": "woodshed.features.rhythm",
    "features_of_blocks": "woodshed.features.streaming",
    "features_of_file": "woodshed.features.streaming",
    "find_key": "woodshed.features.key",
    "onset_times_of_file": "woodshed.features.rhythm",
    "onset_times_s": "woodshed.features.rhythm",
    "statistic_names": "woodshed.features.statistic",
    "summarise_frames": "woodshed.features.statistic",
    "tempo_bpm": "woodshed.features.rhythm",
    "tempo_of_beats": "woodshed.features.rhythm",
}
"""Public name -> module."""

__all__ = [
    "FEATURES",
    "AWeightedLevel",
    "AmplitudeEnvelope",
    "BandEnergyRatio",
    "Chroma",
    "ChromaCqt",
    "ChromaDeviation",
    "Cqt",
    "Energy",
    "EnergyEntropy",
    "FrameFeature",
    "HarmonicShare",
    "KeyGuess",
    "LogFrequency",
    "LogMel",
    "Mfcc",
    "MidTerm",
    "MomentaryLoudness",
    "NoteSummary",
    "OnsetStrength",
    "Power",
    "Pyin",
    "Rms",
    "ShortTerm",
    "SoundViews",
    "SpectralBandwidth",
    "SpectralCentroid",
    "SpectralContrast",
    "SpectralEntropy",
    "SpectralFlatness",
    "SpectralFlux",
    "SpectralRolloff",
    "SpectralSpread",
    "Stft",
    "Summary",
    "Tempogram",
    "TextureSummary",
    "TimbreSummary",
    "Tonnetz",
    "Views",
    "VoiceCourse",
    "VoiceSummary",
    "Yin",
    "ZeroCrossingRate",
    "beat_times_of_file",
    "beat_times_s",
    "feature_class",
    "features_of_blocks",
    "features_of_file",
    "find_key",
    "make_features",
    "onset_times_of_file",
    "onset_times_s",
    "statistic_names",
    "summarise_frames",
    "tempo_bpm",
    "tempo_of_beats",
]


def __getattr__(name: str) -> Any:
    """Import a name at its first use (PEP 562): importing scipy takes a quarter of a second."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


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
    cls: type[FrameFeature] = look_up("feature", name, FEATURES)
    return cls


def make_features(names: Sequence[str], settings: Mapping[str, Any] | None = None) -> list[FrameFeature]:
    """Construct several features from shared settings.

    Parameters
    ----------
    names
        Keys of ``FEATURES``.
    settings
        Name -> value. Each feature gets the settings that it has; at least one feature must have each
        setting. ``mid-term`` passes the settings of ``short-term`` on to it. Above 48 kHz the lengths of
        frames follow the sample rate: see `woodshed.features.frame.frame_settings`.

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
    if isinstance(arguments.get("sample_rate"), int):
        from woodshed.features.frame import frame_settings

        arguments = frame_settings(cls, arguments["sample_rate"]) | arguments
    if "feature" in names:
        arguments["feature"] = _make(feature_class("short-term"), settings)
    return cls(**arguments)
