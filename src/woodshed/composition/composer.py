"""Composer: a generator that learns from pieces; settings, fitting and model folder shared by all of them.

Loading a model folder runs nothing from it.

=================  ================================================================
``settings.json``  task, settings, format version, digests of the other files
``labels.json``    the tokens, in the order of the outputs of the net
``weights.npz``    the weights by name
``known.json.gz``  title and text of each training piece
``reference.npz``  their melodies and their style, ready for comparison
``metrics.json``   the test results
``card.md``        the model card: intended use, training data, test results
``SHA256SUMS``     digests of all files
=================  ================================================================
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from woodshed.atomic import write_whole
from woodshed.composition.generation import Generation, ReferenceSet
from woodshed.composition.generator import Generator
from woodshed.decoding import MAX_BYTES, decompress_gzip, parse_arrays, parse_json
from woodshed.errors import (
    DataError,
    ModelFolderError,
    ParameterError,
    WoodshedError,
    check_seed,
    look_up,
    near_miss,
    printable,
)
from woodshed.nets.backend import require_keras
from woodshed.training.holdout import hold_out
from woodshed.training.inference import check_finite
from woodshed.training.model_folder import (
    CHECKSUMS_NAME,
    FORMAT,
    LABELS_NAME,
    SETTINGS_NAME,
    WEIGHTS_NAME,
    damaged,
    make_folder,
    read_contents,
    read_settings,
    record_checksums,
    remove_checksums,
    to_json,
)
from woodshed.training.progress import LearningCurve, OnEpoch, ignore_epoch
from woodshed.training.run_state import arrays_to_bytes
from woodshed.training.stderr import suppress_stderr

if TYPE_CHECKING:
    from woodshed.data.symbolic_corpus import SymbolicCorpus

Weights = dict[str, NDArray[np.floating]]

Trained = tuple[Weights, LearningCurve, bool]
"""Weights by name, learning curve, and whether the training was completed, not interrupted."""

KNOWN_NAME, REFERENCE_NAME = "known.json.gz", "reference.npz"

FILES = frozenset({LABELS_NAME, WEIGHTS_NAME, KNOWN_NAME})
"""The files beside ``settings.json``; no other file of the folder is opened but `REFERENCE_NAME`."""


@dataclass(kw_only=True, eq=False)
class Composer(Generator):
    """Base class of composers; ``sample`` takes the place of ``predict``.

    Parameters
    ----------
    net
        Name of the architecture.
    width
        Units, or channels, of each layer.
    n_layers
        Number of layers.
    dropout
        Dropout rate after each layer, 0 to 0.95.
    epochs
        Maximum number of epochs.
    patience
        Epochs without a better validation loss after which training stops.
    batch_size
        Number of rows in a batch.
    learning_rate
        Peak learning rate.
    n_steps
        Length of a training row in steps; pieces are packed into rows, or cropped.
    validation_share
        Share of the groups (of the pieces, without groups) held out to choose the best epoch, 0 to 0.5; 0
        trains on everything and keeps the last epoch.
    seed
        Seed of all random draws of the training, 0 or more.

    Attributes
    ----------
    weights_ : dict of numpy.ndarray
        Learned weights by name.
    known_ : tuple of (str, str)
        Title and text of each training piece, to find copies.
    curve_ : woodshed.training.progress.LearningCurve
        Losses of the training.

    Raises
    ------
    SettingNameError
        If a setting is misspelt; the message names the near miss.
    """

    methods: ClassVar[tuple[str, ...]] = ("fit", "sample", "score", "save")
    fit_call: ClassVar[str] = "fit(pieces)"
    learned_name: ClassVar[str] = "weights_"
    derived_names: ClassVar[tuple[str, ...]] = ("reference_set",)
    nets: ClassVar[Collection[str]] = ()
    """Architectures to choose from."""

    least: ClassVar[Mapping[str, float]] = {}
    """Lowest values of the settings of a subclass."""

    net: str
    width: int
    n_layers: int
    dropout: float
    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    n_steps: int
    validation_share: float
    seed: int = 0

    # -- what a subclass defines ------------------------------------------------------------------

    @property
    @abstractmethod
    def vocabulary(self) -> tuple[str, ...]:
        """The tokens."""

    @abstractmethod
    def encode(self, piece: Any) -> NDArray[Any]:
        """Turn a piece into an array of token ids."""

    @abstractmethod
    def to_text(self, row: NDArray[Any]) -> str:
        """Write an encoded piece as text."""

    def known_text(self, piece: Any) -> str:
        """Write a training piece as text, as ``known_`` keeps it."""
        return self.to_text(self.encode(piece))

    def training_row(self, piece: Any) -> Any:
        """Turn a piece into what ``train_net`` is given; by default the ids of `encode`."""
        return self.encode(piece)

    @abstractmethod
    def to_generation(self, text: str) -> Generation:
        """Read a text of ``known_``, to play the piece or compare it."""

    @abstractmethod
    def read(self, source: str) -> SymbolicCorpus:
        """Read training pieces: a corpus by its name, or a folder of score files."""

    @abstractmethod
    def train_net(
        self, train: Sequence[Any], validation: Sequence[Any], *, checkpoint: Path | None, on_epoch: OnEpoch
    ) -> Trained:
        """Train a net on pieces, as `training_row` returns them."""

    @abstractmethod
    def bits_per_token(self, pieces: Sequence[Any]) -> float:
        """Return the cross-entropy of pieces in bits per token; lower is better."""

    @property
    def likelihood_name(self) -> str:
        """What `bits_per_token` is the likelihood of, for a table."""
        return "the model"

    def baseline_bits(self, train: Sequence[Any], test: Sequence[Any]) -> dict[str, float]:
        """Return bits per token of the task's own baselines by name; if empty, n-grams are used."""
        return {}

    # -- fitting ----------------------------------------------------------------------------------

    def check_settings(self) -> None:
        """Refuse settings that are out of range.

        Raises
        ------
        ParameterError
            If one is.
        """
        if self.net not in self.nets:
            raise ParameterError(
                f"Unknown net {self.net!r} for task {self.task!r}. {near_miss(self.net, self.nets)}"
            )
        for name in ("width", "n_layers", "epochs", "patience", "batch_size", "learning_rate", "n_steps"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name} must be positive, got {getattr(self, name)!r}.")
        for name, high in (("dropout", 0.95), ("validation_share", 0.5)):
            if not 0 <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be from 0 to {high}, got {getattr(self, name)!r}.")
        for name, low in self.least.items():
            if getattr(self, name) < low:
                raise ParameterError(f"{name} must be {low} or more, got {getattr(self, name)!r}.")
        check_seed(self.seed)

    def fit(
        self,
        pieces: Sequence[Any],
        groups: Sequence[str] | None = None,
        *,
        titles: Sequence[str] | None = None,
        held_out: Sequence[Any] | None = None,
        checkpoint: Path | None = None,
        on_epoch: OnEpoch = ignore_epoch,
    ) -> Self:
        """Train on pieces.

        Parameters
        ----------
        pieces
            Training pieces.
        groups
            The family of each: versions of one tune are either all trained on or all held out.
        titles
            Title of each, named where a copy of it is found.
        held_out
            Pieces that choose the best epoch; None holds out ``validation_share`` of ``pieces``.
        checkpoint
            File for the state of the training; if it exists, training resumes from it.
        on_epoch
            Called after each epoch with its number, the training loss in nats per token, and the share of
            held-out tokens that were predicted correctly, or None.

        Raises
        ------
        DataError
            If there are no pieces.
        ParameterError
            If a setting is out of range, a piece has an unknown token, or the number of groups differs.
        """
        self.check_settings()
        if not len(pieces):
            raise DataError("fit expects at least one piece, got none.")
        rows = [self.training_row(piece) for piece in pieces]
        if groups is not None and len(groups) != len(rows):
            raise ParameterError(f"fit expects one group for each of {len(rows)} pieces, got {len(groups)}.")
        if held_out is None:
            parts = hold_out([""] * len(rows), groups, self.validation_share, self.seed)
            train, validation = ([rows[k] for k in part] for part in parts)
        else:
            train, validation = rows, [self.training_row(piece) for piece in held_out]
        with suppress_stderr():
            require_keras()
            import keras
        keras.utils.set_random_seed(self.seed)
        weights, curve, finished = self.train_net(train, validation, checkpoint=checkpoint, on_epoch=on_epoch)
        names = [f"piece {k + 1}" for k in range(len(pieces))] if titles is None else titles
        self.set_learned(weights, curve, list(zip(names, map(self.known_text, pieces), strict=True)))
        if not finished:
            raise KeyboardInterrupt
        return self

    def set_learned(self, weights: Weights, curve: LearningCurve, pieces: Sequence[tuple[str, str]]) -> None:
        """Set the fitted attributes, after training or loading; ``pieces`` are titles and texts."""
        self.weights_, self.curve_, self.known_ = weights, curve, tuple(pieces)
        self.drop_derived()

    def score(self, pieces: Sequence[Any]) -> float:
        """Return minus the bits per token: higher is better, as in scikit-learn."""
        return -self.bits_per_token(pieces)

    def save(self, folder: str | Path, *, half: bool = False) -> None:
        """Write the fitted composer into a folder, which `woodshed.load` reads without running code of it.

        Parameters
        ----------
        folder
            Made if it is missing. A model in it is replaced, each file whole or not at all.
        half
            Whether to store the weights in half precision: half the size, three digits each.

        Raises
        ------
        OutputError
            If the folder cannot be made or written to.
        NotFittedError
            If the composer is not fitted.
        """
        weights, folder = self.fitted("weights_"), Path(folder)
        dtype: Any = np.float16 if half else np.float32
        make_folder(folder)
        remove_checksums(folder)
        contents = {
            LABELS_NAME: to_json(list(self.vocabulary)).encode(),
            WEIGHTS_NAME: arrays_to_bytes({name: np.asarray(v, dtype) for name, v in weights.items()}),
            KNOWN_NAME: gzip.compress(json.dumps(self.known_, ensure_ascii=False).encode(), mtime=0),
            REFERENCE_NAME: self.reference_set.to_bytes(),
        }
        for name, content in contents.items():
            write_whole(folder / name, content)
        settings = {
            "format": FORMAT,
            "checksums": CHECKSUMS_NAME,
            "task": self.task,
            "settings": self.get_params(),
            "feature": {"tokens": {"n_tokens": len(self.vocabulary)}},
            "curve": asdict(self.curve_),
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        }
        write_whole(folder / SETTINGS_NAME, to_json(settings))
        record_checksums(folder, [SETTINGS_NAME, *contents])

    @functools.cached_property
    def reference_set(self) -> ReferenceSet:
        """The training pieces, ready for comparison; read from the file of a model of this version."""
        pieces = self.fitted("known_")
        return ReferenceSet.of(
            [self.to_generation(text) for _, text in pieces], [title for title, _ in pieces]
        )


