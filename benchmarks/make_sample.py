"""Write the sample of the Free Spoken Digit Dataset that woodshed ships.

    python benchmarks/make_sample.py FSDD_FOLDER src/woodshed/sample/fsdd

The sample has the same number of recordings of every digit by every speaker: as many as fit into the budget, spread
evenly over the indices 0 to 49 of the corpus, so that it includes some of the official test set (0 to 4). FLAC
files are copied byte for byte; WAV files are converted without loss.
"""

from __future__ import annotations

import argparse
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile

from woodshed.data.corpora import fsdd
from woodshed.data.example import Example

BUDGET_BYTES = 3_600_000
N_INDICES = 50
COMMIT = "26eb9aaf76e8"

LICENSE = """\
The recordings in this folder are licensed under the Creative Commons
Attribution-ShareAlike 4.0 International licence (CC BY-SA 4.0):

    https://creativecommons.org/licenses/by-sa/4.0/legalcode

You may share and adapt them, also commercially, if you name their authors (see
ATTRIBUTION.md), link to the licence, say what you changed, and pass on what you
make from them under the same licence. They come without warranty.

This licence is for the recordings only; woodshed itself has its own.
"""

ATTRIBUTION = """\
# Free Spoken Digit Dataset: a balanced sample

- Work and authors: {citation}.
- From: <{url}>, commit {commit}.
- Licence: CC BY-SA 4.0 (LICENSE.txt).
- Kept: {n_files} of the 3,000 recordings: {n_speakers} speakers × 10 digits × {n_kept} (indices {indices}).
  The official test set is indices 0 to 4; of it, {test} are here.
- Changed: WAV converted to FLAC without loss; nothing else. Files keep their names.
"""


def main() -> None:
    """Read the arguments and write the sample."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("fsdd", type=Path, help="folder of the whole corpus")
    parser.add_argument("output", type=Path, help="folder to write; an existing one is replaced")
    arguments = parser.parse_args()
    by_index: defaultdict[int, list[Example]] = defaultdict(list)
    for example in fsdd.load(arguments.fsdd).examples:
        by_index[int(example.path.stem.rpartition("_")[2])].append(example)
    kept = largest_fit({index: total_bytes(examples) for index, examples in by_index.items()}, BUDGET_BYTES)
    recordings = arguments.output / "recordings"
    shutil.rmtree(arguments.output, ignore_errors=True)
    recordings.mkdir(parents=True)
    examples = [example for index in kept for example in by_index[index]]
    for example in examples:
        copy_as_flac(example.path, recordings / f"{example.path.stem}.flac")
    (arguments.output / "LICENSE.txt").write_text(LICENSE, encoding="utf-8")
    text = ATTRIBUTION.format(
        citation=fsdd.FACTS.citation,
        url=fsdd.FACTS.url,
        commit=COMMIT,
        n_files=len(examples),
        n_speakers=len({example.group for example in examples}),
        n_kept=len(kept),
        indices=", ".join(map(str, kept)),
        test=", ".join(str(index) for index in kept if index < fsdd.N_TEST_INDICES),
    )
    (arguments.output / "ATTRIBUTION.md").write_text(text, encoding="utf-8")
    size = sum(path.stat().st_size for path in arguments.output.rglob("*") if path.is_file())
    print(f"{len(examples)} recordings, indices {kept}, {size / 1e6:.2f} MB in {arguments.output}")


def largest_fit(bytes_of_index: dict[int, int], budget: int) -> list[int]:
    """Return the longest evenly spread list of indices whose files fit into the budget."""
    for n_kept in range(N_INDICES, 0, -1):
        indices = sorted({round(k) for k in np.linspace(0, N_INDICES - 1, n_kept)})
        if sum(bytes_of_index[index] for index in indices) <= budget:
            return indices
    raise SystemExit("Not even one recording of each digit and speaker fits.")


def total_bytes(examples: list[Example]) -> int:
    """Return the size of the files on disk."""
    return sum(example.path.stat().st_size for example in examples)


def copy_as_flac(source: Path, target: Path) -> None:
    """Copy a FLAC file, or convert a 16-bit WAV file."""
    if source.suffix == ".flac":
        shutil.copyfile(source, target)
        return
    samples, sample_rate = soundfile.read(source, dtype="int16")
    soundfile.write(target, samples, sample_rate, subtype="PCM_16")


if __name__ == "__main__":
    main()
