"""Synthetic faults planted in real sounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import soundfile

from woodshed.audio.edit import resample
from woodshed.audio.read import read
from woodshed.clip import Clip
from woodshed.data.doctor.inspection import Inspection, inspect_sounds
from woodshed.data.example import Corpus, Example
from woodshed.features.views import Views

SHARE = 0.05
"""Share of the sounds that get a fault of each kind."""


@dataclass
class Material:
    """A corpus, and the inspection of each sound or the reason why it failed."""

    corpus: Corpus
    views: Views
    looks: list[Inspection | str] = field(default_factory=list)

    @property
    def good(self) -> dict[int, Inspection]:
        """Row -> inspection of a readable sound."""
        return {k: seen for k, seen in enumerate(self.looks) if isinstance(seen, Inspection)}

    @property
    def bad(self) -> dict[int, str]:
        """Row -> reason why a sound could not be read."""
        return {k: seen for k, seen in enumerate(self.looks) if isinstance(seen, str)}


def silence_it(clip: Clip, rng: np.random.Generator) -> Clip:
    """Replace the samples by hiss at -80 dBFS or by zeros."""
    hiss = rng.choice([0.0, 1e-4]) * rng.uniform(-1, 1, clip.samples.shape)
    return Clip(hiss.astype(np.float32), clip.sample_rate)


def clip_it(clip: Clip, rng: np.random.Generator) -> Clip:
    """Amplify until between 0.5 and 5 % of the samples are clipped."""
    level = np.quantile(np.abs(clip.samples), 1 - rng.uniform(0.005, 0.05))
    return Clip(np.clip(clip.samples / max(level, 1e-6), -1, 1 - 2**-15), clip.sample_rate)


def shift_it(clip: Clip, rng: np.random.Generator) -> Clip:
    """Add a mean of 0.3 to 1 times the RMS level, at least 0.005."""
    mean = max(0.005, rng.uniform(0.3, 1) * float(np.sqrt(np.mean(clip.samples**2)))) * rng.choice([-1, 1])
    return Clip(np.clip(clip.samples * 0.5 + mean, -1, 1), clip.sample_rate)


def shorten_it(clip: Clip, rng: np.random.Generator) -> Clip:
    """Keep 1 to 5 %, at least 20 samples, around the loudest sample, so that the rest is not silent."""
    n = max(20, round(rng.uniform(0.01, 0.05) * clip.n_samples))
    loudest = int(np.abs(clip.samples).max(axis=0).argmax())
    start = max(0, min(clip.n_samples - n, loudest - n // 2))
    return Clip(clip.samples[:, start : start + n], clip.sample_rate)


def slow_it(clip: Clip, rng: np.random.Generator) -> Clip:
    """Resample to another rate."""
    return resample(clip, int(rng.choice([r for r in (8000, 11025, 22050, 48000) if r != clip.sample_rate])))


def vary_it(clip: Clip, rng: np.random.Generator) -> Clip:
    """Change gain, ends and, in half of the cases, the rate."""
    n_off = round(rng.uniform(0, 0.04) * clip.n_samples)
    samples = clip.samples[:, n_off // 2 : clip.n_samples - n_off // 2] * rng.uniform(0.2, 0.9)
    changed = Clip(samples, clip.sample_rate)
    return resample(changed, int(rng.choice([16000, 22050]))) if rng.random() < 0.5 else changed


CHANGES: dict[str, Callable[[Clip, np.random.Generator], Clip]] = {
    "silent": silence_it,
    "clipped": clip_it,
    "DC offset": shift_it,
    "too short": shorten_it,
    "wrong rate": slow_it,
}


def save(clip: Clip, path: Path) -> Path:
    """Write a clip in the format of the suffix."""
    soundfile.write(path, clip.samples.T, clip.sample_rate)
    return path


@dataclass
class Planted:
    """Planted faults: kind -> rows, copy -> source, and the changed rows."""

    kinds: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    sources: dict[Path, Path] = field(default_factory=dict)
    changed: dict[int, Example] = field(default_factory=dict)

    def add(self, kind: str, k: int, row: Example, path: Path) -> None:
        """Replace the file of a row, or append a row."""
        self.kinds[kind].add(k)
        self.changed[k] = replace(row, path=path)


def plant(material: Material, seed: int, place: Path) -> tuple[Material, Planted]:
    """Plant all kinds of faults of files, each in different sounds; copies are appended."""
    rng = np.random.default_rng(seed)
    rows = material.corpus.examples
    n_each = max(1, round(SHARE * len(rows)))
    order = iter(rng.permutation(len(rows)).tolist())
    planted = Planted()
    for kind, change in CHANGES.items():
        for k in [next(order) for _ in range(n_each)]:
            path = place / f"{kind.replace(' ', '_')}_{k}.wav"
            planted.add(kind, k, rows[k], save(change(read(rows[k].path), rng), path))
    for j, k in enumerate(next(order) for _ in range(n_each)):
        path = save(read(rows[k].path), place / f"unreadable_{k}.wav")
        path.write_bytes([b"", path.read_bytes()[:30], b"text, not sound " * 50][j % 3])
        planted.add("unreadable", k, rows[k], path)
    for j, k in enumerate([next(order) for _ in range(2 * n_each)]):
        plant_copy(planted, len(rows) + j, rows[k], place, rng)
    n_all = len(rows) + 2 * n_each
    examples = tuple(planted.changed[k] if k in planted.changed else rows[k] for k in range(n_all))
    looks: list[Inspection | str] = [*material.looks, *[""] * (2 * n_each)]
    fresh = inspect_sounds(list(planted.changed.values()), views=material.views)
    for k, seen in zip(planted.changed, fresh, strict=True):
        looks[k] = seen
    return Material(replace(material.corpus, examples=examples), material.views, looks), planted


def plant_copy(planted: Planted, new: int, row: Example, place: Path, rng: np.random.Generator) -> None:
    """Append a copy; every other one is exact, in another container."""
    clip = read(row.path)
    if new % 2:  # 32-bit samples represent any decoded source exactly
        path = place / f"copy_{new}.wav"
        soundfile.write(path, clip.samples.T, clip.sample_rate, subtype="FLOAT")
        planted.add("duplicate", new, row, path)
        planted.sources[path] = row.path
        return
    varied = vary_it(clip, rng)
    suffix = rng.choice(["wav", "ogg", "mp3"])
    path = save(varied, place / f"version_{new}.{suffix}")
    planted.add("near duplicate", new, row, path)
    planted.sources[path] = row.path
    if varied.sample_rate != clip.sample_rate:
        planted.kinds["wrong rate"].add(new)


def louder(clip: Clip) -> Clip:
    """Normalise to a peak of 0.9."""
    return Clip(clip.samples * (0.9 / max(1e-6, float(np.abs(clip.samples).max()))), clip.sample_rate)


def longer(clip: Clip) -> Clip:
    """Repeat the clip for 4 more seconds."""
    n = round(4 * clip.sample_rate)
    return Clip(np.tile(clip.samples, 1 + 2 * n // clip.n_samples)[:, : clip.n_samples + n], clip.sample_rate)


def narrower(clip: Clip) -> Clip:
    """Limit the band to less than half of it."""
    return resample(resample(clip, clip.sample_rate // 2 - 200), clip.sample_rate)


def lies_above(clip: Clip) -> float:
    """Return the share of the power above the cut-off of `narrower`."""
    power = np.square(np.abs(np.fft.rfft(clip.mono())))
    n_left = len(power) * (clip.sample_rate // 2 - 200) // clip.sample_rate
    return float(power[n_left:].sum() / max(1e-12, power.sum()))


def blanked(clip: Clip) -> Clip:
    """Silence the first third."""
    samples = clip.samples.copy()
    samples[:, : clip.n_samples // 3] = 0
    return Clip(samples, clip.sample_rate)


PLANTED_CUES: dict[str, tuple[Callable[[Clip], Clip], str]] = {
    "loudness": (louder, "wav"),
    "length": (longer, "wav"),
    "band limit": (narrower, "wav"),
    "format": (lambda clip: clip, "aiff"),
    "silence": (blanked, "wav"),
}
