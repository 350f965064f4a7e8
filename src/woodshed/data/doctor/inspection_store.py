"""Measurements of sounds on disk, so that a second run on the same files decodes none of them again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from woodshed.atomic import write_whole
from woodshed.data.doctor.inspection import Inspection, inspect_sounds
from woodshed.data.example import Example, is_made
from woodshed.data.folder import create_folder
from woodshed.data.item import digest, file_digest
from woodshed.decoding import parse_json
from woodshed.errors import WoodshedError

VERSION = "inspection/2"
"""Part of every key; the number is raised when a measurement changes."""

_ARRAYS = ("print_", "views")
"""What only the slow checks measure; an inspection that has it is not stored."""


@dataclass(frozen=True)
class InspectionStore:
    """The fast measurements of sounds on disk, by the content of the file, the segment and the model's rate.

    An entry is a JSON file with the CRC-32 of its values. One that is damaged counts as missing. It may share
    its folder with a `woodshed.data.store.FeatureStore`.

    Parameters
    ----------
    folder
        Folder of the entries, created if missing.
    model_rate
        Sample rate of the model in hertz, on which `woodshed.data.doctor.inspection.Inspection.share_above`
        depends.

    Examples
    --------
    >>> import tempfile
    >>> from woodshed.data.doctor.inspection import inspect_sound
    >>> from woodshed.data.sample import sample_folder
    >>> example = Example(sample_folder() / "recordings" / "7_theo_0.flac", "7")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = InspectionStore(Path(folder), 8000)
    ...     before = store.get(example)
    ...     store.add(example, inspect_sound(example, model_rate=8000))
    ...     before, store.get(example).n_samples
    (None, 3428)
    """

    folder: Path
    model_rate: int

    def get(self, example: Example) -> Inspection | None:
        """Return the measurements of an example; None if they are not stored, or the file is unreadable."""
        try:
            checksum, text = parse_json(self._path(example).read_bytes())
            if checksum != zlib.crc32(text.encode()):
                return None
            values = parse_json(text.encode())
            inspection = Inspection(**values | {"remarks": tuple(values["remarks"])})
        except (OSError, WoodshedError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return inspection

    def add(self, example: Example, inspection: Inspection) -> None:
        """Store measurements, unless the sound is synthesised or they hold arrays.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        values = asdict(inspection)
        arrays = [values.pop(name) for name in _ARRAYS]
        if is_made(example) or any(array is not None for array in arrays):
            return
        path = self._path(example)
        create_folder(path.parent, "Choose a writable folder for the feature store.")
        text = json.dumps(values)
        write_whole(path, json.dumps([zlib.crc32(text.encode()), text]))

    def _path(self, example: Example) -> Path:
        segment = f"{example.start_s!r} {example.end_s!r}"
        name = digest(VERSION, file_digest(example.path), segment, str(self.model_rate))
        return self.folder / name[:2] / f"{name}.json"


def inspect_with_store(
    examples: Sequence[Example],
    folder: str | None,
    *,
    model_rate: int,
    n_jobs: int = 1,
    on_done: Callable[[], None] = lambda: None,
) -> list[Inspection | str]:
    """Return what `inspect_sounds` returns; sounds that were measured before are not decoded again.

    Each measurement is stored at once, so that an interrupted run loses none.

    Parameters
    ----------
    examples, model_rate, n_jobs
        As for `woodshed.data.doctor.inspection.inspect_sounds`.
    folder
        Folder of an `InspectionStore`; None stores nothing.
    on_done
        Called after each sound.
    """
    store = None if folder is None else InspectionStore(Path(folder), model_rate)
    results: dict[int, Inspection | str] = {}
    for k, example in enumerate(examples):
        inspection = None if store is None or is_made(example) else store.get(example)
        if inspection is not None:
            results[k] = inspection
            on_done()
    missing = [k for k in range(len(examples)) if k not in results]

    def keep(place: int, result: Inspection | str) -> None:
        results[missing[place]] = result
        if store is not None and isinstance(result, Inspection):
            store.add(examples[missing[place]], result)
        on_done()

    inspect_sounds([examples[k] for k in missing], model_rate=model_rate, n_jobs=n_jobs, on_done=keep)
    return [results[k] for k in range(len(examples))]
