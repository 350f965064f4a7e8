"""Growth of time with the size of a collection, from 1,000 to 64,000 sounds or tunes; writes ``growth.md``.

    python -m benchmarks.speed.growth [--sizes 1000 4000 16000 64000] [--out FILE]

Sounds are noises of a quarter of a second at 8 kHz, tunes are random walks. Everything runs in one process; the time
counts all its threads, and the making of the tunes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from benchmarks.provenance import markdown_table, parse, write_markdown

from woodshed.data.doctor.checkup import doctor
from woodshed.data.example import Corpus, Example, Sounds
from woodshed.data.store import FeatureStore
from woodshed.features import LogMel
from woodshed.metrics.originality import Melody, MelodyIndex
from woodshed.recognition.classical.model import Case, fit_model
from woodshed.recognition.clip_item import clip_items

RATE, N_SAMPLES = 8000, 2000
N_VALUES, N_CLASSES = 200, 10
N_NOTES, N_SEARCHED = 120, 20
MOST_EXPONENT = 1.05


def write_sounds(folder: Path, n_sounds: int) -> list[Example]:
    """Write noises that all differ."""
    rng = np.random.default_rng(0)
    examples = []
    for number in range(n_sounds):
        place = folder / f"{number % 100:02d}" / f"{number}.wav"
        place.parent.mkdir(exist_ok=True)
        soundfile.write(place, rng.normal(0, 0.1, N_SAMPLES), RATE)
        examples.append(Example(place, f"{number % N_CLASSES}"))
    return examples


def random_tune(rng: np.random.Generator, name: str) -> Melody:
    """Return a random walk."""
    pitches = 67 + np.clip(np.cumsum(rng.integers(-4, 5, N_NOTES)), -12, 12)
    return Melody(pitches, rng.choice([0.5, 1.0], N_NOTES), np.arange(1.0, N_NOTES + 1), name)


def extract(examples: Sequence[Example]) -> None:
    """Compute log-mel spectrograms into an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(folder, LogMel(sample_rate=RATE, n_fft=256, hop_length=80, n_mels=32))
        store.fill(clip_items(Sounds(examples), RATE))


def check(examples: Sequence[Example]) -> None:
    """Run all checks of the doctor."""
    doctor(Corpus("noises", tuple(examples)))


def fit_kernel_ridge(examples: Sequence[Example]) -> None:
    """Fit a kernel ridge regression, with at most 3,000 landmarks, to made-up rows."""
    rng = np.random.default_rng(0)
    columns = np.arange(len(examples)) % N_CLASSES
    rows = rng.normal(size=(len(examples), N_VALUES)) + rng.normal(size=(N_CLASSES, N_VALUES))[columns]
    fit_model("kernel-ridge", rows, columns, case=Case())


def search_tunes(examples: Sequence[Example]) -> None:
    """Index as many tunes as there are examples, and compare some new ones with them."""
    rng = np.random.default_rng(0)
    index = MelodyIndex([random_tune(rng, str(number)) for number in range(len(examples))])
    for number in range(N_SEARCHED):
        index.compare(random_tune(rng, f"new {number}"))


STAGES: Mapping[str, Callable[[Sequence[Example]], None]] = {
    "log-mel spectrograms into a store": extract,
    "all checks of the doctor": check,
    "fit of a kernel ridge regression": fit_kernel_ridge,
    "index of tunes, and search": search_tunes,
}


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the exponent of the power law through some times."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def main() -> None:
    """Measure and write ``growth.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000, 16000, 64000])
    options = parse(parser)
    seconds: dict[str, list[float]] = {name: [] for name in STAGES}
    with tempfile.TemporaryDirectory() as temporary:
        examples = write_sounds(Path(temporary), max(options.sizes))
        for stage in STAGES.values():  # imports and tables
            stage(examples[:100])
        for size in options.sizes:
            for name, stage in STAGES.items():
                began = time.process_time()
                stage(examples[:size])
                seconds[name].append(time.process_time() - began)
                print(name, size, seconds[name][-1], flush=True)
    rows = []
    for name, times_s in seconds.items():
        exponents = [exponent(options.sizes[first:], times_s[first:]) for first in (0, 1)]
        verdict = "yes" if exponents[0] <= MOST_EXPONENT else "no"
        values = [f"{value:.2f}" for value in (*times_s, *exponents)]
        rows.append([name, *values, f"{MOST_EXPONENT:g}", verdict])
    sizes = [f"{size:,}" for size in options.sizes]
    heading = ["stage", *sizes, "exponent", f"from {sizes[1]} on", "to reach", "reached"]
    body = [
        "Seconds of processor time by the number of sounds or tunes, and the exponent of the power law through them: 1 is "
        "proportional, below 1 there is a fixed part. Of at most 3,000 rows, kernel ridge regression solves the exact "
        "equations, whose time grows faster, but is short; of more, it uses 3,000 landmarks, and its time is proportional. "
        "The time of the tunes includes that of drawing them.",
        markdown_table(heading, rows),
    ]
    write_markdown(options.out, "Growth with the size of a collection", "\n\n".join(body))


if __name__ == "__main__":
    main()
