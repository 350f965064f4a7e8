"""Spellings of labels: which names mean one class, and which spelling stands for them."""

from __future__ import annotations

import os
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from woodshed.data.example import Example
from woodshed.errors import printable


def canonical_label(text: str) -> str:
    """Return a key that is equal for all spellings of one label.

    Spellings may differ in case, in their Unicode form, in ``_`` for a space, and in the number of spaces. A
    label of one character keeps its case: ``C`` and ``c`` are different keys.

    Examples
    --------
    >>> canonical_label(" Dog_bark "), canonical_label("dog  bark"), canonical_label("C")
    ('dog bark', 'dog bark', 'C')
    >>> canonical_label("cre\u0301cerelle") == canonical_label("cr\u00e9cerelle")
    True
    """
    composed = unicodedata.normalize("NFC", text)
    words = " ".join(composed.replace("_", " ").split()) or composed.strip()
    return words if len(words) == 1 else unicodedata.normalize("NFC", words.casefold())


def common_spellings(labels: Iterable[str]) -> dict[str, str]:
    """Map every spelling of a label to the most frequent one, of equally frequent ones the first.

    Parameters
    ----------
    labels
        Label of each example, as it is written.

    Returns
    -------
    dict
        Spelling -> the spelling that stands for the label, in order of appearance; spellings that stand for
        themselves are included.

    Examples
    --------
    >>> common_spellings(["rain", "Rain", "rain ", "rain", "wind"])
    {'rain': 'rain', 'Rain': 'rain', 'rain ': 'rain', 'wind': 'wind'}
    """
    counts = Counter(labels)
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for text in counts:
        spellings[canonical_label(text)].append(text)
    chosen = {key: max(texts, key=lambda text: counts[text]) for key, texts in spellings.items()}
    return {text: chosen[canonical_label(text)] for text in counts}


def match_labels(names: Iterable[str], classes: Iterable[str]) -> dict[str, str]:
    """Map names to the classes of which they are spellings, such as labels of a table to those of a model.

    Unlike `canonical_label`, which also decides which labels of one table are merged, a hyphen counts as a
    space. An equal class takes precedence. A name is left out if no class matches, or several do.

    Parameters
    ----------
    names
        Labels, as they are written.
    classes
        The known classes.

    Returns
    -------
    dict
        Name -> class, for the names that match one.

    Examples
    --------
    >>> match_labels(["Dog bark", "dog-bark", "siren", "cat"], ["dog_bark", "siren"])
    {'Dog bark': 'dog_bark', 'dog-bark': 'dog_bark', 'siren': 'siren'}
    """
    exact = dict.fromkeys(classes)
    spelled: defaultdict[str, list[str]] = defaultdict(list)
    for name in exact:
        spelled[_matching_key(name)].append(name)
    matches: dict[str, str] = {}
    for name in dict.fromkeys(names):
        candidates = [name] if name in exact else spelled.get(_matching_key(name), [])
        if len(candidates) == 1:
            matches[name] = candidates[0]
    return matches


def _matching_key(text: str) -> str:
    return canonical_label(text.replace("-", " ")) or text


def matched_examples(examples: Sequence[Example], place: str | os.PathLike[str]) -> list[Example]:
    """Return examples with one spelling of each label and tag; see `common_spellings`.

    Parameters
    ----------
    examples
        The examples of a data set.
    place
        Its folder or table, for the warning.

    Warns
    -----
    UserWarning
        If spellings were replaced; they are named.

    Examples
    --------
    >>> from pathlib import Path
    >>> matched_examples([Example(Path("a.wav"), "rain")], "table.csv")[0].label
    'rain'
    """
    names = (name for row in examples for name in (row.label, *row.labels) if name)
    spellings = common_spellings(names)
    note = spelling_note(spellings.items())
    if not note:
        return list(examples)
    warnings.warn(f"{printable(place)}: {note}", stacklevel=2)
    return [
        replace(
            row,
            label=spellings.get(row.label, row.label),
            labels=tuple(dict.fromkeys(spellings[tag] for tag in row.labels)),
        )
        for row in examples
    ]


def spelling_note(spellings: Iterable[tuple[str, str]]) -> str:
    r"""Return one sentence that names the spellings which were replaced, or an empty string.

    Parameters
    ----------
    spellings
        Pairs of a spelling and the one that stands for it.

    Examples
    --------
    >>> spelling_note([("rain", "rain"), ("Rain", "rain")])
    "These spellings count as one label: 'Rain' as 'rain'. If they differ in meaning, rename one."
    >>> spelling_note([("rain", "rain")])
    ''
    """
    replaced = [f"{_shown(text)} as {_shown(label)}" for text, label in spellings if text != label]
    if not replaced:
        return ""
    return (
        f"These spellings count as one label: {', '.join(replaced)}. If they differ in meaning, rename one."
    )


def _shown(text: str) -> str:
    """Return a label in quotes, with its Unicode form if it is decomposed and so looks like another one."""
    form = "" if unicodedata.is_normalized("NFC", text) else " (decomposed characters)"
    return f"{printable(text)!r}{form}"
