"""``woodshed train`` for generation tasks, which learn from scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from woodshed.cli.terminal import list_skipped, note, print_bits, print_table, progress_bar, say
from woodshed.errors import ParameterError, printable

if TYPE_CHECKING:
    from woodshed.workflows.train_composer import ComposerPlan


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
    """Train a composer on scores and print its test results."""
    from woodshed.workflows.train_composer import ComposerTraining

    training = ComposerTraining(task, data, settings)
    list_skipped(training.corpus.skipped)
    if strict:
        training.require_usable()
    if dry_run:
        print_plan(training.plan())
        return
    with progress_bar() as watcher:
        result = training.run(out, resume=resume, force=force, watcher=watcher)
    if result.bits:
        print_bits([(one.method, one.bits) for one in result.bits])
    else:
        note("Nothing was held out: there are too few families of pieces.")
    if not result.finished:
        note("Interrupted: the best weights so far were saved. To resume, repeat the command with --resume.")
    say(f"\nModel and card: {printable(out)}, {printable(out / 'card.md')}")
    say(f"To generate music: woodshed generate {printable(out)}")


def refuse_recognition_flags(flags: dict[str, Any]) -> None:
    """Refuse flags that recognition tasks alone have.

    Raises
    ------
    ParameterError
        If one is set; it is named.
    """
    for flag, value in flags.items():
        if value:
            raise ParameterError(
                f"{flag} is not supported by generation tasks: scores have no labels. Omit it."
            )


def print_plan(plan: ComposerPlan) -> None:
    """Print what a training would do."""
    say(f"{plan.n_pieces} pieces of {printable(plan.corpus)}, {plan.n_copies} copies removed")
    print_table(("part", "pieces"), [(part, str(n)) for part, n in plan.sizes.items()], numbers_from=1)
    split = "the official split" if plan.is_official else f"{plan.n_families} families kept whole"
    say(f"test: {plan.sizes['test']} pieces, by {split}" if plan.sizes["test"] else "test: none")
    say(f"at most {plan.epochs} epochs over {plan.n_tokens:,} tokens with {plan.net}")
    say("Nothing was trained or written.")
