"""The command line: one file per verb, which parses and prints and leaves the work to the floors below.

``VERBS`` lists them. Only the module of the verb that is used is imported, so help is instant. A verb that is
a package holds verbs of its own (``woodshed audio trim``).
"""

from __future__ import annotations

import inspect
import io
import os
import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

VERBS = {
    "demo": "Train on the recordings that come with woodshed, and see what it can do.",
    "doctor": "Look at a set of sounds before training: faults, copies, wrong labels, shortcuts.",
    "train": "Learn from a folder of sounds or scores, a table or a corpus, and measure honestly.",
    "compare": "Compare nets on the same sounds: how well each does, and what it costs.",
    "evaluate": "Test a model on other sounds and write a report.",
    "predict": "Name sounds.",
    "generate": "Write new tunes and chorales, and say what of them is a copy.",
    "explain": "Look into a model that writes tunes: what its last layer has learned.",
    "info": "Show what a model is, what it learned from and how well it does.",
    "features": "Compute features of sounds and write them as a table.",
    "plot": "Draw sounds: waveform, spectrogram, pitch, rhythm and more.",
    "corpus": "List, describe, check and fetch published corpora.",
    "audio": "Measure, convert, cut, join, mend and play sound files.",
    "score": "Convert, edit and play MIDI, ABC and MusicXML files.",
}

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells expect it."""


def main(arguments: list[str] | None = None) -> None:
    """Run ``woodshed`` with the arguments given (the process's own by default) and exit."""
    import typer

    from woodshed import __version__
    from woodshed.cli.terminal import list_skipped, note, problem
    from woodshed.errors import WoodshedError

    arguments = sys.argv[1:] if arguments is None else arguments
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character gets its number
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = lambda message, *_, **__: note(str(message))

    app = _group("Deep learning for sound and music on your own recordings. It tells you how well.")

    def print_version(asked: bool) -> None:
        if asked:
            typer.echo(f"woodshed {__version__}")
            raise typer.Exit

    @app.callback()
    def common(
        version: bool = typer.Option(
            False, "--version", help="Print the version and exit.", callback=print_version, is_eager=True
        ),
    ) -> None:
        """Take the options that come before the verb."""

    _add_verbs(app, __name__, VERBS, arguments)
    try:
        app(args=arguments)
    except WoodshedError as error:
        list_skipped(getattr(error, "skipped", ()))
        problem(str(error))
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            problem("Interrupted.")
        raise


def _group(help_text: str) -> typer.Typer:
    """Make a group of verbs; asked for nothing, it shows its help."""
    import typer

    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _add_verbs(app: typer.Typer, package: str, verbs: dict[str, str], arguments: list[str]) -> None:
    """Add all verbs to a group; the module of the one that is used may hold a group of its own."""
    for verb, summary in verbs.items():
        if verb not in arguments[:1]:
            app.command(verb, help=summary)(_later)
            continue
        module = import_module(f"{package}.{verb}")
        if hasattr(module, "VERBS"):
            group = _group(summary)
            _add_verbs(group, module.__name__, module.VERBS, arguments[1:])
            app.add_typer(group, name=verb)
        else:
            _, _, more = (inspect.getdoc(module.command) or "").partition("\n\n")
            app.command(verb, help=f"{summary}\n\n{more}")(module.command)


def _later() -> None:
    """Stand in for a verb that is listed and not used."""
