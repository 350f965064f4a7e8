"""Names in flags and in output."""

from __future__ import annotations


def names_in(text: str | None) -> list[str]:
    """Split the value of a flag that takes several names, separated by commas.

    Examples
    --------
    >>> names_in("valence, arousal"), names_in(None)
    (['valence', 'arousal'], [])
    """
    return [name.strip() for name in (text or "").split(",") if name.strip()]
