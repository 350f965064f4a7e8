"""``woodshed predict``: predict files, detect events in them, or in a live stream."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.terminal import Json, counting_bar, list_skipped, note, say
from woodshed.errors import OutputError, ParameterError, check_choice, counted, flag_of, printable
from woodshed.interruption import acknowledge_interruption

if TYPE_CHECKING:
    from woodshed.data.example import Skipped
    from woodshed.recognition.estimator import AudioEstimator, Recogniser
    from woodshed.timeline import Timeline
    from woodshed.workflows.predict import DetectionSettings

FORMATS = ("text", "json", "jsonl", "csv")
TIMELINE_FORMATS = (*FORMATS, "audacity", "textgrid", "raven")
LIVE_FORMATS = ("text", "jsonl")


def command(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    sounds: Annotated[
        list[Path] | None,
        typer.Argument(help="Audio or MIDI files and folders; with --live none, or one audio file."),
    ] = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format", help="text, json, jsonl or csv; for timelines also audacity, textgrid or raven."
        ),
    ] = "text",
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; for several timelines a folder. [dim]\\[default: printed][/dim]"),
    ] = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Detect events, with start and end, in files of any length.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Process the microphone, or one file in real time, until Ctrl-C."),
    ] = False,
    hop_s: Annotated[
        float | None,
        typer.Option(
            help="Timeline: step between windows, in seconds. [dim]\\[default: half a window][/dim]"
        ),
    ] = None,
    smooth_s: Annotated[
        float | None,
        typer.Option(
            help="Timeline: probabilities are averaged over this length, in seconds. "
            "[dim]\\[default: a window][/dim]"
        ),
    ] = None,
    min_event_s: Annotated[
        float | None, typer.Option(help="Timeline: shorter events are dropped. [dim]\\[default: 0.1][/dim]")
    ] = None,
    false_positive_rate: Annotated[
        float | None,
        typer.Option(
            metavar="RATE",
            help="Highest share of the clips of other classes that may be given a class by mistake, for each "
            'class; 0.01 is one in a hundred. The others are "none of these".',
        ),
    ] = None,
    false_positives_per_hour: Annotated[
        float | None,
        typer.Option(metavar="N", help="Timeline: highest number of wrong events in an hour of sound."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Timeline: figure to write: .png, .svg, .pdf or .html.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Stop at the first file that cannot be used.")] = False,
    force: Annotated[bool, typer.Option(help="Replace existing files.")] = False,
    json_: Json = False,
) -> None:
    """Predict labels, values or events of sounds with a model.

    A sound unlike the training data is predicted as "none of these".

    Example: woodshed predict my-model new.wav another-folder --format csv
    """
    from woodshed.data.folder import list_sounds
    from woodshed.workflows.model import check_model, load_model_for
    from woodshed.workflows.predict import DetectionSettings

    check_model(model, "predict MODEL SOUND...")
    format_ = "json" if json_ else format_
    paths = list_sounds(sounds or [], scores=not (timeline or live))
    _check_format(format_, timeline=timeline, live=live)
    of_timelines = {
        "hop_s": hop_s,
        "smooth_s": smooth_s,
        "min_event_s": min_event_s,
        "false_positives_per_hour": false_positives_per_hour,
        "picture": picture,
    }
    if live:
        _refuse({"picture": picture}, "needs the whole recording. Leave out --live.")
    elif not timeline:
        _refuse(of_timelines, "is for timelines. Add --timeline.")
    if not sounds and not live:
        raise ParameterError("No input files. Give audio or MIDI files, or --live for the microphone.")
    settings = DetectionSettings(
        hop_s=hop_s,
        smooth_s=smooth_s,
        min_event_s=min_event_s,
        false_positive_rate=false_positive_rate,
        false_positives_per_hour=false_positives_per_hour,
    )
    if timeline and not live:
        targets = None if out is None else _targets(sounds or [], paths, out, format_)
        _check_new([*dict.fromkeys(targets or [])], force=force)
        _check_picture(picture, force=force)
        _print_timelines(
            load_model_for("predict", model),
            paths,
            targets,
            format_,
            settings,
            picture=picture,
            strict=strict,
        )
        return
    _check_new([] if out is None else [out], force=force)
    if live:
        _print_live(load_model_for("predict", model), paths, format_, out, settings)
    else:
        _print_predictions(load_model_for("predict", model), paths, format_, out, strict, false_positive_rate)


def _check_format(format_: str, *, timeline: bool, live: bool) -> None:
    formats: tuple[str, ...] = FORMATS
    if live:
        formats = LIVE_FORMATS
    elif timeline:
        formats = TIMELINE_FORMATS
    if format_ in TIMELINE_FORMATS and format_ not in formats:
        cure = f"Live events are printed as {' or '.join(LIVE_FORMATS)}." if live else "Add --timeline."
        raise ParameterError(f"The format {format_!r} is for timelines of files. {cure}")
    check_choice("format", format_, formats)


def _refuse(flags: dict[str, Any], why: str) -> None:
    """Refuse flags that would have no effect."""
    for name, value in flags.items():
        if value is not None:
            raise ParameterError(f"{flag_of(name)} {why}")


def _check_new(targets: Iterable[Path], *, force: bool) -> None:
    for target in targets:
        if target.exists() and not force:
            raise OutputError(f"{printable(target)} already exists. Give another name, or --force.")


def _check_picture(picture: Path | None, *, force: bool) -> None:
    if picture is None:
        return
    from woodshed.plotting.figure import check_picture_name

    check_picture_name(picture, overwrite=force)


def _write_or_print(texts: Iterable[str], out: Path | None) -> None:
    """Print texts as they are computed, or write them to a file when all are there."""
    if out is not None:
        from woodshed.atomic import write_whole

        write_whole(out, "".join(texts))
        say(printable(out))
        return
    for text in texts:
        typer.echo(text, nl=False)


# -- one prediction for each file ---------------------------------------------------------------------


def _print_predictions(
    estimator: AudioEstimator,
    paths: Sequence[Path],
    format_: str,
    out: Path | None,
    strict: bool,
    false_positive_rate: float | None,
) -> None:
    from woodshed.prediction import predictions_to_csv, predictions_to_json
    from woodshed.workflows.predict import predict

    skipped: list[Skipped] = []
    predictions = predict(estimator, paths, skipped, strict=strict, false_positive_rate=false_positive_rate)
    texts: Iterable[str]
    match format_:
        case "csv":
            texts = (predictions_to_csv(part) for part in [predictions])
        case "json":
            texts = (predictions_to_json(part) + "\n" for part in [predictions])
        case "text":
            texts = (prediction.to_text() + "\n" for prediction in predictions)
        case _:
            texts = (prediction.to_json() + "\n" for prediction in predictions)
    _write_or_print(texts, out)
    list_skipped(skipped)
    _name_input_findings(estimator, paths)


def _name_input_findings(estimator: AudioEstimator, paths: Sequence[Path]) -> None:
    """Print one note for each kind of recording that the model does not use as it is."""
    from woodshed.workflows.predict import check_inputs

    for finding in check_inputs(estimator, paths):
        files = "; ".join(finding.file_lines(n_shown=1))
        note(f"{printable(finding.message)} {files}")


# -- timelines of files -------------------------------------------------------------------------------


def _print_timelines(
    recogniser: Recogniser,
    paths: Sequence[Path],
    targets: Sequence[Path] | None,
    format_: str,
    settings: DetectionSettings,
    *,
    picture: Path | None,
    strict: bool,
) -> None:
    from woodshed.workflows.predict import detect

    skipped: list[Skipped] = []
    timelines = detect(recogniser, paths, skipped, settings, strict=strict)
    if targets is None:
        done = _echo_timelines(timelines, format_)
    else:
        done = _write_timelines(timelines, paths, targets, format_)
    list_skipped(skipped)
    _name_input_findings(recogniser, paths)
    if picture is not None:
        from woodshed.plotting.timeline import save_timelines

        note(f"figure: {printable(save_timelines(done, picture, overwrite=True))}")


def _echo_timelines(timelines: Iterable[tuple[Path, Timeline]], format_: str) -> list[Timeline]:
    """Print all timelines: one CSV table or JSON array for all, any other format one after the other."""
    from woodshed.timeline import FORMATS as WRITERS
    from woodshed.timeline import timelines_to_csv, timelines_to_json

    done: list[Timeline] = []
    for _, timeline in timelines:
        done.append(timeline)
        if format_ not in ("csv", "json"):
            typer.echo(WRITERS[format_][1](timeline), nl=False)
    if format_ == "csv":
        typer.echo(timelines_to_csv(done), nl=False)
    elif format_ == "json":
        typer.echo(timelines_to_json(done))
    return done


def _targets(sounds: Sequence[Path], paths: Sequence[Path], out: Path, format_: str) -> list[Path]:
    """Return where the timeline of each file goes: to one file, or into a folder for several."""
    from woodshed.data.file_jobs import plan_file_jobs
    from woodshed.timeline import FORMATS as WRITERS

    if len(paths) == 1 and out.suffix and not out.is_dir():
        return [out]
    if out.suffix and not out.is_dir():
        raise ParameterError(
            f"{printable(out)} is one file, but there are {len(paths)} inputs. Give a folder as --out."
        )
    suffix = WRITERS[format_][0]
    targets = [file_job.target.with_suffix(suffix) for file_job in plan_file_jobs(sounds, out)]
    for target in targets:
        if targets.count(target) > 1:
            raise ParameterError(
                f"Two inputs would have their timeline in {printable(target)}. Process them one by one."
            )
    return targets


def _write_timelines(
    timelines: Iterable[tuple[Path, Timeline]],
    paths: Sequence[Path],
    targets: Sequence[Path],
    format_: str,
) -> list[Timeline]:
    """Write each timeline to its target."""
    from woodshed.atomic import write_whole
    from woodshed.timeline import FORMATS as WRITERS

    places = dict(zip(paths, targets, strict=True))
    done: list[Timeline] = []
    with counting_bar("sounds", len(paths)) as advance:
        for path, timeline in timelines:
            places[path].parent.mkdir(parents=True, exist_ok=True)
            write_whole(places[path], WRITERS[format_][1](timeline))
            done.append(timeline)
            advance()
    where = targets[0] if len(targets) == 1 else Path(os.path.commonpath([path.parent for path in targets]))
    say(f"{counted(len(done), 'timeline')}: {printable(where)}")
    return done


# -- live ---------------------------------------------------------------------------------------------


def _print_live(
    recogniser: Recogniser,
    paths: Sequence[Path],
    format_: str,
    out: Path | None,
    settings: DetectionSettings,
) -> None:
    """Print events as they are detected, and a summary at the end of the file or after Ctrl-C."""
    import json

    from woodshed.timeline import Event, Timeline
    from woodshed.workflows.predict import live_blocks, live_detector

    detector = live_detector(recogniser, settings)
    blocks = live_blocks(paths, recogniser.fitted("sample_rate_"))
    if not paths:
        note("Processing the microphone; Ctrl-C stops.")
    events: list[Event] = []

    def show(event: Event) -> None:
        events.append(event)
        typer.echo(event.to_text() if format_ == "text" else json.dumps(event.to_dict()))

    try:
        for event in detector.events(blocks):
            show(event)
    except KeyboardInterrupt:
        acknowledge_interruption()
        note("stopped.")
    for event in detector.finish():
        show(event)
    note(f"{counted(len(events), 'event')} in {detector.duration_s:.1f} s; {detector.latency.to_text()}.")
    if out is not None and detector.duration_s:
        source = str(paths[0]) if paths else "microphone"
        timeline = Timeline(source, detector.duration_s, tuple(events))
        _write_or_print([(timeline.to_text() if format_ == "text" else timeline.to_json()) + "\n"], out)
