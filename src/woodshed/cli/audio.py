"""``woodshed audio``: processing of sound files."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from woodshed.cli.ranged import parallel, ranged
from woodshed.cli.terminal import (
    Json,
    ProgressBar,
    list_skipped,
    note,
    out,
    print_json,
    print_outcome,
    print_table,
    say,
)
from woodshed.errors import ParameterError, counted, near_miss, printable
from woodshed.units import duration_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from woodshed.audio.filter import FilterDesign
    from woodshed.audio.measure import Measurement
    from woodshed.audio.segment import Segment
    from woodshed.clip import Clip
    from woodshed.workflows.audio import Combination

    SegmentFinder = Callable[[Path], list[Segment]]


Sounds = Annotated[
    list[Path], typer.Argument(help="Sound files, and folders that contain some.", show_default=False)
]
Out = Annotated[
    Path,
    typer.Option(help="Output folder; for a single sound also the output file.", show_default=False),
]
To = Annotated[
    str | None,
    typer.Option(help="Output format, such as flac. [dim]\\[default: that of each sound][/dim]"),
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing results.")]
Jobs = Annotated[int, parallel(help="Number of files processed in parallel; -1: one per core.")]


HEADING = (
    "sound",
    "rate Hz",
    "ch",
    "bits",
    "duration",
    "codec",
    "peak dBFS",
    "RMS dBFS",
    "LUFS",
    "true peak dBTP",
    "clipped",
    "DC",
    "silent",
)

COMPACT = (0, 1, 2, 4, 6, 8, 10, 12)
"""Indices of the columns that are shown in a narrow terminal."""

WIDE = 150
"""Width of a terminal, in characters, from which all columns are shown."""


def info(sounds: Sounds, json_: Json = False, jobs: Jobs = -1) -> None:
    """Show sample rate, duration, level, loudness and defects.

    Example: woodshed audio info recordings
    """
    from woodshed.audio.measure import measure_file
    from woodshed.workflows.audio import analyse_files

    analysis = analyse_files(measure_file, sounds, n_jobs=jobs, progress=ProgressBar())
    list_skipped(analysis.skipped)
    if json_:
        objects = [{"path": printable(path)} | measured.to_dict() for path, measured in analysis.results]
        print_json(objects)
    elif len(analysis.results) == 1:
        ((path, measured),) = analysis.results
        print_table(("", ""), list(zip(HEADING, cells(printable(path), measured), strict=True)))
    else:
        shown = range(len(HEADING)) if out.width >= WIDE else COMPACT
        rows = [cells(printable(path.name), measured) for path, measured in analysis.results]
        print_table([HEADING[k] for k in shown], [[row[k] for k in shown] for row in rows], numbers_from=1)
        if shown is COMPACT:
            note("Bits, codec, RMS, true peak and DC are shown in a wider terminal, or by --json.")
    if not json_:
        for path, measured in analysis.results:
            for remark in measured.remarks:
                note(f"{printable(path)}: {remark}.")


def cells(name: str, measured: Measurement) -> tuple[str, ...]:
    """Format a measurement as the columns of ``HEADING``."""
    return (
        name,
        f"{measured.sample_rate:,}",
        str(measured.n_channels),
        "–" if measured.bits is None else str(measured.bits),
        duration_text(measured.duration_s) if measured.duration_s >= 60 else f"{measured.duration_s:.3f} s",
        measured.codec,
        level(measured.peak_dbfs),
        level(measured.rms_dbfs),
        level(measured.loudness_lufs),
        level(measured.true_peak_dbtp),
        f"{measured.n_clipped:,}",
        f"{measured.dc_offset:+.4f}",
        f"{measured.silence_share:.0%}",
    )


def level(value_db: float) -> str:
    """Format a level; minus infinity is silence, NaN was not measured.

    Examples
    --------
    >>> level(-3.0103), level(-math.inf), level(math.nan)
    ('-3.0', 'silent', '–')
    """
    if math.isnan(value_db):
        return "–"
    return "silent" if value_db == -math.inf else f"{value_db:.1f}"


def convert(
    sounds: Sounds,
    out: Out,
    to: To = None,
    sample_rate: Annotated[
        int | None, ranged(above=0, help="Sample rate in hertz. [dim]\\[default: unchanged][/dim]")
    ] = None,
    channels: Annotated[
        int | None,
        ranged(least=1, help="Number of channels; 1 mixes to mono. [dim]\\[default: unchanged][/dim]"),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(
            help="pcm8, pcm16, pcm24, pcm32, float32 or float64; for ogg and mp3 a quality from 0 to 1. "
            "[dim]\\[default: unchanged][/dim]"
        ),
    ] = None,
    dither: Annotated[bool, typer.Option(help="Add dither when the bit depth is reduced.")] = True,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Convert format, sample rate, bit depth or channels.

    The tree of an input folder is kept.

    Example: woodshed audio convert recordings --to flac --sample-rate 16000 --channels 1 --out converted
    """
    from woodshed.workflows.audio import convert_files

    outcome = convert_files(
        sounds,
        out,
        to=to,
        sample_rate=sample_rate,
        n_channels=channels,
        encoding=_quality_or_name(encoding),
        dither=dither,
        overwrite=force,
        n_jobs=jobs,
        progress=ProgressBar(),
    )
    for file_job, conversion in outcome.done:
        if conversion.n_clipped:
            clipped = counted(conversion.n_clipped, "clipped sample")
            note(f"{printable(file_job.target)}: {clipped}. Lower the level first: woodshed audio gain.")
    print_outcome(outcome, out)


