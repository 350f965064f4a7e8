"""``woodshed train``: train a recogniser or a composer, and measure it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.flags import (
    DEFAULT_TASK,
    TRAIN_TASK_HELP,
    Command,
    check_task_flags,
    choices_of,
    task_in,
    with_task_flags,
)
from woodshed.cli.setting_table import task_settings
from woodshed.cli.terminal import (
    Json,
    ProgressBar,
    list_skipped,
    name_findings,
    name_likeliest,
    names_in,
    note,
    print_bits,
    print_candidates,
    print_experiment,
    print_json,
    print_table,
    progress_bar,
    resources,
    say,
)
from woodshed.errors import ParameterError, counted, plural_of, printable
from woodshed.tasks import GENERATORS, TASKS
from woodshed.units import duration_text

if TYPE_CHECKING:
    from woodshed.composition.experiment import ComposerRun
    from woodshed.recognition.experiments.plan import Plan
    from woodshed.workflows.train import Preparation, TrainSettings


def command(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders with audio or MIDI files, a table (.csv, .parquet), or a corpus "
            "as NAME:PATH. For a composer: a folder of ABC, MIDI or MusicXML files, NAME:PATH, or folk."
        ),
    ],
    task: Annotated[str, typer.Option(help=TRAIN_TASK_HELP, autocompletion=choices_of(TASKS))] = DEFAULT_TASK,
    out: Annotated[Path, typer.Option(help="Folder for the model and its report.")] = Path("model"),
    split: Annotated[
        str,
        typer.Option(
            help="How to test: auto, group, group-folds[:N], leave-one-group-out, official, "
            "random, random-folds[:N]."
        ),
    ] = "auto",
    group_by: Annotated[
        str | None,
        typer.Option(
            help="Speaker, song or source of a file: folder, part:N, chars:A-B or stem of the file name, "
            "tag:artist, regex:PATTERN, none, or a column of the table. Without it, --dry-run shows "
            "likely rules."
        ),
    ] = None,
    single_source: Annotated[
        bool,
        typer.Option(
            "--single-source",
            help="All sounds are from one source, such as one sampler, microphone or player: confidences are "
            "not raised, as nothing is known about another source.",
        ),
    ] = False,
    target: Annotated[
        str | None,
        typer.Option(
            help="Columns of the table with the targets: values such as valence,arousal; or tags, as 0 and 1."
        ),
    ] = None,
    n_trials: Annotated[
        int,
        typer.Option(
            help="Trials of a hyperparameter search on inner folds of the training part; settings that are "
            "set by a flag are not searched. For a classical estimator the search is over the estimators. "
            "[dim]\\[default: none][/dim]",
            show_default=False,
        ),
    ] = 0,
    resume: Annotated[bool, typer.Option(help="Continue an interrupted training, if there is one.")] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Only show what would be trained on what, and how long it takes.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Fail if any file has to be skipped.")] = False,
    force: Annotated[bool, typer.Option(help="Replace an existing model.")] = False,
    json_: Json = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Train a model on sounds or scores, and evaluate it on data that it was not trained on.

    A recogniser is evaluated on held-out groups (--group-by), beside plain baselines; a composer on held-out
    families of pieces, beside n-grams.

    Example: woodshed train sounds --task noise --group-by part:1 --out my-model
    """
    from woodshed.workflows.files import is_complete
    from woodshed.workflows.train import TrainSettings

    check_task_flags(settings, task)
    if resume and not dry_run and is_complete(out, task, settings):
        say(
            f"{printable(out)} is a finished model, and nothing is left to resume. To describe it: woodshed "
            f"info {printable(out)}. To train it again, use --force instead of --resume."
        )
        return
    if task in GENERATORS:
        refuse_recognition_flags(
            {
                "--split": split != "auto",
                "--group-by": group_by,
                "--single-source": single_source,
                "--target": target,
                "--n-trials": n_trials,
            }
        )
        training = ComposerOptions(
            out, resume=resume, dry_run=dry_run, strict=strict, force=force, json=json_
        )
        train_composer(task, data, settings, training)
        return
    request = TrainSettings(
        task=task,
        data=data,
        out=out,
        settings={**resources(), **settings},
        split=split,
        group_by=group_by,
        targets=names_in(target),
        n_trials=n_trials,
        single_source=single_source,
        resume=resume,
        strict=strict,
        force=force,
    )
    train_recogniser(request, dry_run=dry_run, json_=json_)


