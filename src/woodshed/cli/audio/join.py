"""``woodshed audio join``: one sound after the other."""

from __future__ import annotations

from typing import Annotated

import typer

from woodshed.cli.audio.work import Force, Out, Sounds, one_from_many


def command(
    sounds: Sounds,
    out: Out,
    crossfade_s: Annotated[float, typer.Option(help="How long each fades into the next, in seconds.")] = 0.0,
    force: Force = False,
) -> None:
    """Put sounds one after the other, in the order given."""
    from woodshed.audio import join

    one_from_many(lambda clips: join(clips, crossfade_s=crossfade_s), sounds, out, force=force)
