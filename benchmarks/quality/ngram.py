"""How well n-grams know held-out folk tunes, in bits per token: the plain baseline of a model of tokens."""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.provenance import data_folder, markdown_table
from woodshed.data.tunes import read_tunes, split_by_family
from woodshed.metrics.ngram import bits_per_token
from woodshed.tokens.folk import FolkAbc

ORDERS = range(1, 9)


def main() -> None:
    """Print bits per token on the held-out families for each order, and the best order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    given = parser.parse_args()
    tunes = read_tunes(data_folder(given.data) / "nottingham").tunes
    folk = FolkAbc()
    scores = np.zeros((len(given.seeds), len(ORDERS)))
    for row, seed in enumerate(given.seeds):
        train, test = (
            [folk.encode(tune.text) for tune in part] for part in split_by_family(tunes, seed=seed)
        )
        print(f"seed {seed}: {len(train)} tunes to learn from, {len(test)} held out", flush=True)
        for k, order in enumerate(ORDERS):
            scores[row, k] = bits_per_token(train, test, order=order, n_tokens=len(folk.vocabulary))
    means, spreads = scores.mean(axis=0), scores.std(axis=0)
    rows = [[str(n), f"{means[k]:.3f} ± {spreads[k]:.3f}"] for k, n in enumerate(ORDERS)]
    print(markdown_table(["order", "bits per token"], rows))
    print(f"best order: {ORDERS[int(means.argmin())]}")


if __name__ == "__main__":
    main()
