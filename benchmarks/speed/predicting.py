"""Duration of a prediction for one sound on the command line; writes ``predicting.md`` beside this file.

    python -m benchmarks.speed.predicting [--rounds 9] [--out FILE]

A small model is trained on the recordings that come with the package. Then each of these runs in a fresh process:
``woodshed predict`` on one file, the same prediction with librosa and Keras, and an empty program. The feature
store is not used: every process reads the file and computes its spectrogram.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from benchmarks.provenance import markdown_table, parse, write_markdown
from benchmarks.speed.rounds import spread

from woodshed.data.corpora.fsdd import load as load_fsdd
from woodshed.data.sample import sample_folder

HEAVY = ("librosa", "numba", "sklearn", "matplotlib", "pandas", "keras", "tensorflow", "jax", "torch")
"""Packages that a prediction must not import: each takes from half a second to several."""

KNOWN = (*HEAVY, "numpy", "scipy", "soundfile", "soxr", "onnxruntime", "joblib", "typer", "rich")

TRAIN = """
import json, sys
from pathlib import Path
from woodshed import SpeechRecogniser
from woodshed.data.corpora.fsdd import load
from woodshed.data.sample import sample_folder
from woodshed.data.example import Sounds
examples = load(sample_folder()).examples[::5]
recogniser = SpeechRecogniser(epochs=15, n_augmentations=1)
recogniser.fit(Sounds(examples), [example.label for example in examples])
recogniser.save(Path(sys.argv[1]))
feature = recogniser.feature_
names = ("sample_rate", "n_fft", "hop_length", "n_mels", "f_min_hz", "floor_db")
settings = {name: getattr(feature, name) for name in names}
print(json.dumps(settings | {"n_frames": recogniser.n_frames, "weights": recogniser.net_.count_params()}))
"""

WOODSHED = """
import sys
from woodshed.cli import main
main(["predict", *sys.argv[1:3], "--format", "json"])
"""

IMPORTED_PACKAGES = """
import sys
from woodshed.cli import main
try:
    main(["predict", *sys.argv[1:3]])
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""

LIBROSA_AND_KERAS = """
import json, sys
import keras, librosa
import numpy as np
from woodshed.nets import layer_modules, register_layers
model, sound, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
samples, rate = librosa.load(sound, sr=settings["sample_rate"])
power = librosa.feature.melspectrogram(
    y=samples, sr=rate, n_fft=settings["n_fft"], hop_length=settings["hop_length"],
    n_mels=settings["n_mels"], fmin=settings["f_min_hz"],
)
window = 10 * np.log10(np.maximum(power.T, 10 ** (settings["floor_db"] / 10)))
missing = settings["n_frames"] - len(window)
assert missing > 0, "choose a shorter sound"
before = missing - missing // 2
window = np.pad(window, ((before, missing - before), (0, 0)), constant_values=settings["floor_db"])
register_layers(layer_modules())  # of those of the net, some are not from Keras
net = keras.models.load_model(model + "/net.keras", compile=False)
row = net.predict(window[np.newaxis], verbose=0)[0]
labels = json.loads(open(model + "/labels.json", encoding="utf-8").read())
print(json.dumps(dict(zip(labels, row.tolist()))))
"""


def run(program: str, *arguments: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Run a program in a fresh interpreter; return its duration in seconds, and its result."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    duration_s = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nA measured program failed with exit status {done.returncode}.")
    return duration_s, done


def measure(n_rounds: int) -> dict[str, object]:
    """Train a model, time the prediction with each program in every round, and list the imported packages."""
    sound = str(load_fsdd(sample_folder()).examples[0].path)
    with tempfile.TemporaryDirectory() as folder:
        settings = run(TRAIN, folder)[1].stdout.splitlines()[-1]
        ways = {
            "woodshed predict": (WOODSHED, folder, sound),
            "librosa and Keras": (LIBROSA_AND_KERAS, folder, sound, settings),
            "empty program": ("pass",),
        }
        outputs = {name: run(*way)[1].stdout for name, way in ways.items()}  # also fills the system's cache
        loaded = run(IMPORTED_PACKAGES, folder, sound)[1].stderr.split()
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(n_rounds):
            for name in list(ways)[:: -1 if number % 2 else 1]:
                seconds[name].append(run(*ways[name])[0])
    ours = json.loads(outputs["woodshed predict"])[0]["probabilities"]
    theirs = json.loads(outputs["librosa and Keras"])
    return {
        "seconds": seconds,
        "loaded": [name for name in KNOWN if name in loaded],
        "difference": max(abs(ours[name] - theirs[name]) for name in theirs),
        "weights": json.loads(settings)["weights"],
    }


def page(result: dict[str, object], n_rounds: int) -> str:
    """Return the text of the page."""
    seconds = {name: np.array(values) for name, values in result["seconds"].items()}  # type: ignore[attr-defined]
    ratio = seconds["librosa and Keras"] / seconds["woodshed predict"]
    loaded: list[str] = result["loaded"]
    wrong = [name for name in loaded if name in HEAVY]
    rows = [[name, spread(values, 2)] for name, values in seconds.items()]
    rows.append(["librosa and Keras / woodshed", spread(ratio, 2)])
    return f"""Duration of a fresh process from start to end, for one recording of a spoken digit and a net of
{result["weights"]:,} weights; files are in the system's cache. Median of {n_rounds} paired rounds (lowest–highest).

{markdown_table(["one sound, one process", "seconds"], rows)}

- Imported by `woodshed predict`, of {", ".join(KNOWN)}: {", ".join(loaded)}.
- Of those that it must not import ({", ".join(HEAVY)}): {", ".join(wrong) or "none"}.
- Both predictions agree: the largest difference of a probability is {result["difference"]:.1e}."""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parse(parser)
    result = measure(chosen.rounds)
    body = page(result, chosen.rounds)
    write_markdown(chosen.out, "Duration of a prediction for one sound", body)
    print(body)
    if set(HEAVY) & set(result["loaded"]):
        raise SystemExit("woodshed predict imports a package that it must not.")


if __name__ == "__main__":
    main()
