"""How good the chorale model that comes with woodshed is: it harmonises the test part, and writes its own."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import data_folder, markdown_table, write_markdown
from woodshed.composition.generation import EvaluatedGeneration
from woodshed.composition.generator import generate
from woodshed.data.corpora.jsb_chorales import chorales
from woodshed.metrics.style import Style, overlap
from woodshed.metrics.voice_leading import evaluate
from woodshed.symbolic.four_voices import VOICES
from woodshed.tasks import load
from woodshed.tasks.chorale import ChoraleComposer
from woodshed.tasks.chorale.piece import HOLE, ChoralePiece
from woodshed.tasks.chorale.request import HARMONISE_TEMPERATURE, ChoraleRequest
from woodshed.tasks.shipped import shipped_folder

NOTES = Path(__file__).with_name("chorale_notes.md")
TO_REACH, MOST_PARALLELS = 0.45, 0.01
COLD = 0.05

Grid = NDArray[np.int32]


def look_up(train: Sequence[Grid], test: Sequence[Grid]) -> list[Grid]:
    """Answer each soprano pitch with the commonest alto, tenor and bass that the training part has with it."""
    usual: dict[int, list[int]] = {}
    heard = np.concatenate(list(train))
    common = [Counter(heard[:, voice].tolist()).most_common(1)[0][0] for voice in range(4)]
    for pitch in np.unique(heard[:, 0]).tolist():
        rows = heard[heard[:, 0] == pitch]
        usual[pitch] = [Counter(rows[:, voice].tolist()).most_common(1)[0][0] for voice in (1, 2, 3)]
    return [
        np.column_stack([grid[:, 0], [usual.get(pitch, common[1:]) for pitch in grid[:, 0].tolist()]])
        for grid in test
    ]


def harmonised(composer: ChoraleComposer, test: Sequence[Grid], seed: int, **drawing: Any) -> list[Grid]:
    """Write alto, tenor and bass to every soprano."""
    written = []
    for number, grid in enumerate(test):
        holes = grid.copy()
        holes[:, 1:] = HOLE
        written.append(composer.fill(holes, seed=[seed, number], **drawing))
    return written


def accuracies(written: Sequence[Grid], truth: Sequence[Grid]) -> NDArray[np.float64]:
    """Return the share of sixteenths at which alto, tenor and bass are Bach's own, shape ``(3,)``."""
    return np.concatenate([w[:, 1:] == t[:, 1:] for w, t in zip(written, truth, strict=True)]).mean(axis=0)


def row(name: str, runs: Sequence[Sequence[Grid]], truth: Sequence[Grid]) -> list[str]:
    """Measure some runs: accuracy of each voice and of all, parallels, crossings."""
    right = np.array([accuracies(run, truth) for run in runs])
    led = [evaluate(run) for run in runs]
    means = right.mean(axis=1)
    spread = f" ± {means.std():.3f}" if len(runs) > 1 else ""
    return [
        name,
        *(f"{value:.3f}" for value in right.mean(axis=0)),
        f"{means.mean():.3f}{spread}",
        f"{np.mean([one.parallels for one in led]):.4f}",
        f"{np.mean([one.crossings for one in led]):.4f}",
    ]


