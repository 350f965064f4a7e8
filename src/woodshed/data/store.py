"""Feature store: what was computed once is read from disk the next time.

Decoding, resampling and transforming cost a hundred times more than reading their result back. Each item
has its own entry, a file named by the content of the sound and by every setting, so nothing is ever
looked up by a name or a date that can lie, processes can fill a store together, and a kill loses no
more than the entries that were being computed. What an entry is made of: `woodshed.data.entry`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from woodshed.clip import Clip
from woodshed.data.entry import MAGIC, Array, is_sound, open_array, write_entry
from woodshed.data.example import Skipped
from woodshed.data.item import Describing, Item, callable_key, digest
from woodshed.errors import DataError, OutputError, ParameterError, WoodshedError, printable

_DRAFT_LIFETIME_S = 3600.0


class FeatureStore:
    """The features of many sounds, on disk.

    Parameters
    ----------
    folder
        Where the entries lie; made when it is missing. Stores of any features may share a folder.
    feature
        ``Clip -> array``: a frozen dataclass with a ``key``, or any other callable that
        `woodshed.data.item.callable_key` can identify.
    dtype
        How values are kept: ``float32`` (default), or ``float16``, which takes half the disk and keeps
        three digits (0.06 dB at -100 dB).

    Raises
    ------
    ParameterError
        If ``dtype`` is invalid, or the feature cannot be identified.
    TypeError
        If the feature is a dataclass whose class has no ``key`` of its own.
    OutputError
        If the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.item import ClipItem
    >>> from woodshed.features import LogMel
    >>> item = ClipItem(Clip(np.zeros(16000), 16000))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FeatureStore(folder, LogMel())
    ...     before = item in store
    ...     array = store.get(item)
    ...     before, array.shape, item in store
    (False, (101, 64), True)
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        feature: Callable[[Clip], Array],
        *,
        dtype: Literal["float32", "float16"] = "float32",
    ) -> None:
        if dtype not in ("float32", "float16"):
            raise ParameterError(f"FeatureStore keeps float32 or float16, got {dtype!r}.")
        self.folder = Path(folder)
        self.feature = feature
        self.dtype = dtype
        self._settings = digest(MAGIC, dtype, callable_key(feature))
        self._verified: set[str] = set()
        _make_folder(self.folder)

    def __getstate__(self) -> dict[str, Any]:
        # Another process may see another disk, and a long list would be copied with every task.
        return self.__dict__ | {"_verified": set()}

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.folder)!r}, {self.feature!r}, dtype={self.dtype!r})"

    def __contains__(self, item: Item) -> bool:
        """Whether there is a sound entry for the item."""
        return self._read(self.path(item)) is not None

    def path(self, item: Item) -> Path:
        """Return the file of an item's entry, whether it exists or not."""
        name = digest(item.key(), self._settings)
        return self.folder.joinpath(name[:2], f"{name}.npy")

    def get(self, item: Item, path: Path | None = None) -> Array:
        """Return the features of an item, computed now if they are not stored yet.

        Parameters
        ----------
        item
            See `woodshed.data.item`.
        path
            What `path` answers for the item, when it is known: a training run asks in every epoch.

        Returns
        -------
        numpy.ndarray
            What the feature gives, usually ``(n_frames, n_bands)``, read-only, of the store's dtype.
            From one mebibyte up it is mapped into memory: a part of it reads a part of the file. A
            mapped array keeps its file open, so drop it before thousands are held.

        Raises
        ------
        WoodshedError
            If the item cannot be loaded or described.
        OutputError
            If the entry cannot be written.
        """
        path = self.path(item) if path is None else path
        array = self._read(path)
        if array is None:
            self._write(path, item)
            array = self._read(path)
        if array is None:
            raise OutputError(
                f"{printable(path)} was damaged or deleted as soon as it was written. Check the disk, or "
                "choose another folder."
            )
        return array

    def fill(
        self,
        items: Sequence[Item],
        *,
        n_jobs: int = 1,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[Skipped]:
        """Compute all entries that are missing or damaged.

        Parameters
        ----------
        items
            What to describe. With several processes the items and the feature are pickled.
        n_jobs
            Number of processes; -1 takes one for each core. Each uses one thread.
        on_progress
            Called with the number of items done and the number of all, after each.

        Returns
        -------
        list of Skipped
            The items that could not be used and why, in the order of ``items``. One of them never ends
            the run; a disk that is full does.

        Raises
        ------
        OutputError
            If an entry cannot be written.
        ParameterError
            If ``n_jobs`` is 0.
        """
        import joblib

        if n_jobs == 0:
            raise ParameterError("fill expects n_jobs of 1 or more, or -1 for one process a core, got 0.")
        _remove_old_drafts(self.folder)
        skipped = []
        with joblib.parallel_config(backend="loky", n_jobs=n_jobs, inner_max_num_threads=1):
            tasks = (joblib.delayed(_fill_one)(self, item, os.getcwd()) for item in items)
            # Short sounds take milliseconds: enough of them wait at the workers' doors that none runs dry.
            reasons = joblib.Parallel(return_as="generator", pre_dispatch="16*n_jobs")(tasks)
            for n_done, (item, reason) in enumerate(zip(items, reasons, strict=True), start=1):
                if reason is not None:
                    skipped.append(Skipped(Path(item.source), reason))
                if on_progress is not None:
                    on_progress(n_done, len(items))
        return skipped

    def _read(self, path: Path) -> Array | None:
        """Open an entry; None if there is none. A damaged one is deleted, so that it is computed again."""
        try:
            with open(path, "rb") as file:
                if path.name in self._verified or is_sound(file):
                    array = open_array(path, file)
                    self._verified.add(path.name)
                    return array
        except FileNotFoundError:
            return None
        except ValueError:  # cut short after it had been verified
            pass
        except OSError as error:
            raise DataError(
                f"{printable(path)} cannot be read ({error.strerror}). Correct its permissions, or, if too "
                "many files are open, copy the arrays that you keep."
            ) from error
        self._verified.discard(path.name)
        path.unlink(missing_ok=True)
        return None

    def _write(self, path: Path, item: Item) -> None:
        """Compute an item's features and write its entry in one step."""
        _make_folder(path.parent)
        write_entry(path, self._describe(item))

    def _describe(self, item: Item) -> Iterator[Array]:
        """Yield an item's features: in one piece, or piece by piece from one that can be long."""
        pieces = item.describe(self.feature) if isinstance(item, Describing) else [self.feature(item.load())]
        for values in pieces:
            values = np.asarray(values)
            with np.errstate(over="ignore"):
                array = np.ascontiguousarray(values, dtype=self.dtype)
            if array.size == 0 or not np.isfinite(array).all():
                raise DataError(
                    f"{printable(item.source)}: {self.feature!r} gave an array of shape {values.shape} with "
                    f"{array.size - int(np.isfinite(array).sum())} values that are not finite as "
                    f"{self.dtype}. A feature must give at least one value, and finite ones."
                )
            yield array


def _fill_one(store: FeatureStore, item: Item, working_folder: str) -> str | None:
    """Make sure that an item has an entry; return why it cannot have one."""
    _go_to(working_folder)
    try:
        path = store.path(item)  # once: some items read their sound to tell their key
        if store._read(path) is None:
            store._write(path, item)
    except OutputError:
        raise
    except WoodshedError as error:
        return str(error)
    except Exception as error:  # whatever one strange file brings about must not end a long run
        return f"{printable(item.source)}: {type(error).__name__}: {error}"
    return None


def _go_to(working_folder: str) -> None:
    """Change to the caller's folder: a worker may be older than its last change, and paths relative."""
    try:
        here = os.getcwd()
    except FileNotFoundError:  # deleted under the worker's feet
        here = ""
    if here != working_folder:
        os.chdir(working_folder)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{printable(folder)} cannot be made ({error.strerror}). Give the feature store a folder "
            "that you may write to, on a disk with room."
        ) from error


def _remove_old_drafts(folder: Path) -> None:
    """Delete what earlier runs that were killed left behind; younger drafts may be another process's."""
    for place in folder.glob("*/.woodshed-*.draft"):
        try:
            if time.time() - place.stat().st_mtime > _DRAFT_LIFETIME_S:
                place.unlink(missing_ok=True)
        except OSError:  # gone meanwhile, or not ours: it does no harm where it is
            continue
