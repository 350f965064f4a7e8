"""Speed and peak memory of event detection in a very long file; writes ``timeline.md`` beside this file.

    python -m benchmarks.speed.timeline [--hours 3] [--out FILE]

A small net is trained on the recordings that come with woodshed, and a mono file is made of them. Then
``woodshed predict --timeline`` runs on it in a fresh process, whose peak memory the system reports.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.speed.long_file import run

from woodshed.data.corpora.fsdd import load
from woodshed.data.example import Sounds
from woodshed.data.sample import sample_folder
from woodshed.features.sound_embedding import SoundEmbedding
from woodshed.recognition.background import background_rows
from woodshed.recognition.clip_item import describe
from woodshed.recognition.confidence import Confidence
from woodshed.recognition.novelty_detection import NoveltyDetector
from woodshed.tasks.speech import SpeechRecogniser

RATE = 8000
LIMIT_MB, LIMIT_TIMES = 600.0, 100.0
MODELS: dict[str, dict[str, Any]] = {
    "net (conv-tdnn, width 16)": {"net": "conv-tdnn", "width": 16, "epochs": 2, "n_augmentations": 1},
    "classical (svm)": {"net": "svm"},
}


def make_file(path: Path, hours: float) -> None:
    """Write spoken digits one after the other, each followed by a pause."""
    clips = [clip.mono() for clip in Sounds(load(sample_folder()).examples)]
    rng = np.random.default_rng(0)
    n_left = round(hours * 3600 * RATE)
    with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as out:
        while n_left > 0:
            pause = rng.normal(0, 1e-4, rng.integers(RATE // 4, RATE))
            part = np.concatenate([clips[rng.integers(len(clips))], pause])[:n_left]
            out.write(part)
            n_left -= len(part)


def train(settings: dict[str, Any], model: Path) -> None:
    """Train a model on all recordings that come with woodshed."""
    examples = load(sample_folder()).examples
    recogniser = SpeechRecogniser(**settings)
    labels = [example.label for example in examples]
    recogniser.fit(Sounds(examples), labels)
    outlines = describe(Sounds(examples), SoundEmbedding(sample_rate=RATE))
    novelty_detector = NoveltyDetector.fit(outlines, np.asarray(labels), background_rows(RATE))
    # With novelty detection, the most expensive case.
    recogniser.set_confidence(Confidence(max_spectrum_distance=1.25, novelty_detector=novelty_detector))
    recogniser.save(model)


def main() -> None:
    """Train, make the file, run, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=3.0)
    chosen = parse(parser)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "long.wav"
        make_file(long, chosen.hours)
        for name, settings in MODELS.items():
            model = Path(folder) / settings["net"]
            # In a separate process: on Linux, a child starts with the peak memory of its parent.
            training = multiprocessing.get_context("spawn").Process(target=train, args=(settings, model))
            training.start()
            training.join()
            if training.exitcode:
                raise SystemExit(f"The training of {name} failed with exit status {training.exitcode}.")
            target = Path(folder) / f"{settings['net']}.csv"
            arguments = [
                "predict",
                str(model),
                str(long),
                "--timeline",
                "--format",
                "csv",
                "--out",
                str(target),
            ]
            peak_mb, duration_s = run(arguments, Path(folder) / "cache")
            times = chosen.hours * 3600 / duration_s
            n_events = len(target.read_text(encoding="utf-8").splitlines()) - 1
            verdict = "yes" if peak_mb < LIMIT_MB and times >= LIMIT_TIMES else "no"
            rows.append(
                [name, f"{peak_mb:,.0f}", f"{duration_s:.0f}", f"{times:,.0f}", f"{n_events:,}", verdict]
            )
            print(*rows[-1], flush=True)
    heading = ["model", "peak MB", "seconds", "× real time", "events"]
    heading.append(f"< {LIMIT_MB:.0f} MB and ≥ {LIMIT_TIMES:.0f} ×")
    body = f"""A mono file of {chosen.hours:g} hours at {RATE:,} Hz, made of spoken digits with pauses between them, to a table
of events: windows of 1 s every 0.5 s, with novelty detection. Each model in a fresh process; its start-up time is included.

{markdown_table(heading, rows)}

Accuracy is not measured here: the net was trained for two epochs."""
    write_markdown(chosen.out, "Timelines of very long files", body)
    print(body)


if __name__ == "__main__":
    main()
