"""What many tests share: where the data are, sounds whose answers are known, and models trained once."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from woodshed.clip import Clip
from woodshed.data.example import Corpus, Sounds
from woodshed.data.folder import read_folder
from woodshed.data.sample import sample_folder

if TYPE_CHECKING:
    from woodshed.recognition.estimator import Recogniser
    from woodshed.tasks.chorale import ChoraleComposer
    from woodshed.tasks.tune import TuneComposer

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as `require_keras`

# Two processes that fill one numba cache can crash (numba issue 10128): each test process has its own.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "numba" / _WORKER)

# A shell starts background jobs without Ctrl-C, which some tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TINY: dict[str, Any] = {
    "net": "mlp",
    "width": 32,
    "n_mels": 16,
    "window_s": 0.35,
    "epochs": 20,
    "batch_size": 9,
    "learning_rate": 0.01,
    "n_augmentations": 2,
    "augment": 0.2,
}
"""Settings with which any task learns the made-up sounds in a second or two."""

TOY_LABELS = ("fall", "pulse", "rise")
TOY_RATE = 8000
TOY_S = 0.35


TRAINED = {"fitted", "speech", "train_run", "model_folder", "tune_composer"}
"""Fixtures that train a network when they are first asked for."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs a trained network as one that trains."""
    for item in items:
        if TRAINED & set(getattr(item, "fixturenames", ())):
            item.add_marker("train")


@dataclass(frozen=True)
class Toy:
    """Made-up sounds that are easy to tell apart by how they move, from several 'voices'."""

    clips: list[Clip]
    labels: list[str]
    groups: list[str]


@dataclass(frozen=True)
class Finished:
    """What a command line answered."""

    code: int
    out: str
    err: str


