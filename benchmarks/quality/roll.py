"""Likelihood of frames under the composer of rolls with its default settings.

    python -m benchmarks.quality.roll --data DATA --work WORK

An interrupted training is resumed. `benchmarks.quality.likelihood` compares all nets of frames, with settings of their own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.quality.frames import Rolls, jsb_rolls
from benchmarks.quality.likelihood import Nats, clustered_error, counted, sizes_of
from benchmarks.quality.measure import epoch_printer
from woodshed.metrics.interval import bootstrap_interval
from woodshed.tasks.roll import RollComposer

STEPS_PER_BEAT = 1
PUBLISHED_RNN_NADE = 5.56
BASELINES = {
    "independent": "each note independently, by its frequency",
    "order-1": "each note given its previous state",
}

INTRODUCTION = """\
Nats per frame: the mean over all frames of the negative natural logarithm of the probability of a frame, given all
frames before it; lower is better. The first frame counts, too. The model is that of the default command,
`woodshed train jsb_chorales:FOLDER --task roll --steps-per-beat 1`: `rnn-nade`, trained on all transpositions by up to
five semitones, with the range of pitches of a piano. Every probability is exact. The test part decided nothing; the epoch
was chosen by the validation part. The interval is the 95 % bootstrap over pieces, of the mean over the seeds.

The published value of RNN-NADE, {published} (Boulanger-Lewandowski, Bengio and Vincent, 2012), is for training pieces that are
not transposed. The [comparison of all nets](likelihood.md) has that setting."""

DATA = """\
JSB chorales: the files and the split of the paper, all in C; a frame is the set of pitches that sound at a quarter note."""


def main() -> None:
    """Measure and write ``roll.md``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--work", type=Path, default=Path("build/quality"), help="folder of checkpoints")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parse(parser)
    options.work.mkdir(parents=True, exist_ok=True)
    rolls = jsb_rolls(options.data)
    rows = [row(label, [counted(rolls, name)["test"]]) for name, label in BASELINES.items()]
    learned = [nats_of_default(rolls, seed, options.work) for seed in options.seeds]
    rows.append(row("`--task roll` with its defaults", learned))
    heading = ["model", "test", "95 % interval", "s.e. over pieces", "s.d. over seeds", "seeds"]
    parts = [
        INTRODUCTION.format(published=PUBLISHED_RNN_NADE),
        f"{DATA} {sizes_of(rolls)}.",
        markdown_table(heading, rows),
    ]
    write_markdown(options.out, "Quality: piano rolls", "\n\n".join(parts))


def nats_of_default(rolls: Rolls, seed: int, work: Path) -> Nats:
    """Train the default composer, and return the nats of each frame of each test piece."""
    composer = RollComposer(steps_per_beat=STEPS_PER_BEAT, seed=seed)
    composer.fit(
        rolls.train,
        held_out=rolls.validation,
        checkpoint=work / f"roll-{seed}.state.npz",
        on_epoch=epoch_printer("probability of a held-out frame"),
    )
    return composer.frame_nats(list(rolls.test))


def row(label: str, runs: list[Nats]) -> list[str]:
    """Return the row of a model: one list of the nats of each test piece for each seed."""
    sizes = np.array([len(piece) for piece in runs[0]])
    sums = np.mean([[piece.sum() for piece in nats] for nats in runs], axis=0)
    low, high = bootstrap_interval(lambda drawn: float(sums[drawn].sum() / sizes[drawn].sum()), len(sizes))
    means = [float(np.concatenate(nats).mean()) for nats in runs]
    error = np.mean([clustered_error(nats) for nats in runs])
    spread = f"{np.std(means):.2f}" if len(runs) > 1 else "–"
    return [
        label,
        f"**{np.mean(means):.2f}**",
        f"{low:.2f}–{high:.2f}",
        f"{error:.2f}",
        spread,
        str(len(runs)),
    ]


if __name__ == "__main__":
    main()