def _quality_or_name(text: str | None) -> str | float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def trim(
    sounds: Sounds,
    out: Out,
    start_s: Annotated[float, ranged(least=0, help="Start, in seconds.")] = 0.0,
    end_s: Annotated[
        float | None, ranged(above=0, help="End, in seconds. [dim]\\[default: the end of the sound][/dim]")
    ] = None,
    silence: Annotated[bool, typer.Option("--silence", help="Also remove the silence at both ends.")] = False,
    threshold_db: Annotated[
        float, ranged(help="Silence threshold, in decibels relative to the loudest moment.")
    ] = -40.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Keep one section, or remove silence at both ends.

    Example: woodshed audio trim talk.wav --start-s 2.5 --end-s 10 --out part.wav
    """
    from woodshed import audio

    def change(clip: Clip) -> Clip:
        section = audio.trim(clip, start_s, end_s)
        return audio.trim_silence(section, threshold_db=threshold_db) if silence else section

    _process(change, sounds, out, to, force, jobs)


def split(
    sounds: Sounds,
    out: Out,
    every_s: Annotated[float | None, ranged(above=0, help="Cut into parts of this many seconds.")] = None,
    silence: Annotated[bool, typer.Option("--silence", help="Keep the parts between silences.")] = False,
    onsets: Annotated[bool, typer.Option("--onsets", help="Cut at the onsets of notes or strokes.")] = False,
    beats: Annotated[bool, typer.Option("--beats", help="Cut at the beats.")] = False,
    marks: Annotated[
        Path | None,
        typer.Option(
            help="Keep the intervals of a label file, with their names: Audacity labels, Raven table, Praat "
            "TextGrid, CSV, or one time per line to cut at."
        ),
    ] = None,
    threshold_db: Annotated[
        float, ranged(help="Silence threshold, in decibels relative to the loudest moment.")
    ] = -40.0,
    min_silence_s: Annotated[float, ranged(least=0, help="Minimum duration of a silence, in seconds.")] = 0.3,
    last: Annotated[str, typer.Option(help="With --every-s: keep or drop a shorter last part.")] = "keep",
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Cut into parts: at equal intervals, silences, onsets, beats or marks.

    Give exactly one of --every-s, --silence, --onsets, --beats and --marks. Parts are numbered, and named
    after their marks.

    Example: woodshed audio split lesson.wav --silence --out words
    """
    from woodshed.audio import (
        SilenceRule,
        equal_segments,
        find_sound,
        info,
        marker_segments,
        read_blocks,
        read_markers,
        segments_between,
    )
    from woodshed.features.rhythm import beat_times_of_file, onset_times_of_file
    from woodshed.workflows.audio import cut_files

    def between(times_of: Callable[[Path], Iterable[float]]) -> SegmentFinder:
        return lambda path: segments_between(times_of(path), info(path).duration_s)

    def between_silences(path: Path) -> list[Segment]:
        return find_sound(
            read_blocks(path), SilenceRule(threshold_db=threshold_db, min_silence_s=min_silence_s)
        )

    def at_marks(path: Path) -> list[Segment]:
        return marker_segments(read_markers(marks or path, recording=path.name), info(path).duration_s)

    def at_intervals(path: Path) -> list[Segment]:
        return equal_segments(info(path).duration_s, every_s or 0.0, last=last)

    finders: dict[str, tuple[bool, SegmentFinder]] = {
        "--every-s": (every_s is not None, at_intervals),
        "--silence": (silence, between_silences),
        "--onsets": (onsets, between(onset_times_of_file)),
        "--beats": (beats, between(beat_times_of_file)),
        "--marks": (marks is not None, at_marks),
    }
    chosen = [finder for is_set, finder in finders.values() if is_set]
    if len(chosen) != 1:
        raise ParameterError(f"Expected exactly one of {', '.join(finders)}; got {len(chosen)}.")
    outcome = cut_files(chosen[0], sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)
    say(f"{counted(sum(n_parts for _, n_parts in outcome.done), 'part')} in total")


def join(
    sounds: Sounds,
    out: Out,
    crossfade_s: Annotated[float, ranged(least=0, help="Duration of each crossfade, in seconds.")] = 0.0,
    force: Force = False,
) -> None:
    """Concatenate sounds.

    Sounds are joined in the given order. They must have the same sample rate and number of channels.

    Example: woodshed audio join intro.wav talk.wav --crossfade-s 0.5 --out whole.wav
    """
    from woodshed.audio import join
    from woodshed.workflows.audio import combine_files

    combine = functools.partial(join, crossfade_s=crossfade_s)
    print_combination(combine_files(combine, sounds, out, overwrite=force))


def print_combination(combination: Combination) -> None:
    """Print how many sounds a file was made from, and how long it is."""
    n = counted(combination.n_files, "sound")
    say(f"{n}, {combination.duration_s:.3f} s: {printable(combination.path)}")


def silence(
    sounds: Sounds,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Output folder for the sounds without silence; if omitted, silence is only listed."
        ),
    ] = None,
    threshold_db: Annotated[
        float, ranged(help="Silence threshold, in decibels relative to the loudest moment.")
    ] = -40.0,
    absolute: Annotated[
        bool, typer.Option("--absolute", help="Make the threshold relative to full scale instead.")
    ] = False,
    min_silence_s: Annotated[float, ranged(least=0, help="Minimum duration of a silence, in seconds.")] = 0.3,
    keep_s: Annotated[float, ranged(least=0, help="Part of each silence that is kept, in seconds.")] = 0.0,
    to: To = None,
    force: Force = False,
    json_: Json = False,
    jobs: Jobs = -1,
) -> None:
    """List or remove silence.

    Example: woodshed audio silence talk.wav --min-silence-s 1 --out shorter.wav
    """
    from woodshed.audio import SilenceRule, find_silence, read_blocks, remove_silence
    from woodshed.workflows.audio import analyse_files

    rule = SilenceRule(threshold_db=threshold_db, absolute=absolute, min_silence_s=min_silence_s)
    if out is not None:
        _process(lambda clip: remove_silence(clip, rule, keep_s=keep_s), sounds, out, to, force, jobs)
        return
    analysis = analyse_files(
        lambda path: find_silence(read_blocks(path), rule), sounds, n_jobs=jobs, progress=ProgressBar()
    )
    list_skipped(analysis.skipped)
    if json_:
        print_json(
            [
                {"path": path, "silences": [asdict(silence) for silence in silences]}
                for path, silences in analysis.results
            ]
        )
        return
    rows = [
        (path.name, f"{silence.start_s:.3f}", f"{silence.end_s:.3f}", f"{silence.duration_s:.3f}")
        for path, silences in analysis.results
        for silence in silences
    ]
    print_table(("sound", "start s", "end s", "duration s"), rows, numbers_from=1)