def toy_clip(label: str, base_hz: float, rng: np.random.Generator, sample_rate: int = TOY_RATE) -> Clip:
    """Make one sound: a tone that rises or falls by an octave, or that is switched on and off."""
    time_s = np.arange(round(TOY_S * sample_rate)) / sample_rate
    part = time_s / TOY_S
    octave = {"rise": part, "fall": 1 - part, "pulse": np.full_like(part, 0.5)}[label]
    phase = 2 * np.pi * np.cumsum(base_hz * 2**octave) / sample_rate
    envelope = (np.sin(2 * np.pi * 4 * part) > 0) if label == "pulse" else np.sin(np.pi * part)
    samples = rng.uniform(0.2, 0.8) * envelope * np.sin(phase) + rng.normal(0, 1e-3, time_s.size)
    return Clip(samples, sample_rate, f"{label} at {base_hz:.0f} Hz")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets beside the checkout, or skip."""
    place = os.environ.get("WOODSHED_DATA")
    folder = Path(place) if place else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the data sets are not here: set WOODSHED_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def sample_corpus_folder() -> Path:
    """Return the folder of the recordings that come with woodshed."""
    return sample_folder()


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep computed features away from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WOODSHED_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def make_toy() -> Callable[..., Toy]:
    """Return a function that makes ``n`` sounds of each class; other seeds make other sounds."""

    def make(n: int, *, seed: int = 0, sample_rate: int = TOY_RATE) -> Toy:
        rng = np.random.default_rng(seed)
        voices = {"ann": 500.0, "bob": 700.0}
        rows = [(label, who) for k in range(n) for label in TOY_LABELS for who in [list(voices)[k % 2]]]
        clips = [
            toy_clip(label, voices[who] * rng.uniform(0.9, 1.1), rng, sample_rate) for label, who in rows
        ]
        return Toy(clips, [label for label, _ in rows], [who for _, who in rows])

    return make


@pytest.fixture(scope="session")
def toy(make_toy: Callable[..., Toy]) -> Toy:
    """Return the sounds that are learned from: nine of each of three classes, from two voices."""
    return make_toy(9)


@pytest.fixture(scope="session")
def unseen_toy(make_toy: Callable[..., Toy]) -> Toy:
    """Return sounds of the same kind that no model has learned from."""
    return make_toy(6, seed=99)


@pytest.fixture(scope="session")
def toy_folder(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of class folders with the sounds that are learned from, named TAKE_VOICE.wav."""
    return write_toy(toy, tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def unseen_folder(unseen_toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of class folders with the sounds that were not learned from."""
    return write_toy(unseen_toy, tmp_path_factory.mktemp("unseen"))


def write_toy(toy: Toy, folder: Path) -> Path:
    """Write sounds as files that hold exactly their samples."""
    import soundfile

    for k, (clip, label, group) in enumerate(zip(toy.clips, toy.labels, toy.groups, strict=True)):
        path = folder / label / f"{k:03}_{group}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, clip.samples.T, clip.sample_rate, subtype="FLOAT")
    return folder


@pytest.fixture(scope="session")
def toy_corpus(toy_folder: Path) -> Corpus:
    """Return the sounds that are learned from as a corpus of files, in the order of their folders."""
    return read_folder(toy_folder, group_by="part:2")


@pytest.fixture(scope="session")
def tiny() -> dict[str, Any]:
    """Return settings with which any task learns the made-up sounds in a second or two."""
    return dict(TINY)


@pytest.fixture(scope="session")
def fitted(toy_corpus: Corpus) -> Callable[..., Recogniser]:
    """Return a function that gives the one trained model of a job and net, learned from clips in a list."""
    from woodshed.tasks import task_class

    @functools.cache
    def fit(task: str, net: str = "mlp") -> Recogniser:
        # A made-up sound strung to a phrase, as the job of instruments does, is no longer what it was.
        versions = {"n_augmentations": 1} if task == "instrument" else {}
        recogniser = task_class(task)(**TINY | {"net": net} | versions)
        return recogniser.fit(list(Sounds(toy_corpus.examples)), toy_corpus.labels)

    return fit


@pytest.fixture(scope="session")
def speech(fitted: Callable[..., Recogniser]) -> Recogniser:
    """Return the trained speech recogniser. Read-only: other tests ask it too."""
    return fitted("speech")


@pytest.fixture(scope="session")
def tune_composer() -> TuneComposer:
    """Return a tiny composer that has learned a scale, a jig and a slide by heart. Read-only."""
    from woodshed.tasks.tune import TuneComposer

    tunes = {
        "A scale": "M:4/4 K:Cmaj C D E F G A B c | c B A G F E D C | C 8 |",
        "A jig": "M:6/8 K:Cdor |: G 3 C 2 E | G 2 F E D C | G 6 :|",
        "A slide": "M:12/8 K:Cmix c 3 B 3 c 2 d e 3 | c 3 G 3 E 6 |",
    }
    settings = {"width": 16, "n_layers": 1, "dropout": 0.0, "n_steps": 32, "batch_size": 2}
    composer = TuneComposer(**settings, epochs=60, learning_rate=0.02, validation_share=0.2)
    return composer.fit([*tunes.values()] * 4, titles=[*tunes] * 4)


@pytest.fixture(scope="session")
def cli() -> Callable[..., Finished]:
    """Return a function that runs ``woodshed`` with its arguments in this process."""

    def run(*arguments: object) -> Finished:
        from woodshed.cli import main

        out, err = io.StringIO(), io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            stack.enter_context(warnings.catch_warnings())  # the command line shows warnings as notes
            warnings.filterwarnings("default", message=".*(left out|ended without finishing)")
            with pytest.raises(SystemExit) as exit_:
                main([os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in arguments])
        code = exit_.value.code
        return Finished(
            code if isinstance(code, int) else int(code is not None), out.getvalue(), err.getvalue()
        )

    return run


@pytest.fixture(scope="session")
def train_arguments(toy_folder: Path) -> list[object]:
    """Return what a small ``woodshed train`` is asked, but for ``--out``: two honest folds, a leaky one."""
    flags = [(f"--{name.replace('_', '-')}", value) for name, value in {**TINY, "epochs": 8}.items()]
    asked = ["train", toy_folder, "--task", "speech", "--split", "random", "--group-by", "part:2"]
    return [*asked, *(word for flag in flags for word in flag)]


@pytest.fixture(scope="session")
def train_run(
    cli: Callable[..., Finished], train_arguments: list[object], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Finished]:
    """Return the folder of a model trained by the command line, and what was printed. Read-only."""
    folder = tmp_path_factory.mktemp("models") / "toy"
    return folder, cli(*train_arguments, "--out", folder)


@pytest.fixture(scope="session")
def model_folder(train_run: tuple[Path, Finished]) -> Path:
    """Return the folder of a model trained by the command line. Read-only: copy it to change it."""
    folder, finished = train_run
    assert finished.code == 0, finished.err
    return folder


@pytest.fixture(scope="session")
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a program text in a fresh Python, with arguments."""

    def run(program: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, *map(os.fspath, map(str, arguments))],
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )

    return run


FOUR_CHORDS = ((72, 67, 64, 48), (71, 67, 62, 55), (72, 69, 65, 53), (74, 67, 59, 55))
"""Each with a soprano of its own but C, which has two."""


@pytest.fixture(scope="session")
def chord_pieces() -> list[np.ndarray]:
    """Return pieces made of four chords in any order."""
    rng = np.random.default_rng(0)
    return [np.array(FOUR_CHORDS)[rng.integers(0, 4, 24)] for _ in range(12)]


@pytest.fixture(scope="session")
def chorale_composer(chord_pieces: list[np.ndarray]) -> ChoraleComposer:
    """Return a composer that knows which voices go with a soprano in these pieces."""
    from woodshed.tasks.chorale import ChoraleComposer

    made = ChoraleComposer(
        width=32, n_layers=1, dropout=0, epochs=40, steps_per_beat=1, n_steps=16, validation_share=0,
        learning_rate=0.01,
    )  # fmt: skip
    return made.fit(chord_pieces, titles=[f"chorale {k}" for k in range(len(chord_pieces))])
