"""The command line: one file per verb, which parses arguments and prints results.

``VERBS`` lists them. Only the module of the verb in use is imported, so that help appears at once. A module
with ``VERBS`` of its own is a group of verbs (``woodshed audio trim``).
"""

from __future__ import annotations

import functools
import inspect
import io
import itertools
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from woodshed.errors import WoodshedError, printable
from woodshed.interruption import deferred, exit_status, handle_signals
from woodshed.memory import keep_freed_memory

if TYPE_CHECKING:
    import typer

VERBS = {
    "demo": "Train and test a model on the recordings that come with woodshed.",
    "doctor": "Examine a set of sounds before training: faults, copies, wrong labels, shortcuts.",
    "train": "Train a model on sounds or scores, and evaluate it on data that it was not trained on.",
    "compare": "Compare models on the same sounds: accuracy, size and speed.",
    "evaluate": "Evaluate a model on other sounds and write a report.",
    "predict": "Predict labels, values or events of sounds with a model.",
    "generate": "Generate music with a model, and report passages copied from its training data.",
    "explain": "Analyse the output layer of a model of tunes.",
    "info": "Describe a model: its training data, input, output and scores.",
    "features": "Compute features of sounds and write them as a table.",
    "plot": "Plot sounds and scores: waveform, spectrogram, pitch, rhythm and more.",
    "list": "List tasks, nets, features, corpora and whatever else can be chosen by name.",
    "corpus": "Describe, check and download published corpora.",
    "audio": "Measure, convert, edit, repair and play sound files.",
    "score": "Convert, edit and render MIDI, ABC and MusicXML files.",
}

FAILED = 2
"""Exit status after an error."""

TYPER_INTERRUPTED = 130
"""Exit status of typer if any signal arrives while it parses the arguments."""

COMPLETION = "_WOODSHED_COMPLETE"
"""Variable of the environment by which a shell asks for completions."""

CLOSED_PIPE = 141
"""Exit status if the reader of the output has ended, by the convention of shells: 128 plus SIGPIPE."""

FORMER_FLAGS = {
    "--average-weights": "--swa-share",
    "--colour-norm": "--channel-norm",
    "--false-alarms": "--false-positive-rate",
    "--false-alarms-per-hour": "--false-positives-per-hour",
    "--job": "--task",
    "--list": "woodshed list features",
    "--n-versions": "--n-augmentations",
    "--second-opinion": "--ensemble-share",
    "--tune": "--n-trials",
}
"""Flag of an earlier version -> what replaces it."""

FORMER_VERBS = {"corpus list": "woodshed list corpora"}
"""Group and verb of an earlier version -> what replaces them."""


class _StopError(Exception):
    """Carries a Ctrl-C or a closed pipe past typer, which would end the process with a status of its own."""


def main(arguments: list[str] | None = None) -> None:
    """Run ``woodshed`` with these arguments (by default those of the process) and exit.

    The exit status is 0, or 2 after an error, 128 plus the signal after an interruption (130 after Ctrl-C,
    143 after SIGTERM), and 141 if the reader of the output has ended.
    """
    with handle_signals():
        try:
            status = _run(sys.argv[1:] if arguments is None else arguments)
            sys.stdout.flush()
        except KeyboardInterrupt:
            status = exit_status()
        except OSError as error:  # of standard output
            status = _failed_output(error)
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    """Run ``woodshed`` and return the exit status; an error is printed."""
    from woodshed.cli.terminal import Verbosity, list_skipped, note, problem

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _tolerate_any_terminal()
    warnings.showwarning = lambda message, *_, **__: note(str(message))
    Verbosity.quiet = Verbosity.verbose = False
    words = _from_verb(_completed_words() or arguments)
    can_resume = False
    try:
        _refuse_former_verb(words)
        with deferred():  # until the message about an interruption can name --resume
            app = _app(with_completion=COMPLETION in os.environ or not words or words[0] not in VERBS)
            can_resume = _add_verbs(app, words)
        app(args=arguments, prog_name="woodshed")
    except WoodshedError as error:
        if Verbosity.verbose:
            traceback.print_exc()
        list_skipped(getattr(error, "skipped", ()))
        problem(str(error))
        return FAILED
    except (KeyboardInterrupt, _StopError) as error:
        if isinstance(error.__cause__, OSError):
            return _failed_output(error.__cause__)
        return _interrupted(can_resume)
    except SystemExit as end:
        if end.code == TYPER_INTERRUPTED:
            return _interrupted(can_resume)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _interrupted(can_resume: bool) -> int:
    """Print that the run was interrupted, and return the exit status."""
    from woodshed.cli.terminal import problem

    problem(f"Interrupted.{' To continue, repeat the command with --resume.' if can_resume else ''}")
    return exit_status()


