"""Generation of folk tunes in ABC notation, and their training corpora: collections or folders of scores."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from woodshed.composition.generator import Request
from woodshed.composition.sampling import NOTHING, Packing, TokenStream
from woodshed.composition.sequence.composer import SEQUENCE_CELLS, TokenComposer
from woodshed.data.corpora import nottingham
from woodshed.data.example import Skipped
from woodshed.data.licence import licence_beside
from woodshed.data.symbolic_corpus import (
    SymbolicCorpus,
    each_usable,
    score_paths,
    scores_with_keys,
    source_of,
)
from woodshed.errors import MissingPackageError, ScoreFileError
from woodshed.symbolic.abc.read import ABC_SUFFIXES, read_text
from woodshed.symbolic.abc.write import score_to_abc
from woodshed.symbolic.folk.from_abc import FolkTune, book_to_folk
from woodshed.symbolic.folk.melody import folk_melody
from woodshed.symbolic.folk.vocabulary import BOUNDARIES, PITCH_PLACES
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.plan_book import PlanBook
from woodshed.tasks.tune.request import TuneRequest
from woodshed.tokens.folk.key import semitones_to
from woodshed.tokens.folk.plan import TunePlan, plan_of
from woodshed.tokens.folk.planned_grammar import COLUMNS, PlannedGrammar, PlannedState
from woodshed.tokens.folk.tokenizer import FolkAbc

FOLK = "folk"
"""Name of all collections of music21 together."""

MUSIC21_COLLECTIONS = {"oneill": "oneills1850", "ryan": "ryansMammoth", "aird": "airdsAirs"}
"""Collection -> its folder in the corpus of music21."""

TUNE_SOURCES = (FOLK, *MUSIC21_COLLECTIONS, "nottingham")
"""Corpora that can be named in place of a folder; ``nottingham:PATH`` with its folder."""

PLANNED_CELLS = {"planned-lstm": "lstm", "planned-gru": "gru"}
"""Net that is told the plan of a tune -> its recurrent cell."""

FREE_SHARE = 0.125
"""Share of the training tunes, drawn anew in each epoch, that such a net is told no plan of."""

RUN_STEPS = 17
"""Number of equal consecutive intervals from which two tunes are of one family."""

MUSIC21_BOOKS = {
    "oneill": "F. O'Neill, O'Neill's Music of Ireland, transcribed by volunteers",
    "ryan": "Ryan's Mammoth Collection of Fiddle Tunes, transcribed by volunteers",
    "aird": "J. Aird, A Selection of Scotch, English, Irish and Foreign Airs, transcribed by J. Campin",
}
"""Collection -> the book, and who transcribed it; see ``models/tune/ATTRIBUTION.md``."""

MUSIC21_LICENCE = (
    "the tunes are in the public domain; the transcriptions, which the package music21 distributes with "
    "the permission of their authors, state no licence"
)
"""Terms of the collections of music21, according to the files and ``corpus/license.txt`` of the package."""

ONEILL_SECTIONS = (
    (700, "air"),
    (1115, "jig"),
    (1175, "slip-jig"),
    (1555, "reel"),
    (1775, "hornpipe"),
    (1815, "long-dance"),
    (1850, "march"),
)
"""Last number of each section of O'Neill's Music of Ireland, and its type of tunes."""

_KINDS = r"\b(reel|jig|hornpipe|strathspey|polka|waltz|march|clog|slide|song|air|quickstep)s?\b"


def read_tunes_corpus(source: str) -> SymbolicCorpus:
    r"""Read tunes in folk tokens.

    Parameters
    ----------
    source
        ``folk``, ``oneill``, ``ryan``, ``aird``, ``nottingham:PATH``, or a folder (or file) of ABC, MIDI or
        MusicXML. ABC and MusicXML keep repeats; a MIDI file without a key gets the best-fitting one. Of
        MIDI and MusicXML, the melody is read: see `woodshed.symbolic.folk.melody.folk_melody`.

    Raises
    ------
    DataError
        If the source is unknown, or has no usable tune.
    MissingPackageError
        If a collection of music21 is requested and the package is not installed.

    Examples
    --------
    >>> import tempfile
    >>> book = "X:1\nT:The Lark\nM:2/4\nL:1/8\nK:D\nD4|A4|\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "book.abc").write_text(book)
    ...     (tune,) = read_tunes_corpus(folder).pieces
    >>> tune.text, tune.tonic
    ('M:2/4 K:Cmaj C 4 | G 4 |', 'D')
    """
    name, place = source_of(source, TUNE_SOURCES)
    if name in (FOLK, *MUSIC21_COLLECTIONS):
        names = MUSIC21_COLLECTIONS if name == FOLK else [name]
        folders = {one: music21_corpus() / MUSIC21_COLLECTIONS[one] for one in names}
        paths = [(one, path) for one, folder in folders.items() for path in sorted(folder.glob("*.abc"))]
    else:
        files = score_paths(place)
        if name == "nottingham":
            files = [path for path in files if path.suffix.lower() in ABC_SUFFIXES]
        paths = [(name or Path(place).name, path) for path in files]
    skipped: list[Skipped] = []
    rows = [
        (_piece_of(tune, collection), tune.title or path.stem, collection)
        for collection, path in paths
        for tune in each_usable([path], lambda path: _tunes_of(path, skipped), skipped)
    ]
    single = list({row[0].text: row for row in reversed(rows)}.values())[::-1]
    pieces, titles, collections = zip(*single, strict=True) if single else ((), (), ())
    licence, citation = _rights(name, place)
    return SymbolicCorpus(
        name or Path(place).name,
        pieces,
        tuple(f"{title} ({collection})" for title, collection in zip(titles, collections, strict=True)),
        families_of([piece.text for piece in pieces], titles),
        skipped=tuple(skipped),
        n_copies=len(rows) - len(single),
        licence=licence,
        citation=citation,
    )


def _piece_of(tune: FolkTune, collection: str) -> TunePiece:
    """Return a tune of a collection as a piece; the sections of O'Neill's book tell the type."""
    tune_type = tune.tune_type
    if collection == "oneill" and (number := re.sub(r"\D", "", tune.number)):
        tune_type = next((name for last, name in ONEILL_SECTIONS if int(number) <= last), tune_type)
    return TunePiece(tune.text, tune.tonic, tune_type)


def _tunes_of(path: Path, skipped: list[Skipped]) -> Iterator[FolkTune]:
    """Yield each tune of a file; tunes that cannot be tokenised are skipped."""
    if path.suffix.lower() in ABC_SUFFIXES:
        texts = [read_text(path)]
    else:
        texts = [score_to_abc(folk_melody(score)) for score in scores_with_keys(path)]
    for text in texts:
        tunes, errors = book_to_folk(text, source=path.name)
        if not tunes and not errors:
            raise ScoreFileError(path, "it has no tune: no line begins with X:. Is it ABC?")
        skipped += [Skipped(path, error.reason) for error in errors]
        yield from tunes


def _rights(name: str, place: str) -> tuple[str, str]:
    """Return licence and citation of a source."""
    if name == "nottingham":
        return nottingham.FACTS.licence, nottingham.FACTS.citation
    if not name:
        return licence_beside(Path(place)), ""
    collections = [MUSIC21_BOOKS[one] for one in (MUSIC21_COLLECTIONS if name == FOLK else [name])]
    return MUSIC21_LICENCE, "; ".join(collections)


def music21_corpus() -> Path:
    """Return the corpus folder of music21 without importing the package, which takes seconds."""
    spec = importlib.util.find_spec("music21")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise MissingPackageError(
            "O'Neill, Ryan and Aird are part of the package music21: pip install 'woodshed[tunes]'"
        )
    return Path(places[0]) / "corpus"


def families_of(texts: Sequence[str], titles: Sequence[str]) -> tuple[str, ...]:
    """Return the family of each tune: the transitive closure of equal titles and common passages.

    Titles are compared without articles, numbers and kinds of dance. A passage has `RUN_STEPS` intervals,
    regardless of durations; repeated notes are merged, and passages over two or three pitches do not count.

    Parameters
    ----------
    texts
        The tunes in folk tokens, as `woodshed.symbolic.folk.from_abc.abc_to_folk` writes them.
    titles
        Their titles.

    Returns
    -------
    tuple of str
        Arbitrary names, the same for all versions of a tune.

    Examples
    --------
    >>> texts = ["M:2/4 K:Cmaj C E G c | e c G E |", "M:4/4 K:Cmaj C 4 | c 4 |", "M:4/4 K:Cmaj G 4 | c 4 |"]
    >>> families_of(texts, ["The Lark", "Lark - Reel", "The Hen"])
    ('0', '0', '2')
    """
    parents = list(range(len(texts)))

    def head(k: int) -> int:
        while parents[k] != k:
            parents[k] = k = parents[parents[k]]
        return k

    first_with: dict[object, int] = {}  # what tunes have in common -> the first of them
    for k, (text, title) in enumerate(zip(texts, titles, strict=True)):
        for mark in _marks(text, title):
            low, high = sorted((head(k), head(first_with.setdefault(mark, k))))
            parents[high] = low
    return tuple(str(head(k)) for k in range(len(texts)))


def _marks(text: str, title: str) -> Iterator[object]:
    """Yield what versions of a tune have in common: the plain title, and passages of intervals."""
    if plain := _plain_title(title):
        yield plain
    places = [PITCH_PLACES[word][0] for word in text.split() if word in PITCH_PLACES]
    line = [here for before, here in pairwise([-1, *places]) if here != before]
    steps = [b - a for a, b in pairwise(line)]
    for start in range(len(steps) - RUN_STEPS + 1):
        if len(set(line[start : start + RUN_STEPS + 1])) > 3:
            yield tuple(steps[start : start + RUN_STEPS])


def _plain_title(title: str) -> str:
    """Return the sorted words of a title without article, number and kind of dance; may be empty."""
    plain = re.sub(_KINDS, " ", re.sub(r"\bno\.?\s*\d+", " ", title.lower()))
    words = nottingham.tune_family(plain).split()
    return " ".join(sorted(words)) if any(len(word) > 2 for word in words) else ""


@dataclass(kw_only=True, eq=False)
class TuneComposer(TokenComposer):
    """Composer of folk tunes, one token at a time.

    At its default size it is the net of B. L. Sturm et al., "Music transcription modelling and composition
    using deep learning" (2016), weight for weight: three layers of 512 units over 137 tokens. Pieces are
    texts of these tokens, as returned by `woodshed.symbolic.folk.from_abc.abc_to_folk`. Short rows and
    small batches get the training off the plateau of unigram statistics
    (``benchmarks/quality/tune_tokens.md``). All settings: `TokenComposer`, `Composer`.

    Examples
    --------
    >>> scale = "M:4/4 K:Cmaj C D E F G A B c | c B A G F E D C |"
    >>> composer = TuneComposer(width=32, n_layers=1, dropout=0, n_steps=32, batch_size=4)
    >>> composer = composer.set_params(epochs=60, learning_rate=0.02, batch_size=2)
    >>> composer = composer.fit([scale] * 8)
    >>> (tune,) = composer.sample(TuneRequest(temperature=0.01))
    >>> tune.text == scale
    True
    >>> composer.bits_per_token([scale]) < 1
    True
    """

    task: ClassVar[str] = "tune"
    verbs: ClassVar[tuple[str, ...]] = ("generate", "explain", "info")
    request_class: ClassVar[type[Request]] = TuneRequest
    tokenizer: ClassVar[FolkAbc] = FolkAbc()
    derived_names: ClassVar[tuple[str, ...]] = (*TokenComposer.derived_names, "plan_book")
    cells: ClassVar[Mapping[str, str]] = PLANNED_CELLS | SEQUENCE_CELLS
    nets: ClassVar[Collection[str]] = tuple(cells)

    batch_size: int = 8
    n_steps: int = 256

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The 137 tokens of the folk model."""
        return self.tokenizer.vocabulary

    @property
    def columns(self) -> Mapping[str, int]:
        """The features of a plan, for a net that has them."""
        return COLUMNS if self.net in PLANNED_CELLS else {}

    @property
    def likelihood_name(self) -> str:
        """The model, and that its likelihood is conditional if the net has the plan."""
        return "the model, given the plan of each tune" if self.columns else super().likelihood_name

    def encode(self, piece: str | TunePiece) -> NDArray[np.int32]:
        """Turn a tune into ids."""
        return self.tokenizer.encode(as_piece(piece).text)

    def decode(self, ids: NDArray[np.integer]) -> str:
        """Turn ids into the tokens of a tune."""
        return self.tokenizer.decode(ids)

    def known_text(self, piece: str | TunePiece) -> str:
        """Write a tune with its type and tonic."""
        return as_piece(piece).line

    def training_row(self, piece: str | TunePiece) -> Packing:
        """Return ids, with the features of the plan if the net has them, and the ids that follow."""
        ids, following = super().training_row(piece)
        if not self.columns:
            return ids, following
        tune = as_piece(piece)
        grammar = PlannedGrammar(plan_of(tune.text, tune_type=tune.tune_type, tonic=tune.tonic))
        state, features, is_given = grammar.start(), [], []
        for word in (self.vocabulary[0], *tune.text.split()):
            state = grammar.follow(state, word)
            features.append(grammar.features(state))
            is_given.append(bool(state.queue))
        inputs = np.column_stack([ids, np.array(features, np.int32)])
        return inputs, np.where(is_given, NOTHING, following).astype(np.int32)

    def varied_row(self, row: Packing, rng: np.random.Generator) -> Packing:
        """Return a row without its plan now and then, so that the net also learns to write without one."""
        inputs, _ = row
        if not self.columns or rng.random() >= FREE_SHARE:
            return row
        ids = inputs[:, 0]
        end = self.vocabulary.index(BOUNDARIES[1])
        return np.column_stack([ids, np.zeros_like(inputs[:, 1:])]), np.append(ids[1:], np.int32(end))

    def features(self, stream: TokenStream) -> tuple[int, ...]:
        """Return the features of the plan of a stream; zeros if it has none."""
        if isinstance(stream.constraint, PlannedGrammar):
            state: PlannedState = stream.state
            return stream.constraint.features(state)
        return (0,) * len(self.columns)

    def read(self, source: str) -> SymbolicCorpus:
        """Read tunes: see `read_tunes_corpus`."""
        return read_tunes_corpus(source)

    def to_generation(self, text: str) -> TunePiece:
        """Return a training tune as a piece."""
        return TunePiece.parse(text)

    @functools.cached_property
    def plan_book(self) -> PlanBook:
        """The training tunes, from whose plans new ones are drawn."""
        return PlanBook([TunePiece.parse(text) for _, text in self.fitted("known_")])

    def generations(self, request: TuneRequest, numbers: range, *, seed: int) -> Sequence[TunePiece]:
        """Generate the tunes of some numbers."""
        if not request.is_planned:
            texts = self.sample_texts(
                len(numbers),
                seed=seed,
                first=numbers.start,
                sampler=request.sampler,
                constraint=request.constraint,
                prime=request.begins,
            )
            return [TunePiece(text, request.tonic, tempo_bpm=request.tempo) for text in texts]
        plans = [self.plan_book.draw(request.plan, np.random.default_rng([seed, k, 1])) for k in numbers]
        streams = [
            TokenStream(np.random.default_rng([seed, k]), request.sampler, _grammar(plan, request), ())
            for k, plan in zip(numbers, plans, strict=True)
        ]
        texts = self.run_streams(streams)
        return [
            TunePiece(text, plan.tonic, request.type_ or plan.tune_type, request.tempo)
            for text, plan in zip(texts, plans, strict=True)
        ]


def _grammar(plan: TunePlan, request: TuneRequest) -> PlannedGrammar:
    """Return the grammar of a plan within the range of the requested instrument."""
    instrument, up = request.plan.instrument, semitones_to(plan.tonic)
    if instrument is None:
        return PlannedGrammar(plan)
    return PlannedGrammar(plan, (instrument.low_midi - up, instrument.high_midi - up))


def as_piece(tune: str | TunePiece) -> TunePiece:
    """Return a tune as a piece."""
    return TunePiece.parse(tune) if isinstance(tune, str) else tune
