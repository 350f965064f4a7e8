"""Quality of the shipped tune model: likelihood of held-out tunes, and a thousand generated ones."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.quality.tune_tokens import ngram_bits
from woodshed.composition.composer import Composer
from woodshed.composition.generation import EvaluatedGeneration
from woodshed.composition.generator import generate
from woodshed.symbolic import abc_to_score
from woodshed.symbolic.midi import read_midi
from woodshed.tasks import load
from woodshed.tasks.shipped import shipped_folder
from woodshed.tasks.tune import read_tunes_corpus
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.request import TuneRequest

NOTES = Path(__file__).with_name("tune_notes.md")
ABC2MIDI = "abc2midi"
"""Program that converts ABC to MIDI, used where it is installed (Debian: ``abcmidi``)."""


def held_out(composer: Composer) -> list[str]:
    """Return the tunes of the collections that are not in the training data: whole families.

    A tune whose text has changed since the training is recognised by its name.
    """
    names, texts = ({one[k] for one in composer.known_} for k in (0, 1))
    corpus = read_tunes_corpus("folk")
    return [
        text
        for text, name in zip(corpus.pieces, corpus.titles, strict=True)
        if text not in texts and name not in names
    ]


def opens(tune: EvaluatedGeneration) -> bool:
    """Return whether music21, an independent reader, reads the intended pitches."""
    import music21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = music21.converter.parse(tune.generation.to_abc(tune.title), format="abc")
        pitches = [note.pitch.midi for note in read.flatten().notes if note.isNote]
    score = abc_to_score(tune.generation.to_abc(tune.title), repeats=False)
    return bool(pitches) and set(pitches) <= {note.pitch_midi for note in score.notes}


def opens_in_abc2midi(tune: EvaluatedGeneration) -> bool:
    """Return whether abc2midi (J. Allwright and S. Shlien), an independent program, plays the intended pitches."""
    with tempfile.TemporaryDirectory() as folder:
        abc, midi = Path(folder) / "tune.abc", Path(folder) / "tune.mid"
        abc.write_text(tune.generation.to_abc(tune.title), encoding="utf-8")
        done = subprocess.run([ABC2MIDI, abc, "-o", midi], capture_output=True, text=True, check=False)
        if "Error" in done.stdout + done.stderr or not midi.exists():
            return False
        played = {note.pitch_midi for note in read_midi(midi).notes}
    return played == {
        note.pitch_midi for note in abc_to_score(tune.generation.to_abc(tune.title), repeats=False).notes
    }


def main() -> None:
    """Measure and write ``tune.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parse(parser)
    composer = load(shipped_folder("tune"))
    test = held_out(composer)
    ngrams = ngram_bits([text for _, text in composer.known_], test)
    best = min(ngrams, key=lambda order: ngrams[order])
    bits = composer.bits_per_token(test)
    tunes = generate(composer, TuneRequest(), options.samples, seed=options.seed)
    free = generate(composer, TuneRequest(free=True), options.samples, seed=options.seed)
    write_markdown(
        options.out,
        "Quality: folk tunes",
        "\n\n".join(
            [
                f"The shipped model on {len(test)} held-out tunes of O'Neill, Ryan and Aird: whole families, so that no "
                "version of them is in the training data. N-grams (Kneser-Ney) were trained on "
                f"the same {len(composer.known_):,} tunes as the model.",
                markdown_table(
                    ["predictor", "bits per token"],
                    [["the model", f"{bits:.3f}"]]
                    + [[f"n-gram, order {n}", f"{value:.3f}"] for n, value in ngrams.items()],
                ),
                f"To reach: the best n-gram minus 0.5, which is {ngrams[best] - 0.5:.3f}. Reached: "
                f"{'yes' if bits <= ngrams[best] - 0.5 else 'no'}.",
                f"## {options.samples} tunes, temperature 1, seed {options.seed}",
                markdown_table(
                    ["share of tunes", "constrained", "free", "to reach"],
                    sample_rows(tunes, free),
                ),
                "Constrained, as `woodshed generate` does: tokens that would make a bar wrong are excluded, and a tune "
                "that copies more than four bars in a row, or does not end on the tonic or the dominant, is generated "
                "again. Free: sampling without constraints. Of the training tunes, "
                f"{np.mean([composer.to_generation(text).ends_at_home for _, text in composer.known_]):.3f} end on the "
                "tonic or the dominant.",
                NOTES.read_text("utf-8"),
            ]
        ),
    )


def sample_rows(tunes: list[EvaluatedGeneration], free: list[EvaluatedGeneration]) -> list[list[str]]:
    """Return the rows of the table, for both kinds of sampling."""
    counts = {
        "opens in music21, with the intended pitches": (opens, "1"),
        **(
            {f"plays in {ABC2MIDI}, with the intended pitches": (opens_in_abc2midi, "1")}
            if shutil.which(ABC2MIDI)
            else {}
        ),
        "all bars add up": (lambda tune: not tune.generation.faults, "≥ 0.99"),
        "ends on the tonic or the dominant": (ends_at_home, "≥ 0.90"),
        "more than 4 copied bars in a row": (lambda tune: tune.least_novel.copied_bars > 4, "≤ 0.02"),
    }
    rows = []
    for name, (holds, to_reach) in counts.items():
        shares = []
        for group in (tunes, free):
            results = Counter(_safely(holds, tune) for tune in group)
            shares.append(f"{results[True] / len(group):.3f}")
        rows.append([name, *shares, to_reach])
    for name, value in (
        ("copied bars in a row, mean", lambda tune: tune.least_novel.copied_bars),
        ("new passages of 8 notes, mean", lambda tune: tune.least_novel.new_share),
    ):
        rows.append(
            [name, *(f"{np.nanmean([value(tune) for tune in group]):.2f}" for group in (tunes, free)), "–"]
        )
    return rows


def ends_at_home(tune: EvaluatedGeneration) -> bool:
    """Return whether the last note is the tonic or the dominant."""
    return isinstance(tune.generation, TunePiece) and tune.generation.ends_at_home


def _safely(holds: object, tune: EvaluatedGeneration) -> bool:
    try:
        return bool(holds(tune))  # type: ignore[operator]
    except Exception:  # any failure of another program counts as not opened
        return False


if __name__ == "__main__":
    main()