ACTIONS = ("mono", "stereo", "swap", "mid-side", "left-right", "split", "merge")


def channels(
    sounds: Sounds,
    out: Out,
    do: Annotated[
        str,
        typer.Option(
            help="mono: mix all channels; stereo: duplicate a mono channel; swap: exchange left and right; "
            "mid-side: encode left and right as mid and side; left-right: decode them; split: write one file "
            "per channel; merge: combine all sounds as the channels of one file."
        ),
    ],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Split, swap, merge or mix channels.

    Example: woodshed audio channels interview.wav --do split --out speakers
    """
    from woodshed import audio
    from woodshed.workflows.audio import FileOptions, change_files, combine_files, divide_files

    changes: dict[str, Callable[[Clip], Clip]] = {
        "mono": audio.to_mono,
        "stereo": lambda clip: audio.to_channels(clip, 2),
        "swap": audio.swap_channels,
        "mid-side": audio.to_mid_side,
        "left-right": audio.from_mid_side,
    }
    options: FileOptions = {"to": to, "overwrite": force, "n_jobs": jobs, "progress": ProgressBar()}
    if do == "split":
        print_outcome(divide_files(audio.split_channels, sounds, out, **options), out)
    elif do == "merge":
        print_combination(combine_files(audio.merge_channels, sounds, out, overwrite=force))
    elif do in changes:
        print_outcome(change_files(changes[do], sounds, out, **options), out)
    else:
        raise ParameterError(f"Invalid value {do!r} for --do. {near_miss(do, ACTIONS)}")


def gain(
    sounds: Sounds,
    out: Out,
    db: Annotated[float, ranged(help="Gain in decibels; negative to attenuate.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the level.

    Example: woodshed audio gain recordings --db -6 --out quieter
    """
    from woodshed import audio

    _process(lambda clip: audio.gain(clip, gain_db=db), sounds, out, to, force, jobs)


def normalise(
    sounds: Sounds,
    out: Out,
    by: Annotated[str, typer.Option(help="Measure of level: peak, rms or lufs.")] = "peak",
    level_db: Annotated[
        float | None,
        ranged(
            least=-200,
            most=200,
            help="Target level. "
            "[dim]\\[default: -1 dBFS for peak, -20 dBFS for rms, -23 LUFS for lufs][/dim]",
        ),
    ] = None,
    true_peak: Annotated[
        float | None,
        ranged(
            least=-200,
            most=0,
            help="Ceiling of the true peak, in dBTP, such as -1. Where the level would exceed it, the gain "
            "is reduced and the sound stays softer; there is no limiter.",
        ),
    ] = None,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Set peak level, RMS level or loudness.

    A sound that would clip is skipped.

    Example: woodshed audio normalise recordings --by lufs --level-db -23 --true-peak -1 --out normalised
    """
    from woodshed.workflows.audio import normalise_files

    outcome = normalise_files(
        sounds,
        out,
        by=by,  # type: ignore[arg-type]
        level_db=level_db,
        true_peak_db=true_peak,
        to=to,
        overwrite=force,
        n_jobs=jobs,
        progress=ProgressBar(),
    )
    softer = [(found.shortfall_db, job.target) for job, found in outcome.done if found.shortfall_db > 0.05]
    if softer:
        most_db, target = max(softer)
        note(
            f"{counted(len(softer), 'sound')} below the target level, by up to {most_db:.1f} dB "
            f"({printable(target)}): the gain was reduced to keep the true peak at {true_peak:g} dBTP."
        )
    print_outcome(outcome, out)


def fade(
    sounds: Sounds,
    out: Out,
    in_s: Annotated[float, ranged(least=0, help="Duration of the fade-in, in seconds.")] = 0.0,
    out_s: Annotated[float, ranged(least=0, help="Duration of the fade-out, in seconds.")] = 0.0,
    shape: Annotated[str, typer.Option(help="linear, equal-power or exponential.")] = "linear",
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Fade in and out.

    Example: woodshed audio fade song.wav --in-s 0.5 --out-s 3 --out faded.wav
    """
    from woodshed import audio

    change = functools.partial(audio.fade, in_s=in_s, out_s=out_s, shape=shape)  # type: ignore[arg-type]
    _process(change, sounds, out, to, force, jobs)


Frequency = float | None


def filter_(
    sounds: Sounds,
    out: Out,
    low_pass_hz: Annotated[Frequency, ranged(above=0, help="Cut-off frequency of a low-pass filter.")] = None,
    high_pass_hz: Annotated[
        Frequency, ranged(above=0, help="Cut-off frequency of a high-pass filter.")
    ] = None,
    stop_hz: Annotated[
        tuple[float, float] | None, ranged(above=0, help="Lower and upper edge of a band-stop filter.")
    ] = None,
    peak_hz: Annotated[Frequency, ranged(above=0, help="Centre frequency of a peak filter.")] = None,
    low_shelf_hz: Annotated[
        Frequency, ranged(above=0, help="Corner frequency of a low-shelf filter.")
    ] = None,
    high_shelf_hz: Annotated[
        Frequency, ranged(above=0, help="Corner frequency of a high-shelf filter.")
    ] = None,
    gain_db: Annotated[
        float, ranged(help="Gain of peak and shelf filters in decibels; negative to attenuate.")
    ] = 6.0,
    q: Annotated[
        float, ranged(above=0, help="Quality factor of the peak filter: 0.5 wide, 10 narrow.")
    ] = 1.0,
    order: Annotated[
        int, ranged(least=1, help="Order of pass and stop filters; each adds 6 dB per octave.")
    ] = 4,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Apply low-pass, high-pass, band-stop, peak and shelving filters.

    Several filters are applied one after the other.

    Files of any length are supported: they are filtered block by block.

    Example: woodshed audio filter talk.wav --high-pass-hz 80 --peak-hz 3000 --gain-db 3 --out talk-eq.wav
    """
    from woodshed.audio import Butterworth, Equaliser
    from woodshed.audio.filter import FLATTEST_Q
    from woodshed.workflows.audio import filter_files

    designs: list[FilterDesign] = []
    if high_pass_hz is not None:
        designs.append(Butterworth("high-pass", (high_pass_hz,), order))
    if low_pass_hz is not None:
        designs.append(Butterworth("low-pass", (low_pass_hz,), order))
    if stop_hz is not None:
        designs.append(Butterworth("band-stop", stop_hz, order))
    if peak_hz is not None:
        designs.append(Equaliser("peak", peak_hz, gain_db, q))
    if low_shelf_hz is not None:
        designs.append(Equaliser("low-shelf", low_shelf_hz, gain_db, FLATTEST_Q))
    if high_shelf_hz is not None:
        designs.append(Equaliser("high-shelf", high_shelf_hz, gain_db, FLATTEST_Q))
    if not designs:
        raise ParameterError(
            "No filter given. Set at least one, such as --low-pass-hz 4000, or --peak-hz 100 --gain-db -6."
        )
    outcome = filter_files(designs, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)


def stretch(
    sounds: Sounds,
    out: Out,
    factor: Annotated[
        float, ranged(least=1 / 16, most=16, help="Speed factor: 2 halves the duration, 0.5 doubles it.")
    ],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the tempo without changing the pitch.

    A whole file is held in memory several times over; split files of several hours first.

    Example: woodshed audio stretch song.wav --factor 0.8 --out slower.wav
    """
    from woodshed import audio

    _process(lambda clip: audio.time_stretch(clip, factor=factor), sounds, out, to, force, jobs)


def pitch(
    sounds: Sounds,
    out: Out,
    semitones: Annotated[float, ranged(help="Shift in semitones; negative to lower the pitch.")],
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Change the pitch without changing the tempo.

    A whole file is held in memory several times over; split files of several hours first.

    Example: woodshed audio pitch song.wav --semitones -2 --out lower.wav
    """
    from woodshed import audio

    _process(lambda clip: audio.pitch_shift(clip, semitones=semitones), sounds, out, to, force, jobs)


def denoise(
    sounds: Sounds,
    out: Out,
    noise: Annotated[
        Path | None,
        typer.Option(
            help="Recording of the noise alone. [dim]\\[default: the quietest moments of each sound][/dim]"
        ),
    ] = None,
    noise_start_s: Annotated[float, ranged(least=0, help="Start of the noise in it, in seconds.")] = 0.0,
    noise_end_s: Annotated[
        float | None,
        ranged(above=0, help="End of the noise in it, in seconds. [dim]\\[default: its end][/dim]"),
    ] = None,
    reduction_db: Annotated[float, ranged(least=0, help="Attenuation of the noise in decibels.")] = 12.0,
    to: To = None,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Reduce stationary noise.

    Stationary noise is constant over time, such as hiss, hum or a fan.

    A whole file is held in memory several times over; split files of several hours first.

    Example: woodshed audio denoise talk.wav --noise room.wav --out clean.wav
    """
    from woodshed import audio

    profile = None
    if noise is not None:
        profile = audio.noise_profile(audio.read(noise, start_s=noise_start_s, end_s=noise_end_s))
    _process(
        lambda clip: audio.denoise(clip, profile, reduction_db=reduction_db), sounds, out, to, force, jobs
    )


def tempo(
    sounds: Sounds,
    out: Annotated[
        Path | None, typer.Option(help="Output folder for the sounds with a click on every beat.")
    ] = None,
    json_: Annotated[
        bool, typer.Option("--json", help="Print JSON, including the time of every beat.")
    ] = False,
    force: Force = False,
    jobs: Jobs = -1,
) -> None:
    """Estimate tempo and beats, and add clicks to check them.

    Clicks are added if --out is given, so that the beats can be checked by ear.

    Example: woodshed audio tempo song.wav --out with-clicks
    """
    from woodshed.features.rhythm import beat_times_of_file, tempo_of_beats
    from woodshed.workflows.audio import analyse_files, mark_beats

    if out is None:
        analysis = analyse_files(beat_times_of_file, sounds, n_jobs=jobs, progress=ProgressBar())
        list_skipped(analysis.skipped)
        results = analysis.results
    else:
        outcome = mark_beats(sounds, out, overwrite=force, n_jobs=jobs, progress=ProgressBar())
        print_outcome(outcome, out, quiet=json_)
        results = [(file_job.source, beats_s) for file_job, beats_s in outcome.done]
    if json_:
        objects = [
            {"path": printable(path), "tempo_bpm": tempo_of_beats(beats_s), "beats_s": beats_s.tolist()}
            for path, beats_s in results
        ]
        print_json(objects)
    elif results:
        rows = [(path, tempo_of_beats(beats_s), len(beats_s)) for path, beats_s in results]
        print_table(
            ("sound", "tempo bpm", "beats"),
            [(path.name, f"{tempo:.1f}" if tempo else "–", str(n_beats)) for path, tempo, n_beats in rows],
            numbers_from=1,
        )


def key(sounds: Sounds, json_: Json = False, jobs: Jobs = -1) -> None:
    """Estimate the musical key.

    Example: woodshed audio key song.wav
    """
    from woodshed.audio import read
    from woodshed.features.key import find_key
    from woodshed.workflows.audio import analyse_files

    analysis = analyse_files(lambda path: find_key(read(path)), sounds, n_jobs=jobs, progress=ProgressBar())
    list_skipped(analysis.skipped)
    if json_:
        objects = [{"path": printable(path)} | asdict(guess) for path, guess in analysis.results]
        print_json(objects)
        return
    rows = [(path.name, str(guess), f"{guess.strength:.2f}") for path, guess in analysis.results]
    print_table(("sound", "key", "clarity, 0 to 1"), rows, numbers_from=2)


def play(
    sounds: Sounds,
    start_s: Annotated[float, ranged(least=0, help="Start, in seconds.")] = 0.0,
    end_s: Annotated[
        float | None, ranged(above=0, help="End, in seconds. [dim]\\[default: the end of the sound][/dim]")
    ] = None,
) -> None:
    """Play sounds.

    Press Ctrl-C to stop.

    Example: woodshed audio play song.wav --start-s 60
    """
    from woodshed.audio import play, read
    from woodshed.data.folder import list_sounds

    for path in list_sounds(sounds):
        clip = read(path, start_s=start_s, end_s=end_s)
        say(f"{printable(path.name)}   {duration_text(clip.duration_s)}")
        play(clip)


def record(
    out: Annotated[Path, typer.Argument(help="Output file, such as take.wav.", show_default=False)],
    duration_s: Annotated[float, ranged(above=0, help="Maximum duration, in seconds.")] = 10.0,
    sample_rate: Annotated[int, ranged(above=0, help="Sample rate in hertz.")] = 44100,
    channels: Annotated[int, ranged(least=1, help="Number of channels: 1 for mono, 2 for stereo.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Record from a microphone.

    Press Ctrl-C to stop early.

    Example: woodshed audio record take.wav --duration-s 5
    """
    from woodshed.audio import record, write
    from woodshed.audio.write import check_target

    check_target(out, overwrite=force)
    clip = record(duration_s, sample_rate=sample_rate, n_channels=channels)
    write(clip, out, overwrite=force)
    say(f"{clip.duration_s:.2f} s: {printable(out)}")


def _process(
    change: Callable[[Clip], Clip], sounds: Sequence[Path], out: Path, to: str | None, force: bool, jobs: int
) -> None:
    """Write a changed copy of every sound, and print what was written."""
    from woodshed.workflows.audio import change_files

    outcome = change_files(change, sounds, out, to=to, overwrite=force, n_jobs=jobs, progress=ProgressBar())
    print_outcome(outcome, out)


VERBS = {
    "info": info,
    "convert": convert,
    "trim": trim,
    "split": split,
    "join": join,
    "silence": silence,
    "channels": channels,
    "gain": gain,
    "normalise": normalise,
    "fade": fade,
    "filter": filter_,
    "stretch": stretch,
    "pitch": pitch,
    "denoise": denoise,
    "tempo": tempo,
    "key": key,
    "play": play,
    "record": record,
}