def command_for(arguments: Sequence[str]) -> Command:
    """Return the command with flags for the settings of the chosen task."""
    return with_task_flags(command, arguments, task_in(arguments), task_settings("train", TASKS))


def train_recogniser(request: TrainSettings, *, dry_run: bool, json_: bool) -> None:
    """Train and test, or show the plan; print findings, progress, scores and where the model is."""
    from woodshed.workflows.train import prepare_training

    preparation = prepare_training(request, make_folder=not dry_run, progress=ProgressBar())
    with preparation.lock:
        _train_prepared(preparation, dry_run=dry_run, json_=json_)


def _train_prepared(preparation: Preparation, *, dry_run: bool, json_: bool) -> None:
    """Train and test what is prepared, or show the plan."""
    from woodshed.report.recognition.head_report import report_of, settings_text
    from woodshed.workflows.train import search_settings, train

    request = preparation.request
    for text in preparation.notes:
        note(text)
    name_findings(preparation.checkup, request.data, ",".join(request.targets) or None)
    list_skipped(preparation.corpus.skipped, in_report=not dry_run)
    if dry_run:
        (print_plan_json if json_ else print_plan)(preparation)
        return
    if preparation.corpus.groups is None:
        name_likeliest(preparation.group_candidates)
    tuning = None
    if request.n_trials:
        with progress_bar() as watcher:
            preparation, tuning = search_settings(preparation, watcher)
        (note if json_ else say)(
            f"Using the settings of trial {tuning.best + 1} of {request.n_trials}: "
            f"{settings_text(tuning.chosen)}\n"
        )
    with progress_bar() as watcher:
        result = train(preparation, watcher=watcher, tuning=tuning)
    list_skipped(result.experiment.skipped, in_report=True)
    if json_:
        metrics = report_of(result.experiment.head).metrics(result.experiment)
        print_json({"folder": request.out, "interrupted": result.interrupted, **metrics})
    else:
        print_experiment(result.experiment)
        say(f"\nModel and report: {printable(request.out)}, {printable(request.out / 'report.html')}")
    if result.interrupted:
        note("The training was not finished: the model has the best weights so far.")
        raise KeyboardInterrupt


def print_plan_json(preparation: Preparation) -> None:
    """Print what would be trained and tested as JSON."""
    run, corpus = preparation.run(), preparation.corpus
    print_json(
        {
            "task": preparation.request.task,
            "sample_rate": run.sample_rate,
            "counts": run.counts(),
            "n_unlabelled": len(corpus.unlabelled),
            "groups": None if corpus.groups is None else sorted(set(corpus.groups)),
            "group_candidates": [
                {"group_by": one.group_by, "n_groups": one.n_groups} for one in preparation.group_candidates
            ],
            "splits": [{"name": split.name, "leaky": split.leaky} for split in preparation.splits],
            "plan": _plan_values(run.plan(preparation.duration_s)),
        }
    )


