"""``woodshed train``: sounds in, an honest model out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from woodshed.cli.flags import EVERY_JOB_HELP, with_every_setting
from woodshed.cli.place import feature_folder
from woodshed.cli.terminal import (
    list_skipped,
    name_findings,
    name_likeliest,
    note,
    print_candidates,
    print_experiment,
    print_table,
    progress_bar,
    refuse_skipped,
    say,
)
from woodshed.cli.words import SINGULAR, names_in
from woodshed.errors import counted, printable
from woodshed.units import duration_text


@with_every_setting
def command(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder of class folders with sound or MIDI files, a table (.csv, .parquet), or a corpus "
            "as NAME:PATH. To write music: a folder of ABC, MIDI or MusicXML files, NAME:PATH, or folk."
        ),
    ],
    task: Annotated[str, typer.Option(help=EVERY_JOB_HELP)] = "noise",
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
            help="Who a sound comes from: folder, part:N, chars:A-B or stem of the file name, tag:artist, "
            "regex:PATTERN, none, or a column of the table. If left out, --dry-run looks for it."
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="Columns of the table to learn: values such as valence,arousal; or tags, as 0 and 1."
        ),
    ] = None,
    tune: Annotated[
        int,
        typer.Option(
            help="Try so many settings on inner folds of the training part first; those given stay. Where "
            "a classical model learns, several of them are tried. "
            "[dim]\\[default: none][/dim]",
            show_default=False,
        ),
    ] = 0,
    resume: Annotated[bool, typer.Option(help="Go on with a training that was cut short.")] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Only say what would be learned from what, and how long it takes.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Refuse to learn when any file has to be left out.")] = False,
    force: Annotated[bool, typer.Option(help="Replace the model that is in the folder already.")] = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Learn from sounds, or from scores, and measure honestly."""
    from woodshed.tasks import COMPOSERS

    kept = {"resume": resume, "dry_run": dry_run, "strict": strict, "force": force}
    if task in COMPOSERS:
        from woodshed.cli.train_composer import refuse_recognition_flags, train_composer

        asked = {"--split": split != "auto", "--group-by": group_by, "--target": target, "--tune": tune}
        refuse_recognition_flags(asked)
        train_composer(task, data, out, settings, **kept)
        return
    learn_from_sounds(
        task, data, out, settings, split=split, group_by=group_by, target=target, tune=tune, **kept
    )


def learn_from_sounds(
    task: str,
    data: str,
    out: Path,
    settings: dict[str, Any],
    *,
    split: str,
    group_by: str | None,
    target: str | None,
    tune: int,
    resume: bool,
    dry_run: bool,
    strict: bool,
    force: bool,
) -> None:
    """Train and test a recogniser, tagger or regressor; arguments as the flags."""
    from woodshed.data.split import honest_splits, read_way
    from woodshed.recognition.corpus import load_corpus_for
    from woodshed.recognition.experiments.classes import Run
    from woodshed.recognition.experiments.columns import ColumnRun
    from woodshed.report.recognition.folder import NOTEBOOK_NAME, prepare_folder
    from woodshed.training.run_state import RunState

    recogniser = asked_for(task, settings, tune)
    read_way(split)  # a misspelt one is refused before any sound is opened
    corpus = load_corpus_for(recogniser, data, group_by=group_by, targets=names_in(target))
    recogniser = choose_net(recogniser, corpus, settings)
    if not dry_run:
        prepare_folder(out, resume=resume, force=force)
    corpus, checkup = look_and_check(recogniser, corpus, data, target, strict=strict, in_report=not dry_run)
    candidates = candidates_for(corpus, data) if group_by is None else []
    splits = honest_splits(corpus, split, recogniser.seed)
    run_state = RunState(out / NOTEBOOK_NAME)
    tuning = None
    if tune and not dry_run:
        recogniser, splits, tuning = tune_first(
            recogniser, corpus, splits, (tune, settings), run_state, resume
        )
    run = (Run if recogniser.answer == "classes" else ColumnRun)(
        recogniser, corpus, splits, run_state, resume
    )
    if dry_run:
        print_plan(run, candidates, n_trials=tune)
        return
    name_likeliest(candidates)
    with progress_bar() as run.watcher:
        experiment, model = run.measure()
    experiment = replace(experiment, tuning=tuning, checkup=checkup)
    finish(run, experiment, model, out)


def asked_for(task: str, settings: dict[str, Any], n_trials: int) -> Any:
    """Return the listener that is asked for; what cannot work is refused before any file is opened."""
    from woodshed.recognition.experiments.tuning import check_tuning
    from woodshed.tasks import task_class

    estimator = task_class(task)(**{"store": feature_folder(), **settings})
    estimator.check_settings()
    if n_trials:
        check_tuning(estimator, n_trials, settings)
    return estimator


def finish(run: Any, experiment: Any, model: Any, out: Path) -> None:
    """Write the model with its report, and say how it did and where it is."""
    from woodshed.report.recognition.folder import write_model_folder

    write_model_folder(model, experiment, out)
    print_experiment(experiment)
    if run.interrupted:
        note("Interrupted: the best so far is kept. To go on, give the same command with --resume.")
    else:
        run.run_state.close()
    say(f"\nModel and report: {printable(out)}, {printable(out / 'report.html')}")


