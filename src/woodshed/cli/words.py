"""Words of the command line."""

from __future__ import annotations


def names_in(text: str | None) -> list[str]:
    """Return the names of a flag that takes several, with commas between.

    Examples
    --------
    >>> names_in("valence, arousal"), names_in(None)
    (['valence', 'arousal'], [])
    """
    return [name.strip() for name in (text or "").split(",") if name.strip()]