def main() -> None:
    """Measure and write ``chorale.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--model", default=str(shipped_folder("chorale")))
    parser.add_argument("--part", default="test", help="validation, while something is still to be chosen")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    options = parser.parse_args()
    folder = data_folder(options.data) / "jsb_chorales"
    train, test = (
        [np.array(piece, np.int32) for piece in chorales(folder, part, grid="sixteenth")]
        for part in ("train", options.part)
    )
    composer = load(options.model)
    rows = [row("commonest voices with each soprano pitch", [look_up(train, test)], test)]
    for name, settings in {
        f"the model, temperature {HARMONISE_TEMPERATURE} (as `--harmonise` does)": {
            "temperature": HARMONISE_TEMPERATURE
        },
        f"temperature {COLD} (nearly always the likeliest), faults not mended": {
            "temperature": COLD,
            "repair": False,
        },
    }.items():
        started = time.monotonic()
        seeds = options.seeds if len(rows) == 1 else options.seeds[:1]
        rows.append(row(name, [harmonised(composer, test, seed, **settings) for seed in seeds], test))
        print(*rows[-1], f"{time.monotonic() - started:.0f} s", flush=True)
    rows.append(row("Bach", [test], test))
    samples = generate(composer, ChoraleRequest(bars=15), options.samples, seed=options.seeds[0])
    write_markdown(
        options.out,
        "Quality: chorales",
        "\n\n".join(
            [
                f"The model that comes with woodshed learned from the {len(train)} training chorales of the JSB set; here it "
                f"meets the {len(test)} of the {options.part} part, {sum(map(len, test)):,} sixteenths. It is given the soprano, and writes "
                "alto, tenor and bass. Right is a sixteenth at which a voice has Bach's own pitch; a good harmonisation "
                f"need not be Bach's. As `--harmonise` does: mean over seeds {', '.join(map(str, options.seeds))}, ± standard "
                "deviation if there are several; the other way of drawing: the first seed.",
                markdown_table(
                    ["who writes", "alto", "tenor", "bass", "mean", "parallels a chord", "crossed chords"],
                    rows,
                ),
                asked(rows),
                f"## {options.samples} chorales of its own",
                "Fifteen bars each (the mean length in the set), temperature "
                f"{ChoraleRequest().sampling_temperature:g}, seed {options.seeds[0]}, beside Bach's of the {options.part} part.",
                style_tables(samples, [composer.to_piece(grid) for grid in test], len(test)),
                copies(samples),
                NOTES.read_text("utf-8"),
            ]
        ),
    )


def asked(rows: Sequence[Sequence[str]]) -> str:
    """Say what was to be reached, and whether it was."""
    mean, parallels = float(rows[1][4].split()[0]), float(rows[1][5])
    return (
        f"Asked of the model as it harmonises: mean accuracy {TO_REACH} (reached: "
        f"{'yes' if mean >= TO_REACH else 'no'}), at most {MOST_PARALLELS} parallels a chord (reached: "
        f"{'yes' if parallels <= MOST_PARALLELS else 'no'})."
    )


def style_tables(samples: Sequence[EvaluatedGeneration], bach: Sequence[ChoralePiece], n_bach: int) -> str:
    """Set the style of the samples beside Bach's."""
    new: Style = ChoralePiece.style(
        [one.generation for one in samples if isinstance(one.generation, ChoralePiece)]
    )
    old: Style = ChoralePiece.style(bach)
    numbers = [[name, f"{value:.4g}", f"{old.numbers[name]:.4g}"] for name, value in new.numbers.items()]
    shares = [[name, f"{overlap(part, old.shares[name]):.3f}"] for name, part in new.shares.items()]
    return "\n\n".join(
        [
            markdown_table(["means and shares", f"{len(samples)} samples", f"{n_bach} of Bach's"], numbers),
            markdown_table(["distribution", "in common with Bach's"], shares),
        ]
    )


def copies(samples: Sequence[EvaluatedGeneration]) -> str:
    """Count copies of the training part, voice by voice."""
    rows = []
    for at, voice in enumerate(VOICES):
        found = [one.novelty[at] for one in samples]
        rows.append(
            [
                voice,
                f"{np.mean([one.copied_bars for one in found]):.2f}",
                str(max(one.copied_bars for one in found)),
                f"{np.nanmean([one.new_share for one in found]):.2f}",
            ]
        )
    return (
        "Each voice compared with the same voice of every training chorale, in every key; a bar is four beats "
        "from the beginning.\n\n"
        + markdown_table(
            ["voice", "copied bars in a row, mean", "most", "new passages of 8 notes, mean"], rows
        )
    )


if __name__ == "__main__":
    main()
