"""``woodshed predict``: name sounds, or what is heard when in them, from files or while they sound."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from woodshed.cli.terminal import counting_bar, list_skipped, note, say
from woodshed.errors import OutputError, ParameterError, counted, near_miss, printable

if TYPE_CHECKING:
    from woodshed.clip import Clip
    from woodshed.data.example import Skipped
    from woodshed.recognition.detection.events import EventRule
    from woodshed.recognition.recogniser import Recogniser
    from woodshed.timeline import Timeline

FORMATS = ("text", "json", "jsonl", "csv")
TIMELINE_FORMATS = (*FORMATS, "audacity", "textgrid", "raven")
LIVE_FORMATS = ("text", "jsonl")


def command(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    sounds: Annotated[
        list[Path] | None,
        typer.Argument(help="Sound or MIDI files, and folders of them; with --live none, or one file."),
    ] = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format", help="text, json, jsonl or csv; of timelines also audacity, textgrid or raven."
        ),
    ] = "text",
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; of several timelines a folder. [dim]\\[default: printed][/dim]"),
    ] = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Say what is heard when, in sounds of any length.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="Hear the microphone, or one file at its own pace, until Ctrl-C."),
    ] = False,
    hop_s: Annotated[
        float | None,
        typer.Option(
            help="Timeline: from answer to answer, in seconds. [dim]\\[default: half a window][/dim]"
        ),
    ] = None,
    smooth_s: Annotated[
        float | None,
        typer.Option(help="Timeline: answers are averaged over so long. [dim]\\[default: a window][/dim]"),
    ] = None,
    min_event_s: Annotated[
        float | None, typer.Option(help="Timeline: shorter events are dropped. [dim]\\[default: 0.1][/dim]")
    ] = None,
    false_positive_rate: Annotated[
        float | None,
        typer.Option(
            metavar="RATE",
            help="Name only what is so sure that of the sounds of other classes at most this share is given "
            "a name by mistake, for each name: 0.01 is one in a hundred.",
        ),
    ] = None,
    false_positives_per_hour: Annotated[
        float | None, typer.Option(metavar="N", help="Timeline: the same, for each hour of sound.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Timeline: picture to write: .png, .svg, .pdf or .html.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Stop at the first file that cannot be used.")] = False,
    force: Annotated[bool, typer.Option(help="Replace files that are there already.")] = False,
) -> None:
    """Name sounds, in the order in which they were given; what is unlike all it knows is "none of these"."""
    from woodshed.data.folder import list_sounds
    from woodshed.tasks import load

    paths = list_sounds(sounds or [], scores=not (timeline or live))
    _check_format(format_, timeline=timeline, live=live)
    settings = {"hop_s": hop_s, "smooth_s": smooth_s, "min_event_s": min_event_s, "picture": picture}
    settings |= {"false_positives_per_hour": false_positives_per_hour}
    _check_flags(settings, timeline=timeline, live=live)
    if not sounds and not live:
        raise ParameterError("There is no sound to name. Give sound files, or --live for the microphone.")
    rule = _rule(smooth_s=smooth_s, min_event_s=min_event_s)
    alarms = {"false_positive_rate": false_positive_rate, "per_hour": false_positives_per_hour}
    if live:
        _check_new([] if out is None else [out], force=force)
        recogniser = load(model)
        _hear_live(recogniser, paths, format_, out, hop_s=hop_s, rule=_careful(recogniser, rule, alarms))
    elif timeline:
        targets = None if out is None else _targets(sounds or [], paths, out, format_)
        _check_new([*dict.fromkeys(targets or [])], force=force)
        _check_picture(picture, force=force)
        skipped: list[Skipped] = []
        recogniser = load(model)
        rule = _careful(recogniser, rule, alarms)
        heard = _timelines(recogniser, paths, skipped, hop_s=hop_s, rule=rule, strict=strict)
        done = _say_timelines(heard, format_) if targets is None else _write(heard, paths, targets, format_)
        list_skipped(skipped)
        _draw(done, picture)
    else:
        _check_new([] if out is None else [out], force=force)
        _name(load(model), paths, format_, out, strict=strict, false_positive_rate=false_positive_rate)


def _check_format(format_: str, *, timeline: bool, live: bool) -> None:
    known = LIVE_FORMATS if live else TIMELINE_FORMATS if timeline else FORMATS
    if format_ in known:
        return
    if format_ in TIMELINE_FORMATS:
        cure = f"Live events are printed as {' or '.join(LIVE_FORMATS)}." if live else "Add --timeline."
        raise ParameterError(f"The format {format_!r} is for timelines of files. {cure}")
    raise ParameterError(f"There is no format {format_!r}. {near_miss(format_, known)}")


def _check_flags(settings: dict[str, Any], *, timeline: bool, live: bool) -> None:
    if live:
        _refuse({"picture": settings["picture"]}, "needs the whole sound. Leave out --live.")
    elif not timeline:
        _refuse(settings, "is about timelines. Add --timeline.")


def _refuse(settings: dict[str, Any], why: str) -> None:
    """Refuse flags that would do nothing."""
    for name, value in settings.items():
        if value is not None:
            raise ParameterError(f"--{name.replace('_', '-')} {why}")


def _check_new(targets: Iterable[Path], *, force: bool) -> None:
    for target in targets:
        if target.exists() and not force:
            raise OutputError(f"{printable(target)} is there already. Give another name, or --force.")


def _check_picture(picture: Path | None, *, force: bool) -> None:
    if picture is None:
        return
    from woodshed.plotting.figure import check_picture_name

    check_picture_name(picture, overwrite=force)


def _rule(**settings: float | None) -> EventRule:
    from woodshed.recognition.detection.events import EventRule

    given: dict[str, Any] = {name: value for name, value in settings.items() if value is not None}
    return EventRule(**given)


def _careful(recogniser: Recogniser, rule: EventRule, alarms: dict[str, float | None]) -> EventRule:
    from woodshed.recognition.detection.events import careful_rule
    from woodshed.recognition.detection.sliding_window import window_classifier

    window_classifier(recogniser)  # refuses a model that names nothing
    return careful_rule(recogniser, rule, **alarms)


# -- one answer for each sound ------------------------------------------------------------------------


def _name(
    recogniser: Recogniser, paths: Sequence[Path], format_: str, out: Path | None, **settings: Any
) -> None:
    from woodshed.prediction import predictions_to_csv, predictions_to_json
    from woodshed.recognition.files import predict_files

    skipped: list[Skipped] = []
    answers = predict_files(recogniser, paths, skipped, **settings)
    texts: Iterable[str]
    match format_:
        case "csv":
            texts = (predictions_to_csv(part) for part in [answers])
        case "json":
            texts = (predictions_to_json(part) + "\n" for part in [answers])
        case _:
            texts = ((one.to_text() if format_ == "text" else one.to_json()) + "\n" for one in answers)
    _give(texts, out)
    list_skipped(skipped)


def _give(texts: Iterable[str], out: Path | None) -> None:
    """Print texts as they come, or write them to a file when all are there."""
    if out is not None:
        from woodshed.atomic import write_whole

        write_whole(out, "".join(texts))
        say(printable(out))
        return
    for text in texts:
        typer.echo(text, nl=False)


# -- timelines of files -------------------------------------------------------------------------------


def _timelines(
    recogniser: Recogniser, paths: Sequence[Path], skipped: list[Skipped], **settings: Any
) -> Iterator[tuple[Path, Timeline]]:
    from woodshed.recognition.detection.events import files_timelines

    return files_timelines(recogniser, paths, skipped, **settings)


def _say_timelines(heard: Iterable[tuple[Path, Timeline]], format_: str) -> list[Timeline]:
    """Print all timelines; tables and arrays hold all of them, other forms come one after the other."""
    from woodshed.timeline import FORMATS as FORMS
    from woodshed.timeline import timelines_to_csv, timelines_to_json

    done: list[Timeline] = []
    for _, timeline in heard:
        done.append(timeline)
        if format_ not in ("csv", "json"):
            typer.echo(FORMS[format_][1](timeline), nl=False)
    if format_ == "csv":
        typer.echo(timelines_to_csv(done), nl=False)
    elif format_ == "json":
        typer.echo(timelines_to_json(done))
    return done


def _targets(sounds: Sequence[Path], paths: Sequence[Path], out: Path, format_: str) -> list[Path]:
    """Decide where the timeline of each sound goes: a file for one, a folder for several."""
    from woodshed.data.file_jobs import plan_file_jobs
    from woodshed.timeline import FORMATS as FORMS

    if len(paths) == 1 and out.suffix and not out.is_dir():
        return [out]
    if out.suffix and not out.is_dir():
        raise ParameterError(
            f"{printable(out)} is one file, and there are {len(paths)} sounds. Give a folder as --out."
        )
    suffix = FORMS[format_][0]
    targets = [file_job.target.with_suffix(suffix) for file_job in plan_file_jobs(sounds, out)]
    for target in targets:
        if targets.count(target) > 1:
            raise ParameterError(
                f"Two sounds would have their timeline in {printable(target)}. Give them one by one."
            )
    return targets


def _write(
    heard: Iterable[tuple[Path, Timeline]], paths: Sequence[Path], targets: Sequence[Path], format_: str
) -> list[Timeline]:
    """Write each timeline to its place."""
    from woodshed.atomic import write_whole
    from woodshed.timeline import FORMATS as FORMS

    places = dict(zip(paths, targets, strict=True))
    done: list[Timeline] = []
    with counting_bar("sounds", len(paths)) as advance:
        for path, timeline in heard:
            places[path].parent.mkdir(parents=True, exist_ok=True)
            write_whole(places[path], FORMS[format_][1](timeline))
            done.append(timeline)
            advance()
    where = targets[0] if len(targets) == 1 else Path(os.path.commonpath([path.parent for path in targets]))
    say(f"{counted(len(done), 'timeline')}: {printable(where)}")
    return done


def _draw(timelines: Sequence[Timeline], picture: Path | None) -> None:
    if picture is None:
        return
    from woodshed.plotting.timeline import save_timelines

    note(f"picture: {printable(save_timelines(timelines, picture, overwrite=True))}")


# -- live ---------------------------------------------------------------------------------------------


def _hear_live(
    recogniser: Recogniser,
    paths: Sequence[Path],
    format_: str,
    out: Path | None,
    *,
    hop_s: float | None,
    rule: EventRule,
) -> None:
    """Print events as they come; the end of the file, or Ctrl-C, is followed by the summary."""
    import json

    from woodshed.recognition.detection.live import LiveListener
    from woodshed.timeline import Event, Timeline

    estimator = LiveListener(recogniser=recogniser, hop_s=hop_s, rule=rule)
    blocks = _source(paths, recogniser.fitted("sample_rate_"))
    events: list[Event] = []

    def tell(event: Event) -> None:
        events.append(event)
        typer.echo(event.to_text() if format_ == "text" else json.dumps(event.to_dict()))

    try:
        for event in estimator.listen(blocks):
            tell(event)
    except KeyboardInterrupt:
        note("stopped.")
    for event in estimator.finish():
        tell(event)
    n = len(events)
    note(f"{counted(n, 'event')} in {estimator.heard_s:.1f} s; {estimator.latency.to_text()}.")
    if out is not None and estimator.heard_s:
        source = str(paths[0]) if paths else "microphone"
        heard = Timeline(source, estimator.heard_s, tuple(events))
        _give([(heard.to_text() if format_ == "text" else heard.to_json()) + "\n"], out)


def _source(paths: Sequence[Path], sample_rate: int) -> Iterator[Clip]:
    """Open the microphone, or a file that is heard at its own pace."""
    from woodshed.audio.device import record_blocks
    from woodshed.audio.read import read_blocks
    from woodshed.recognition.detection.live import BLOCK_S, paced

    if len(paths) > 1:
        raise ParameterError(f"Live, one sound is heard at a time, got {len(paths)}. Give one file, or none.")
    if paths:
        return paced(read_blocks(paths[0], block_s=BLOCK_S))
    note("hearing the microphone; Ctrl-C ends it.")
    return record_blocks(sample_rate, block_s=BLOCK_S)