def _failed_output(error: OSError) -> int:
    """Return the exit status after an error of the system; it is printed, unless the reader has ended."""
    from woodshed.cli.terminal import problem

    reason = error.strerror or str(error)
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):  # standard error cannot be written either
            what = "The output could not be written" if error.filename is None else printable(error.filename)
            problem(f"{what}: {reason}. Check the disk and the permissions.")
    # What is still buffered would fail again at the end of the process.
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            try:
                stream.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return CLOSED_PIPE if isinstance(error, BrokenPipeError) else FAILED


def _app(*, with_completion: bool) -> typer.Typer:
    """Create the command with the options that come before the verb.

    Parameters
    ----------
    with_completion
        Whether the options that set up the completion of the shell are among them. They are not needed before
        a verb, and typer imports a heavy package for them.
    """
    import typer

    from woodshed import __version__
    from woodshed.cli.terminal import Verbosity

    app = _group(
        "Deep learning for sound and music on your own recordings, honestly evaluated.",
        completion=with_completion,
    )

    def print_version(requested: bool) -> None:
        if requested:
            typer.echo(f"woodshed {__version__}")
            raise typer.Exit

    @app.callback()
    def common(
        version: bool = typer.Option(
            False, "--version", help="Print the version and exit.", callback=print_version, is_eager=True
        ),
        quiet: bool = typer.Option(False, "--quiet", "-q", help="Print results and errors only."),
        verbose: bool = typer.Option(False, "--verbose", "-v", help="Print an error with its traceback."),
    ) -> None:
        """Handle the options that come before the verb."""
        Verbosity.quiet, Verbosity.verbose = quiet, verbose

    return app


def _from_verb(arguments: list[str]) -> list[str]:
    """Return the arguments from the verb on, without the options before it."""
    return [*itertools.dropwhile(lambda argument: argument.startswith("-"), arguments)]


def _completed_words() -> list[str]:
    """Return the words of a command line that the shell asks to complete, if it does."""
    if COMPLETION not in os.environ:
        return []
    line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    return line.split()[1:]


def _refuse_former_verb(arguments: list[str]) -> None:
    """Name the replacement of a verb of an earlier version."""
    from woodshed.errors import ParameterError

    if replacement := FORMER_VERBS.get(" ".join(arguments[:2])):
        raise ParameterError(f"No such command {arguments[1]!r} under {arguments[0]}. Use: {replacement}")


def _tolerate_any_terminal() -> None:
    """Print a character that the terminal lacks as its code instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _group(help_text: str, *, completion: bool = False) -> typer.Typer:
    """Create a group of verbs, which shows its help if no verb is given."""
    import typer
    from typer.core import TyperGroup

    # Its module is that of click, or, in newer versions of typer, of a copy of click.
    no_such_option: Any = sys.modules[typer.BadParameter.__module__].NoSuchOption

    class Group(TyperGroup):
        """Group of verbs that starts quickly and names the replacement of a former flag."""

        def get_help_option(self, ctx: Any) -> Any:
            option = super().get_help_option(ctx)
            if option is not None:
                option.default = False  # for None, typer imports a heavy package to convert it
            return option

        def invoke(self, ctx: Any) -> Any:
            try:
                return super().invoke(ctx)
            except no_such_option as error:
                replacement = FORMER_FLAGS.get(error.option_name, "")
                flags = [flag for parameter in error.ctx.command.params for flag in parameter.opts]
                if replacement and (replacement in flags or not replacement.startswith("--")):
                    error.message = f"No such option: {error.option_name}. Use {replacement}."
                    error.possibilities = None
                raise

    return typer.Typer(
        cls=Group,
        help=help_text,
        no_args_is_help=True,
        add_completion=completion,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _add_verbs(app: typer.Typer, arguments: list[str]) -> bool:
    """Add all verbs to the command line; only the module of the one in use is imported.

    Returns
    -------
    bool
        Whether the verb in use has the flag ``--resume``.
    """
    can_resume = False
    for verb, summary in VERBS.items():
        if verb not in arguments[:1]:
            app.command(verb, help=summary)(_placeholder)
            continue
        module = import_module(f"{__name__}.{verb}")
        if hasattr(module, "VERBS"):
            group = _group(summary)
            for name, command in module.VERBS.items():
                group.command(name, help=_help_of(command))(_stopping(command))
            app.add_typer(group, name=verb)
        else:
            build = getattr(module, "command_for", None)
            command = build(arguments[1:]) if build else module.command
            can_resume = "resume" in inspect.signature(command).parameters
            app.command(verb, help=_help_of(command))(_stopping(command))
    return can_resume


def _stopping(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose interruption, or error of the system, is handled by `main`."""

    @functools.wraps(command)
    def run(*arguments: Any, **settings: Any) -> None:
        keep_freed_memory()
        try:
            command(*arguments, **settings)
        except WoodshedError:
            raise
        except (KeyboardInterrupt, OSError) as error:
            raise _StopError from error

    return run


def _help_of(command: Callable[..., None]) -> str:
    """Return the docstring of a command with one line for each paragraph."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)


def _placeholder() -> None:
    """Stand in for a verb that is listed but not in use."""
