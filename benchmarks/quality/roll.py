"""Likelihood of frames under the composer of rolls, as `woodshed train` fits it.

    python -m benchmarks.quality.roll --data DATA --work WORK

An interrupted training is resumed. `benchmarks.quality.likelihood` compares all nets of frames, with settings of their own.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
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

SETTINGS: dict[str, dict[str, int]] = {"--max-shift 0": {"max_shift": 0}, "no other option": {}}
"""Options of the command -> settings of the composer."""

INTRODUCTION = """\
Nats per frame: the mean over all frames of the negative natural logarithm of the probability of a frame, given all
frames before it; lower is better. The first frame counts, too. The command is
`woodshed train jsb_chorales:FOLDER --task roll --steps-per-beat 1`. By default the pieces are transposed by up to five semitones during
training, which helps with pieces in many keys. As all pieces of this corpus are in C, `--max-shift 0` is right for it. Every
probability is exact. The test part decided nothing; the epoch was chosen by the validation part. The interval is the 95 % bootstrap
over pieces, of the mean over the seeds. The published value of RNN-NADE is {published} (Boulanger-Lewandowski, Bengio and Vincent,
2012). [All nets of frames](likelihood.md) are compared with settings of their own."""

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
    for options_text, settings in SETTINGS.items():
        learned = [learned_nats(rolls, settings, seed, options.work) for seed in options.seeds]
        rows.append(row(f"`{RollComposer().net}`, {options_text}", learned))
    heading = ["model", "test", "95 % interval", "s.e. over pieces", "s.d. over seeds", "seeds"]
    parts = [
        INTRODUCTION.format(published=PUBLISHED_RNN_NADE),
        f"{DATA} {sizes_of(rolls)}.",
        markdown_table(heading, rows),
    ]
    write_markdown(options.out, "Quality: piano rolls", "\n\n".join(parts))


def learned_nats(rolls: Rolls, settings: Mapping[str, int], seed: int, work: Path) -> Nats:
    """Train a composer, and return the nats of each frame of each test piece."""
    composer = RollComposer(steps_per_beat=STEPS_PER_BEAT, seed=seed, **settings)
    composer.fit(
        rolls.train,
        held_out=rolls.validation,
        checkpoint=work / f"roll-{composer.max_shift}-{seed}.state.npz",
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
