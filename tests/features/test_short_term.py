"""The 68 short-term features, each against its definition written out frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from woodshed.audio import noise, read, sine
from woodshed.clip import Clip
from woodshed.data.sample import sample_folder
from woodshed.errors import ParameterError
from woodshed.features import (
    Chroma,
    ChromaDeviation,
    Energy,
    EnergyEntropy,
    ShortTerm,
    SpectralBandwidth,
    SpectralCentroid,
    SpectralEntropy,
    SpectralFlux,
    ZeroCrossingRate,
)
from woodshed.features.mel import mel_filters

RATE = 8000


def sound() -> Clip:
    """Return digits that come with woodshed, one after the other."""
    paths = sorted((sample_folder() / "recordings").glob("*.flac"))[::90][:8]
    return Clip(np.concatenate([read(path).samples for path in paths], axis=1), RATE)


def entropy(energy: np.ndarray) -> float:
    """Return the entropy of ten blocks in bits."""
    n = len(energy)
    blocks = np.array([energy[k * n // 10 : (k + 1) * n // 10].sum() for k in range(10)])
    share = blocks[blocks > 0] / blocks.sum()
    return float(-np.sum(share * np.log2(share)))


def by_hand(clip: Clip, frame_length: int, hop_length: int) -> dict[str, np.ndarray]:
    """Compute what has a formula of one line, in float64 and one frame at a time."""
    padded = np.pad(clip.mono().astype(np.float64), frame_length // 2)
    filters = mel_filters(RATE, frame_length, 40, 400 / 3, 4000.0).astype(np.float64)
    relative = np.linspace(0, 1, 1 + frame_length // 2)
    rows: dict[str, list[float]] = {}
    before = None
    for start in range(0, len(padded) - frame_length + 1, hop_length):
        frame = padded[start : start + frame_length]
        magnitude = np.abs(np.fft.rfft(frame))
        power, share = magnitude**2, magnitude / magnitude.sum()
        centroid = np.sum(share * relative)
        below = np.cumsum(power) / power.sum()
        log_mel = np.log10(np.maximum(filters @ magnitude / (frame_length / 2), 1e-8))
        values = {
            "energy": np.mean(frame**2),
            "energy_entropy": entropy(frame**2),
            "spectral_centroid": centroid,
            "spectral_spread": np.sqrt(np.sum(share * (relative - centroid) ** 2)),
            "spectral_entropy": entropy(power),
            "spectral_flux": 0.0 if before is None else np.sum((share - before) ** 2),
            "spectral_rolloff": relative[np.flatnonzero(below >= 0.9)[0]],
        }
        cepstrum = scipy.fft.dct(log_mel, norm="ortho")
        values |= {f"mfcc{k}": cepstrum[k] for k in range(13)}
        for name, value in values.items():
            rows.setdefault(name, []).append(float(value))
        before = share
    return {name: np.array(values) for name, values in rows.items()}


@pytest.mark.parametrize("hop_length", [200, 400, 130])
def test_values_are_those_of_their_definitions(hop_length) -> None:
    clip = sound()
    feature = ShortTerm(sample_rate=RATE, frame_length=400, hop_length=hop_length)
    ours = dict(zip(feature.names, feature(clip).T, strict=True))
    for name, expected in by_hand(clip, 400, hop_length).items():
        if name == "spectral_rolloff":  # a threshold may be met within rounding
            assert np.mean(np.abs(ours[name] - expected) < 1e-6) > 0.98
        else:
            assert np.allclose(ours[name], expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max()), name


def test_values_are_those_of_the_single_features() -> None:
    clip = sound()
    spectrum = {"sample_rate": RATE, "n_fft": 400, "hop_length": 200}
    frames = {"sample_rate": RATE, "frame_length": 400, "hop_length": 200}
    feature = ShortTerm(**frames, window="hann")
    ours = dict(zip(feature.names, feature(clip).T, strict=True))
    singles = {
        "zero_crossing_rate": ZeroCrossingRate(**frames)(clip),
        "energy": Energy(**frames)(clip),
        "energy_entropy": EnergyEntropy(**frames)(clip),
        "spectral_centroid": SpectralCentroid(**spectrum)(clip) / 4000,
        "spectral_spread": SpectralBandwidth(**spectrum)(clip) / 4000,
        "spectral_entropy": SpectralEntropy(**spectrum)(clip),
        "spectral_flux": SpectralFlux(**spectrum)(clip),
        "chroma_std": ChromaDeviation(**spectrum)(clip),
    }
    for name, expected in singles.items():
        assert np.allclose(ours[name], expected[:, 0], rtol=1e-3, atol=1e-5), name
    chroma = Chroma(**spectrum, norm="sum")
    for name, expected in zip(chroma.names, chroma(clip).T, strict=True):
        assert np.allclose(ours[name], expected, rtol=1e-3, atol=1e-5), name


def test_names_are_the_34_and_their_deltas() -> None:
    feature = ShortTerm()
    assert feature.n_bands == len(set(feature.names)) == 68
    assert feature.names[34:] == tuple(f"{name}_delta" for name in feature.names[:34])
    assert feature.names[:4] == ("zero_crossing_rate", "energy", "energy_entropy", "spectral_centroid")
    assert feature.names[8] == "mfcc0"
    assert feature.names[20:22] == ("mfcc12", "chroma_C")
    assert feature.names[33] == "chroma_std"


def test_a_delta_is_the_step_from_the_frame_before() -> None:
    values = ShortTerm(sample_rate=RATE, frame_length=400, hop_length=200)(sound())
    assert not values[0, 34:].any()
    assert np.allclose(values[1:, 34:], np.diff(values[:, :34], axis=0), atol=1e-6)
    plain = ShortTerm(sample_rate=RATE, frame_length=400, hop_length=200, deltas=False)(sound())
    assert np.array_equal(plain, values[:, :34])


def test_a_tone_has_the_values_of_theory() -> None:
    values = dict(zip(ShortTerm().names, ShortTerm()(sine(1000, amplitude=0.5))[20], strict=True))
    assert values["zero_crossing_rate"] == pytest.approx(2000 / 16000, rel=0.02)
    assert values["energy"] == pytest.approx(0.125, rel=1e-4)
    assert values["energy_entropy"] == pytest.approx(np.log2(10), abs=1e-3)
    assert values["spectral_centroid"] == pytest.approx(1000 / 8000, abs=1e-3)
    assert values["spectral_rolloff"] == pytest.approx(1000 / 8000, abs=1e-3)
    assert max(values["spectral_spread"], values["spectral_flux"], values["spectral_entropy"]) < 0.01
    assert sum(value for name, value in values.items() if name.startswith("chroma_") and len(name) < 10) == (
        pytest.approx(1.0, abs=1e-4)
    )


def test_a_hann_window_keeps_a_loud_tone_out_of_far_bands() -> None:
    clip = Clip(sine(330.7).samples + noise(level_db=-80.0).samples, 16000)
    plain, faded = (ShortTerm(window=window)(clip)[5:-5] for window in ("rectangular", "hann"))
    assert faded[:, 3].mean() < 0.5 * plain[:, 3].mean(), "the centroid comes down to the tone"


def test_frames_in_seconds() -> None:
    feature = ShortTerm.in_seconds(11025, frame_s=0.05, step_s=0.05, deltas=False)
    assert (feature.frame_length, feature.hop_length, feature.deltas) == (552, 551, False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": "hamming"}, "ShortTerm does not support window='hamming'. Known: hann, rectangular"),
        (
            {"frame_length": 100},
            "resolve 40 mel bands, .* got frame_length=100 at 16000 Hz. Raise frame_l",
        ),
        ({"deltas": 2}, "True or False for deltas, got 2"),
    ],
)
def test_a_bad_setting_is_named(settings, message) -> None:
    with pytest.raises(ParameterError, match=message):
        ShortTerm(**settings)