def tune_first(
    estimator: Any, corpus: Any, splits: Any, asked: tuple[int, Any], run_state: Any, resume: bool
) -> tuple[Any, Any, Any]:
    """Find settings, and return an unfitted listener that has them, what is tested, and the trials."""
    from woodshed.recognition.experiments.tuning import Search, first_fold_of, tuned, tuning_notebook
    from woodshed.report.recognition.tuning import settings_text

    honest, *leaky = splits
    n_trials, given = asked
    place = tuning_notebook(run_state.folder)
    search = Search(estimator, corpus, honest.folds[0], n_trials, tuple(given), place, resume)
    with progress_bar() as search.watcher:
        tuning = search.run()
    say(f"Settings of trial {tuning.best + 1} of {n_trials} are taken: {settings_text(tuning.chosen)}\n")
    return tuned(estimator, tuning), [first_fold_of(honest), *leaky], tuning


def choose_net(estimator: Any, corpus: Any, given: dict[str, Any]) -> Any:
    """Return a listener that suits what is to be heard, if no net was asked for; say what MIDI files are."""
    from woodshed.data.sound import Sounds, is_score
    from woodshed.recognition.items import net_for

    paths = [example.path for example in (*corpus.examples, *corpus.unlabelled)]
    n_scores = sum(map(is_score, paths))
    net = estimator.net if "net" in given else net_for(estimator, Sounds(corpus.examples))
    if 0 < n_scores < len(paths):
        note(f"{n_scores} of {len(paths)} files are MIDI: they are played, and heard like the others.")
    elif net != estimator.net:
        note(
            f"All files are MIDI: {net} reads their notes. With --net {estimator.net} a net hears them played."
        )
    return type(estimator)(**estimator.get_params() | {"net": net})


def candidates_for(corpus: Any, data: str) -> Any:
    """Look for what may tell the groups, if they are not known."""
    from woodshed.data.group_guess import guess_groups

    is_known = corpus.groups is not None or not Path(data).exists()  # a known corpus says what it knows
    return [] if is_known else guess_groups(corpus, Path(data))


def look_and_check(
    estimator: Any, corpus: Any, data: str, target: str | None, *, strict: bool, in_report: bool
) -> tuple[Any, Any]:
    """Look at every sound once; say what is wrong, and set aside what cannot be used."""
    from woodshed.data.doctor.checkup import short_checkup
    from woodshed.data.doctor.look import look_at_all

    looks = look_at_all((*corpus.examples, *corpus.unlabelled), n_jobs=estimator.n_jobs)
    checkup = short_checkup(corpus, looks=looks)
    name_findings(checkup, data, target)
    return check_for(estimator, corpus, strict=strict, in_report=in_report, looks=looks), checkup


def check_for(
    estimator: Any, corpus: Any, *, strict: bool, in_report: bool = False, looks: Any = None
) -> Any:
    """Set files aside that cannot be used, and name them; refuse them all the same if that is asked for."""
    from woodshed.data.check import check

    corpus = check(corpus, n_jobs=estimator.n_jobs, looks=looks)
    list_skipped(corpus.skipped, in_report=in_report)
    refuse_skipped(corpus.skipped, strict=strict)
    return corpus


def print_plan(run: Any, candidates: Any = (), *, n_trials: int = 0) -> None:
    """Say what a run would do, and what may tell the groups if they are not known."""
    plan = run.plan()
    n_sounds = counted(len(run.corpus.examples), "sound")
    if run.estimator.answer == "classes":
        say(f"{n_sounds} of {counted(len(run.names), 'class', 'classes')}, heard at {run.sample_rate} Hz")
        counts = run.corpus.counts()
    else:
        say(f"{n_sounds}, heard at {run.sample_rate} Hz")
        counts = run.counts()
    what = SINGULAR[run.estimator.answer]
    print_table((what, "sounds"), [(name, str(n)) for name, n in counts.items()], numbers_from=1)
    if run.corpus.unlabelled:
        say(f"{counted(len(run.corpus.unlabelled), 'unlabelled sound')} to learn from, never tested")
    groups, word = run.corpus.groups, run.corpus.group_word
    if groups is None:
        note(f"No {word}s are known, so nobody can say how it does on a new one. Tell them by --group-by.")
        if candidates:
            print_candidates(candidates)
    else:
        names = sorted(set(groups))
        say(f"\n{counted(len(names), word)}: {', '.join(names[:12])}{', ...' if len(names) > 12 else ''}")
    for split in run.splits:
        badge = {True: " (leaky)", False: "", None: " (groups unknown)"}[split.leaky]
        say(f"tested on: {split.name}{badge}")
    say(cost_text(plan))
    say("Nothing was trained or written.")
    if n_trials:
        say(f"Before that, {n_trials} sets of settings would be tried on inner folds of the training part.")


def cost_text(plan: Any) -> str:
    """Say how many trainings there would be, and how long they would take."""
    trainings, roughly = counted(plan.n_trainings, "training"), f"roughly {duration_text(plan.duration_s)}"
    if not plan.n_epochs:
        return f"{trainings} in one go, when the sounds are described: {roughly}"
    return f"{trainings} of at most {counted(plan.n_epochs, 'epoch')}, {plan.n_weights:,} weights: {roughly}"
