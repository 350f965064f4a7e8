"""``woodshed demo``: the main job on the recordings that come with woodshed, in a few minutes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from woodshed.cli.place import feature_folder
from woodshed.cli.terminal import note, print_experiment, progress_bar, say
from woodshed.errors import printable

UNHEARD = ("7_theo_4", "3_george_4", "9_yweweler_4")
"""Recordings that are kept away from every training, for the model to name at the end."""

BEFORE = """\
{} recordings: six people say the ten digits. A net learns them five times: three times with two of
the people kept away from it to be tested on, once with everybody on both sides of the test, which
is how many published figures are made, and once from everything, to keep.
"""

AFTER = """
Hear its mistakes: open {folder}/report.html in a browser. Then try

  woodshed info {folder}
  woodshed predict {folder} {sound}
  woodshed train YOUR-FOLDER --task noise --out my-model --dry-run"""


OWN_FOLDER = Path("woodshed-demo")
"""Where a demo goes if nobody says so; an older one is replaced."""


def command(
    out: Annotated[Path, typer.Option(help="Folder for the model and its report.")] = OWN_FOLDER,
    epochs: Annotated[int, typer.Option(help="Passes over the recordings in each training.")] = 30,
    seed: Annotated[int, typer.Option(help="Source of every random draw, 0 or more.")] = 0,
    force: Annotated[bool, typer.Option(help="Replace what is in a folder that you chose by --out.")] = False,
) -> None:
    """Train on the recordings that come with woodshed, and see what it can do."""
    from woodshed.data.corpora.fsdd import load
    from woodshed.data.sample import sample_folder
    from woodshed.data.sound import Sounds
    from woodshed.data.split import honest_splits
    from woodshed.recognition.experiments.cross_validation import CrossValidation
    from woodshed.report.out_folder import prepare_folder
    from woodshed.report.recognition.folder import write_model_folder
    from woodshed.tasks.speech import SpeechRecogniser

    recogniser = SpeechRecogniser(epochs=epochs, seed=seed, store=feature_folder())
    recogniser.check_settings()
    prepare_folder(out, force=force or out == OWN_FOLDER)
    sample = load(sample_folder())
    unheard = [example for example in sample.examples if example.path.stem in UNHEARD]
    corpus = replace(sample, examples=tuple(row for row in sample.examples if row not in unheard))
    run = CrossValidation(recogniser, corpus, honest_splits(corpus, "random", seed))
    say(BEFORE.format(len(corpus.examples)))
    with progress_bar() as run.watcher:
        experiment, model = run.measure()
    write_model_folder(model, experiment, out)
    say()
    print_experiment(experiment)
    say("\nThree recordings that it never heard:")
    for prediction, example in zip(model.predictions(Sounds(unheard)), unheard, strict=True):
        say(f"  {prediction.to_text()}   spoken: {example.label}")
    if run.interrupted:
        note("Interrupted: this is what was learned so far.")
    say(AFTER.format(folder=printable(out), sound=printable(unheard[0].path)))