def print_plan(preparation: Preparation) -> None:
    """Print what would be trained and tested, and likely rules for groups if they are unknown."""
    run = preparation.run()
    corpus, head = preparation.corpus, run.head
    n_sounds = counted(len(corpus.examples), "sound")
    n_outputs = counted(len(run.names), head.noun, head.name)
    say(f"{n_sounds} with {n_outputs}, processed at {run.sample_rate} Hz")
    rows = [(name, str(n)) for name, n in run.counts().items()]
    print_table((head.noun, "sounds"), rows, numbers_from=1)
    if corpus.unlabelled:
        say(f"{counted(len(corpus.unlabelled), 'unlabelled sound')} to train on, never tested")
    if corpus.groups is None:
        words = plural_of(corpus.group_word)
        note(f"Generalisation to new {words} cannot be measured without groups. Set --group-by.")
    else:
        names = sorted(set(corpus.groups))
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        say(f"\n{counted(len(names), corpus.group_word)}: {shown}")
    if preparation.group_candidates:
        print_candidates(preparation.group_candidates, default=corpus.group_word if corpus.groups else "")
    for split in preparation.splits:
        badge = {True: " (leaky)", False: "", None: " (groups unknown)"}[split.leaky]
        say(f"tested on: {split.name}{badge}")
    say(cost_text(run.plan(preparation.duration_s)))
    say("Nothing was trained or written.")
    if n_trials := preparation.request.n_trials:
        say(f"Before that, {n_trials} trials would search settings on inner folds of the training part.")


def _plan_values(plan: Plan) -> dict[str, float]:
    return {**asdict(plan), "duration_s": plan.duration_s}


def cost_text(plan: Plan) -> str:
    """Return the number of trainings, and how long the run would take."""
    trainings = counted(plan.n_trainings, "training")
    if plan.n_epochs:
        trainings += f" of at most {counted(plan.n_epochs, 'epoch')}, {plan.n_weights:,} weights"
    features = f", {duration_text(plan.features_s)} of it for features" if plan.features_s >= 1 else ""
    return f"{trainings}: about {duration_text(plan.duration_s)} in all{features}"


@dataclass(frozen=True)
class ComposerOptions:
    """Flags of the training of a composer; see `command`."""

    out: Path
    resume: bool
    dry_run: bool
    strict: bool
    force: bool
    json: bool


def train_composer(task: str, data: str, settings: dict[str, Any], options: ComposerOptions) -> None:
    """Train a composer on scores and print its test results."""
    from woodshed.workflows.train_composer import ComposerTraining

    training = ComposerTraining(task, data, settings)
    list_skipped(training.corpus.skipped)
    if options.strict:
        training.require_usable()
    if options.dry_run:
        (print_composer_plan_json if options.json else print_composer_plan)(training.begin())
        return
    out = options.out
    with progress_bar() as watcher:
        result = training.run(out, resume=options.resume, force=options.force, watcher=watcher)
    if options.json:
        print_json({"folder": out, **result.to_values()})
        return
    if result.bits:
        print_bits([(one.method, one.bits) for one in result.bits])
    else:
        note("Nothing was held out: there are too few families of pieces.")
    say(f"\nModel and card: {printable(out)}, {printable(out / 'card.md')}")
    say(f"To generate music: woodshed generate {printable(out)}")
    if not result.finished:
        note("The training was not finished: the model has the best weights so far.")
        raise KeyboardInterrupt


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


def print_composer_plan_json(run: ComposerRun) -> None:
    """Print what a training of a composer would do as JSON."""
    print_json(
        {
            "corpus": run.corpus.name,
            "pieces": run.sizes,
            "n_copies": run.corpus.n_copies,
            "net": run.composer.net,
            "epochs": run.composer.epochs,
            "n_tokens": run.n_tokens,
        }
    )


def print_composer_plan(run: ComposerRun) -> None:
    """Print what a training of a composer would do."""
    corpus, n_tested = run.corpus, run.sizes["test"]
    say(f"{len(corpus.pieces)} pieces of {printable(corpus.name)}, {corpus.n_copies} copies removed")
    print_table(("part", "pieces"), [(part, str(n)) for part, n in run.sizes.items()], numbers_from=1)
    split = "the official split" if corpus.parts else f"{len(set(corpus.families))} families kept whole"
    say(f"test: {n_tested} pieces, by {split}" if n_tested else "test: none")
    say(f"at most {run.composer.epochs} epochs over {run.n_tokens:,} tokens with {run.composer.net}")
    say("Nothing was trained or written.")
