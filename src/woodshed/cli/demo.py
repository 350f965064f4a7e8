"""``woodshed demo``: train and test a model on the recordings that come with woodshed, in a few minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.terminal import feature_folder, note, print_experiment, progress_bar, say
from woodshed.errors import printable

BEFORE = """\
{n} recordings of six speakers saying the ten digits. A net is trained five times: three times without two of
the speakers, who are used for testing; once on a random split, where every speaker is in both parts, which is
how many published scores are made; and once on all recordings, which gives the final model.
"""

AFTER = """
The report, with the misclassified recordings to listen to: {folder}/report.html. Next, try

  woodshed info {folder}
  woodshed predict {folder} {sound}
  woodshed train YOUR-FOLDER --task noise --out my-model --dry-run"""


DEFAULT_FOLDER = Path("woodshed-demo")
"""Default output folder; the result of an earlier demo in it is replaced."""


def command(
    out: Annotated[Path, typer.Option(help="Output folder for the model and its report.")] = DEFAULT_FOLDER,
    epochs: Annotated[int, typer.Option(help="Number of epochs of each training.")] = 30,
    seed: Annotated[int, typer.Option(help="Seed of all random draws, 0 or more.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the content of the folder set by --out.")
    ] = False,
) -> None:
    """Train and test a model on the recordings that come with woodshed.

    The demo takes a few minutes. It compares a split by speaker with a random split, which leaks.

    Example: woodshed demo
    """
    from woodshed.workflows.demo import prepare_demo, run_demo

    demo = prepare_demo(
        out, store=feature_folder(), epochs=epochs, seed=seed, overwrite=force or out == DEFAULT_FOLDER
    )
    say(BEFORE.format(n=len(demo.corpus.examples)))
    with progress_bar() as watcher:
        result = run_demo(demo, watcher)
    say()
    print_experiment(result.experiment)
    say("\nPredictions for three recordings that were kept out of training:")
    for prediction, example in zip(result.predictions, demo.held_out, strict=True):
        percent = "" if prediction.probability is None else f" ({prediction.probability:.0%})"
        say(f"  {example.path.name:<19} predicted {prediction.label}{percent}, actual {example.label}")
    if result.interrupted:
        note("The results are those of the trainings that were finished.")
        raise KeyboardInterrupt
    say(AFTER.format(folder=printable(out), sound=printable(demo.held_out[0].path)))
