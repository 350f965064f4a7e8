"""How good the tune model that comes with woodshed is: held-out tunes, and a thousand of its own."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.provenance import markdown_table, write_markdown
from benchmarks.quality.tune_tokens import ngram_bits
from woodshed.composition.composer import Composer
from woodshed.composition.generation import EvaluatedGeneration
from woodshed.composition.generator import generate
from woodshed.symbolic import abc_to_score
from woodshed.symbolic.midi import read_midi
from woodshed.tasks import load
from woodshed.tasks.shipped import shipped_folder
from woodshed.tasks.tune.families import read_tunes
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.request import TuneRequest

NOTES = Path(__file__).with_name("tune_notes.md")
ABC2MIDI = "abc2midi"
"""A program that plays ABC, asked where it is installed (Debian: ``abcmidi``)."""


def held_out(composer: Composer) -> list[str]:
    """Return the tunes of the collections that the model did not learn from: whole families.

    A tune that is read in another way than when the model learned it is told by its name.
    """
    names, texts = ({one[k] for one in composer.known_} for k in (0, 1))
    return [
        tune.text
        for tune in read_tunes().tunes
        if tune.text not in texts and f"{tune.title} ({tune.collection})" not in names
    ]


def opens(tune: EvaluatedGeneration) -> bool:
    """Whether music21, which shares no code with us, reads the notes that we mean."""
    import music21

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = music21.converter.parse(tune.generation.to_abc(tune.title), format="abc")
        pitches = [note.pitch.midi for note in read.flatten().notes if note.isNote]
    score = abc_to_score(tune.generation.to_abc(tune.title), repeats=False)
    return bool(pitches) and set(pitches) <= {note.pitch_midi for note in score.notes}


def opens_in_abc2midi(tune: EvaluatedGeneration) -> bool:
    """Whether abc2midi (J. Allwright and S. Shlien), a program in C, plays the notes that we mean."""
    with tempfile.TemporaryDirectory() as folder:
        abc, midi = Path(folder) / "tune.generation.to_abc(tune.title)", Path(folder) / "tune.mid"
        abc.write_text(tune.generation.to_abc(tune.title), encoding="utf-8")
        told = subprocess.run([ABC2MIDI, abc, "-o", midi], capture_output=True, text=True, check=False)
        if "Error" in told.stdout + told.stderr or not midi.exists():
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
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    options = parser.parse_args()
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
                f"The model that comes with woodshed, and {len(test)} tunes of O'Neill, Ryan and Aird that it did not "
                f"learn from: whole families, so that no version of them was heard. N-grams (Kneser-Ney) learned from "
                f"the same {len(composer.known_):,} tunes.",
                markdown_table(
                    ["what predicts", "bits a token"],
                    [["the model", f"{bits:.3f}"]]
                    + [[f"n-gram, order {n}", f"{value:.3f}"] for n, value in ngrams.items()],
                ),
                f"Asked: the best n-gram minus 0.5, which is {ngrams[best] - 0.5:.3f}. Reached: "
                f"{'yes' if bits <= ngrams[best] - 0.5 else 'no'}.",
                f"## {options.samples} tunes, temperature 1, seed {options.seed}",
                markdown_table(
                    ["share of tunes", "by the rules", "free", "asked"],
                    sample_rows(tunes, free),
                ),
                "By the rules is what `woodshed generate` does: a token that would leave a bar wrong is not "
                "possible, and a tune that copies more than four bars in a row, or ends elsewhere, is written "
                "anew. Free is what the net writes by itself. Of the tunes that it learned from, "
                f"{np.mean([composer.to_generation(text).ends_at_home for _, text in composer.known_]):.3f} end on the "
                "tonic or the dominant.",
                NOTES.read_text("utf-8"),
            ]
        ),
    )


def sample_rows(tunes: list[EvaluatedGeneration], free: list[EvaluatedGeneration]) -> list[list[str]]:
    """Return what is counted of the tunes, both ways."""
    counts = {
        "opens in music21, with our pitches": (opens, "1"),
        **(
            {f"plays in {ABC2MIDI}, with our pitches": (opens_in_abc2midi, "1")}
            if shutil.which(ABC2MIDI)
            else {}
        ),
        "all bars add up": (lambda tune: not tune.generation.faults, "≥ 0.99"),
        "ends on the tonic or the dominant": (ends_at_home, "≥ 0.90"),
        "more than 4 copied bars in a row": (lambda tune: tune.least_novel.copied_bars > 4, "≤ 0.02"),
    }
    rows = []
    for name, (holds, asked) in counts.items():
        shares = []
        for group in (tunes, free):
            answers = Counter(_safely(holds, tune) for tune in group)
            shares.append(f"{answers[True] / len(group):.3f}")
        rows.append([name, *shares, asked])
    for name, value in (
        ("copied bars in a row, mean", lambda tune: tune.least_novel.copied_bars),
        ("new passages of 8 notes, mean", lambda tune: tune.least_novel.new_share),
    ):
        rows.append(
            [name, *(f"{np.nanmean([value(tune) for tune in group]):.2f}" for group in (tunes, free)), "–"]
        )
    return rows


def ends_at_home(tune: EvaluatedGeneration) -> bool:
    """Whether the last note is the tonic or the dominant."""
    return isinstance(tune.generation, TunePiece) and tune.generation.ends_at_home


def _safely(holds: object, tune: EvaluatedGeneration) -> bool:
    try:
        return bool(holds(tune))  # type: ignore[operator]
    except Exception:  # whatever another program does with it, it did not open
        return False


if __name__ == "__main__":
    main()