def load_composer(folder: Path, tasks: Mapping[str, str]) -> Composer:
    """Load a composer; sampling from a shipped one does not import Keras.

    Parameters
    ----------
    folder
        Written by `Composer.save`.
    tasks
        Name of each task that may be loaded -> module and class.

    Raises
    ------
    ModelFolderError
        If it is not a composer, is damaged, or was made by a newer version.
    """
    settings = read_settings(folder)
    task = settings["task"]
    if task not in tasks:
        raise ModelFolderError(
            f"{printable(folder)} is a model of task {task!r}, which cannot generate. Generation tasks: "
            f"{', '.join(tasks)}."
        )
    contents = read_contents(folder, settings, [FILES], optional=frozenset({REFERENCE_NAME}))
    try:
        composer: Composer = look_up("task", task, tasks)(**settings["settings"])
        if parse_json(contents[LABELS_NAME]) != list(composer.vocabulary):
            raise ValueError("the vocabulary differs")
        weights = _weights_of(contents[WEIGHTS_NAME], folder)
        pieces = parse_json(decompress_gzip(contents[KNOWN_NAME], max_bytes=MAX_BYTES), max_bytes=MAX_BYTES)
        composer.set_learned(
            weights,
            LearningCurve.from_dict(settings["curve"]),
            [(str(title), str(text)) for title, text in pieces],
        )
        if REFERENCE_NAME in contents:
            composer.reference_set = ReferenceSet.from_bytes(contents[REFERENCE_NAME])
            if composer.reference_set.n_items != len(pieces):
                raise ValueError(f"{REFERENCE_NAME} is of other pieces")
    except ModelFolderError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, WoodshedError) as error:
        raise damaged(folder / SETTINGS_NAME, f"it does not fit this version ({error})") from error
    return composer


def _weights_of(content: bytes, folder: Path) -> dict[str, NDArray[np.float32]]:
    """Return the weights of a model by name."""
    try:
        arrays = parse_arrays(content)
    except ValueError as error:
        raise damaged(folder / WEIGHTS_NAME, str(error)) from error
    for name, array in arrays.items():
        check_finite(array, WEIGHTS_NAME, name)
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}
