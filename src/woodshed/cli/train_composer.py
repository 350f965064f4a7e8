"""``woodshed train`` for jobs that write music: the same verb, other words about what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from woodshed.cli.terminal import (
    list_skipped,
    note,
    print_bits,
    print_table,
    progress_bar,
    refuse_skipped,
    say,
)
from woodshed.errors import ParameterError, printable

_OF_SOUNDS = "makes no sense for a job that writes music: it learns from scores, which have no labels"


def train_composer(
    task: str,
    data: str,
    out: Path,
    settings: dict[str, Any],
    *,
    resume: bool,
    dry_run: bool,
    strict: bool,
    force: bool,
) -> None:
    """Learn from scores, test on families that were held out, and write the model."""
    from woodshed.composition.experiment import ComposerRun
    from woodshed.report.composition.composer_folder import write_composer_folder
    from woodshed.report.out_folder import RUN_NAME, prepare_folder
    from woodshed.tasks import task_class
    from woodshed.training.run_state import RunState

    composer = task_class(task)(**settings)
    composer.check_settings()
    corpus = composer.read(data)
    list_skipped(corpus.skipped)
    refuse_skipped(corpus.skipped, strict=strict, what="piece")
    run = ComposerRun(composer, corpus, RunState(out / RUN_NAME), resume)
    if dry_run:
        print_composer_plan(run)
        return
    prepare_folder(out, resume=resume, force=force)
    with progress_bar() as run.watcher:
        result = run.measure()
    write_composer_folder(composer, result, out)
    if result.bits:
        print_bits([(one.method, one.bits) for one in result.bits])
    else:
        note("Nothing was held out: there are too few families of pieces.")
    if result.finished:
        run.run_state.close()
    else:
        note("Interrupted: the best so far is kept. To go on, give the same command with --resume.")
    say(f"\nModel and card: {printable(out)}, {printable(out / 'card.md')}")
    say(f"To hear what it writes: woodshed generate {printable(out)}")


def refuse_flags_of_sounds(flags: dict[str, Any]) -> None:
    """Refuse flags that ask about labels and tests of sounds.

    Raises
    ------
    ParameterError
        If one is given; it is named.
    """
    for flag, value in flags.items():
        if value:
            raise ParameterError(f"{flag} {_OF_SOUNDS}. Leave it out.")


def print_composer_plan(run: Any) -> None:
    """Say what a training would do."""
    sizes, corpus = run.sizes, run.corpus
    n_pieces, n_families = len(corpus.pieces), len(set(corpus.families))
    say(f"{n_pieces} pieces of {printable(corpus.name)}, {corpus.n_copies} copies left out")
    print_table(("part", "pieces"), [(part, str(n)) for part, n in sizes.items()], numbers_from=1)
    split = "the official split" if corpus.parts else f"{n_families} families kept whole"
    say(f"tested on: {sizes['test']} pieces, by {split}" if sizes["test"] else "tested on: nothing")
    say(f"at most {run.composer.epochs} passes over {run.n_tokens:,} tokens with {run.composer.net}")
    say("Nothing was trained or written.")
