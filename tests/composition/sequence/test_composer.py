"""Composers: learn, write the same for the same seed, obey the rules, and are the same after saving."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import woodshed
from woodshed.composition.fitting import PackedBatches
from woodshed.composition.generator import generate
from woodshed.composition.sampling import NOTHING, Sampler
from woodshed.composition.sequence.fitting import pack, pack_shuffled
from woodshed.composition.sequence.softmax_analysis import check_explainable
from woodshed.errors import (
    DataError,
    ModelFolderError,
    NotFittedError,
    ParameterError,
    SettingNameError,
)
from woodshed.symbolic.folk.vocabulary import METRES, MODES
from woodshed.tasks.tune import TuneComposer
from woodshed.tasks.tune.piece import TunePiece
from woodshed.tasks.tune.request import TuneRequest
from woodshed.tokens.folk.plan import plan_of
from woodshed.training.model_folder import record_checksums

TINY = {"width": 16, "n_layers": 1, "dropout": 0.0, "n_steps": 32, "batch_size": 2}
SCALE = "M:4/4 K:Cmaj C D E F G A B c | c B A G F E D C |"
JIG = "M:6/8 K:Cdor |: G 3 C 2 E | G 2 F E D C :|"


@pytest.fixture(scope="module")
def composer() -> TuneComposer:
    settings = TINY | {"epochs": 120, "learning_rate": 0.02}
    return TuneComposer(**settings).fit([SCALE, JIG] * 4, titles=["A scale", "A jig"] * 4)


def test_it_learns(composer: TuneComposer) -> None:
    uniform = np.log2(137)
    assert composer.bits_per_token([SCALE, JIG]) < 0.4 * uniform
    assert composer.bits_per_token([SCALE, JIG]) < composer.bits_per_token(["M:9/8 K:Cmin ^f /2 ^f /2 z 8 |"])
    assert composer.score([SCALE]) == -composer.bits_per_token([SCALE])


def test_pieces_in_company_are_known_as_well_as_alone(composer: TuneComposer) -> None:
    alone = [composer.bits_per_token([piece]) for piece in (SCALE, JIG)]
    lengths = [len(composer.encode(piece)) - 1 for piece in (SCALE, JIG)]
    assert composer.bits_per_token([SCALE, JIG]) == pytest.approx(
        np.average(alone, weights=lengths), rel=1e-5
    )


def test_the_same_seed_writes_the_same_and_another_does_not(composer: TuneComposer) -> None:
    request = TuneRequest(ends="any", max_copied_bars=-1)
    texts = [tune.generation.text for tune in generate(composer, request, 4, seed=5)]
    assert texts == [tune.generation.text for tune in generate(composer, request, 4, seed=5)]
    assert texts != [tune.generation.text for tune in generate(composer, request, 4, seed=6)]
    last = composer.sample(request, 2, seed=5, first=2)
    assert [tune.text for tune in last if isinstance(tune, TunePiece)] == texts[2:]


@pytest.mark.parametrize("seed", range(3))
def test_by_the_rules_every_bar_adds_up_and_wishes_are_met(composer: TuneComposer, seed: int) -> None:
    request = TuneRequest(metre="6/8", key="D dorian", bars=4, constrain=["bar 2 = C 2 E G 3"], ends="any")
    for tune in generate(composer, request, 3, seed=seed):
        assert tune.generation.faults == ()
        assert tune.generation.text.startswith("M:6/8 K:Cdor")
        assert "B, 2 D F 3" in tune.generation.text
        assert "C2E G3" in tune.generation.to_abc()
        assert "\nK:Ddor\n" in tune.generation.to_abc()
        assert tune.to_values()["lines"][0]["copied_bars"] <= 4


def test_what_is_written_freely_is_a_tune_all_the_same(composer: TuneComposer) -> None:
    for tune in generate(composer, TuneRequest(free=True, temperature=50.0), 24):
        metre, mode, *music = tune.generation.text.split()
        assert metre in METRES
        assert mode in MODES
        assert not {*METRES, *MODES, "<s>"} & set(music)
    (asked,) = generate(composer, TuneRequest(free=True, key="D dorian", temperature=50.0), 1)
    assert asked.generation.text.split()[1] == "K:Cdor"


def test_a_piece_is_written_the_same_alone_and_in_company(composer: TuneComposer) -> None:
    request = TuneRequest(temperature=1.5, free=True)
    together = composer.sample(request, 6, seed=2)
    assert [composer.sample(request, seed=2, first=k)[0] for k in range(6)] == together


def test_a_prime_comes_back_unchanged(composer: TuneComposer) -> None:
    prime = "M:6/8 K:Cdor |: G 3 C 2 E"
    for tune in generate(composer, TuneRequest(prime=prime, ends="any"), 3):
        assert tune.generation.text.startswith(prime)


def test_without_heat_it_writes_what_it_learned_and_says_so(composer: TuneComposer) -> None:
    (tune,) = generate(composer, TuneRequest(prime="M:6/8 K:Cdor |:", temperature=0.01, ends="any"), 1)
    assert tune.least_novel.copied_bars >= 1
    assert tune.least_novel.source == "A jig"


def test_a_tune_that_copies_too_much_is_written_anew(composer: TuneComposer) -> None:
    for tune in generate(composer, TuneRequest(max_copied_bars=0, temperature=3.0, ends="any"), 3):
        assert tune.least_novel.copied_bars == 0
    request = TuneRequest(max_copied_bars=0, prime=" ".join(JIG.split()[:-1]), ends="any")
    message = r"Only 0 of 20 samples were accepted \(copies more than 0 bars.*bars\): 20\)"
    with pytest.raises(ParameterError, match=message):
        generate(composer, request, 1)


def test_tunes_end_at_home_unless_they_need_not(composer: TuneComposer) -> None:
    anywhere = composer.sample(TuneRequest(temperature=2.0, ends="any", max_copied_bars=-1), 32)
    at_home = [piece.text for piece in anywhere if isinstance(piece, TunePiece) and piece.ends_at_home]
    assert 0 < len(at_home) < 32
    kept = generate(composer, TuneRequest(temperature=2.0, max_copied_bars=-1), 3)
    assert [tune.generation.text for tune in kept] == at_home[:3]


def test_a_tune_that_was_cut_off_is_written_anew() -> None:
    head = "M:2/4 K:Cmaj |: C 2 E 2"
    assert "no end within about 100 bars (--ends any)" in TuneRequest().rejection_reason(
        TunePiece(f"{head} | C")
    )
    assert TuneRequest().rejection_reason(TunePiece(f"{head} | G 2 C 2 :|")) == ""
    unplanned = TuneRequest(prime="M:2/4 K:Cmaj |: C 2")
    assert "no end" in unplanned.rejection_reason(TunePiece(f"{head} | G 2 C 2 |"))  # the repeat is open
    assert TuneRequest(free=True).rejection_reason(TunePiece(f"{head} | C")) == ""
    assert TuneRequest(ends="any").rejection_reason(TunePiece(f"{head} | C")) == ""
    assert "bars (--bars)" in TuneRequest(ends="any", bars=4).rejection_reason(TunePiece(f"{head} | C"))


def test_what_is_given_may_be_a_copy(composer: TuneComposer) -> None:
    assert TuneRequest().max_copied_run == 4
    assert TuneRequest(prime=JIG).max_copied_run == TuneRequest(free=True).max_copied_run == -1
    assert TuneRequest(prime=JIG, max_copied_bars=2).max_copied_run == 2


def test_it_is_the_same_after_saving(composer: TuneComposer, tmp_path: Path) -> None:
    composer.save(tmp_path / "model")
    loaded = woodshed.load(tmp_path / "model")
    assert loaded.sample_texts(2, seed=1) == composer.sample_texts(2, seed=1)
    assert loaded.known_ == composer.known_
    composer.save(tmp_path / "half", half=True)
    close = woodshed.load(tmp_path / "half").bits_per_token([SCALE, JIG])
    assert close == pytest.approx(composer.bits_per_token([SCALE, JIG]), abs=0.01)
    assert (tmp_path / "half" / "weights.npz").stat().st_size < 0.6 * (
        tmp_path / "model" / "weights.npz"
    ).stat().st_size


def test_a_damaged_folder_is_refused(composer: TuneComposer, tmp_path: Path) -> None:
    composer.save(tmp_path)
    weights = tmp_path / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-50])
    with pytest.raises(ModelFolderError, match=r"weights\.npz was changed or damaged after training"):
        woodshed.load(tmp_path)


def test_weights_that_are_not_finite_are_refused(composer: TuneComposer, tmp_path: Path) -> None:
    harmed = copy.copy(composer)
    harmed.weights_ = {name: np.full_like(array, np.nan) for name, array in composer.weights_.items()}
    harmed.save(tmp_path)
    with pytest.raises(ModelFolderError, match=r"weights\.npz is damaged: .* are NaN or infinite"):
        woodshed.load(tmp_path)


def test_pieces_that_unpack_to_too_much_are_refused(
    composer: TuneComposer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    composer.save(tmp_path)
    monkeypatch.setattr("woodshed.composition.composer.MAX_BYTES", 2**20)
    content = gzip.compress(b" " * (2**20 + 1))
    (tmp_path / "known.json.gz").write_bytes(content)
    settings = json.loads((tmp_path / "settings.json").read_text("utf-8"))
    settings["files"]["known.json.gz"] = hashlib.sha256(content).hexdigest()
    (tmp_path / "settings.json").write_text(json.dumps(settings), "utf-8")
    record_checksums(tmp_path, ["settings.json", "known.json.gz"])
    with pytest.raises(ModelFolderError, match="it unpacks to more than"):
        woodshed.load(tmp_path)


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def end(epoch: int, *_: object) -> None:
        if epoch == 1:
            raise SystemExit

    settings = TINY | {"epochs": 4}
    whole = TuneComposer(**settings).fit([SCALE, JIG] * 2)
    place = tmp_path / "state.npz"
    with pytest.raises(SystemExit):
        TuneComposer(**settings).fit([SCALE, JIG] * 2, checkpoint=place, on_epoch=end)
    resumed = TuneComposer(**settings).fit([SCALE, JIG] * 2, checkpoint=place)
    for name, values in whole.weights_.items():
        np.testing.assert_allclose(resumed.weights_[name], values, atol=1e-6)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        TuneComposer().sample()
    with pytest.raises(DataError, match="at least one piece, got none"):
        TuneComposer().fit([])
    with pytest.raises(SettingNameError, match="widht"):
        TuneComposer(widht=3)
    with pytest.raises(ParameterError, match="Unknown net 'lstm'"):
        TuneComposer(net="lstm").fit([SCALE])
    for settings in ({"temperature": 0.0}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 1.5}):
        (name,) = settings
        for refuse in (Sampler, TuneRequest):
            with pytest.raises(ParameterError, match=name):
                refuse(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metre": "7/8"}, "Unknown metre '7/8'. Known: 2/4, 3/4,"),
        ({"key": "H"}, "Invalid key 'H'"),
        ({"prime": "M:6/8 K:Cdor G 2 Q"}, "'Q', the 5th word"),
        ({"prime": "M:6/8 K:Cdor G", "metre": "9/8"}, "but M:9/8 is requested"),
        ({"prime": "G 2 E"}, "needs a metre and a mode"),
        ({"metre": "6/8", "constrain": ["bar 2 = C 2 C"]}, "3 eighths are missing"),
        ({"constrain": ["bar 2 = C 6"]}, "Fixed bars require a metre"),
        ({"metre": "6/8", "bars": 2, "constrain": ["bar 5 = C 6"]}, "Bar 5 is outside a tune of 2 bars"),
        ({"metre": "6/8", "constrain": ["bar 0 = C 6"]}, "Invalid bar 0. Bars are counted from 1"),
        ({"metre": "6/8", "constrain": ["C 6"]}, "Invalid constraint 'C 6'"),
        ({"free": True, "bars": 8}, "omit --free"),
        ({"prime": "M:6/8 K:Cdor G 3", "continue_": "mine.abc"}, "cannot be combined"),
        ({"ends": "hom"}, "Did you mean home"),
    ],
)
def test_contradictory_requests_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        TuneRequest(**settings)  # type: ignore[arg-type]


def test_packing_keeps_every_pair_and_begins_rows_with_pieces() -> None:
    rng = np.random.default_rng(0)
    pieces = [np.concatenate([[0], rng.integers(2, 9, n), [1]]) for n in (3, 9, 30, 5, 1)]
    inputs, targets = pack([(piece[:-1], piece[1:]) for piece in pieces], 12)
    assert int((targets != NOTHING).sum()) == sum(len(piece) - 1 for piece in pieces)
    pairs = [(a, b) for piece in pieces for a, b in pairwise(piece)]
    assert sorted(zip(inputs[targets >= 0], targets[targets >= 0], strict=True)) == sorted(pairs)


def test_batches_are_the_same_for_a_seed_and_others_in_the_next_epoch() -> None:
    pieces = [(np.array([0, k, k + 1]), np.array([k, k + 1, 1])) for k in range(2, 40)]
    first, again = (
        PackedBatches(partial(pack_shuffled, pieces=pieces, n_steps=12), batch_size=3, seed=4)
        for _ in range(2)
    )
    assert (first[2][0] == again[2][0]).all()
    assert not (first[0][0] == first[first.steps_per_epoch][0]).all()
    assert first[0][0].shape == (3, 12)


# -- with a plan ----------------------------------------------------------------------------------

PART = "C 2 E 2 | G 2 c 2 | C 2 E 2 | D 4 | C 2 E 2 | G 2 c 2 | E 2 D 2 | C 4"
POLKA = TunePiece(f"M:2/4 K:Cmaj |: {PART} :| |: {PART.replace('C', 'A')} :|", "G", "polka")


@pytest.fixture(scope="module")
def planned() -> TuneComposer:
    settings = TINY | {"epochs": 40, "learning_rate": 0.02, "n_steps": 128, "net": "planned-lstm"}
    return TuneComposer(**settings).fit([POLKA] * 6)


@pytest.mark.parametrize("net", ["planned-gru", "lstm-lm"])
def test_the_form_is_kept_whatever_the_net(net: str) -> None:
    composer = TuneComposer(**TINY | {"epochs": 1, "net": net}).fit([POLKA] * 2)
    asked = TuneRequest(form="AABA", ends="any", max_copied_bars=-1)
    for tune in composer.sample(asked, 3, seed=1):
        assert plan_of(tune.text).form == "AABA"
        assert tune.faults == ()


def test_tunes_have_the_type_key_and_range_of_the_request(planned: TuneComposer) -> None:
    asked = TuneRequest(type_="polka", instrument="whistle", temperature=5.0)
    for tune in planned.sample(asked, 3):
        assert (tune.tune_type, tune.tonic) == ("polka", "G")
        pitches = [note.pitch_midi for note in tune.to_score().notes]
        assert min(pitches) >= 62
        assert max(pitches) <= 83
    with pytest.raises(ParameterError, match=r"no training tunes for a reel .* Types: polka"):
        planned.sample(TuneRequest(type_="reel"))


def test_given_tokens_do_not_count_and_the_plan_tells_the_rest(planned: TuneComposer) -> None:
    inputs, targets = planned.training_row(POLKA)
    is_given = targets == NOTHING
    assert inputs.shape == (len(targets), 1 + len(planned.columns))
    assert 0.3 < is_given.mean() < 0.9  # bars that return, and bar lines after them
    assert planned.bits_per_token([POLKA]) < 0.25 * np.log2(137)
    other = TunePiece(POLKA.text.replace("G 2 c 2", "B 2 d 2"), POLKA.tonic, POLKA.tune_type)
    assert planned.bits_per_token([other]) > planned.bits_per_token([POLKA])


def test_a_net_with_a_plan_also_writes_without(planned: TuneComposer) -> None:
    row = planned.training_row(POLKA)
    rng = np.random.default_rng(0)
    varied = [planned.varied_row(row, rng) for _ in range(200)]
    free = [(inputs, targets) for inputs, targets in varied if not inputs[:, 1:].any()]
    assert 5 < len(free) < 60
    assert (free[0][1] != NOTHING).all()
    assert free[0][1].tolist() == planned.encode(POLKA)[1:].tolist()
    assert planned.sample(TuneRequest(free=True, temperature=0.5))[0].text.startswith("M:")


def test_a_net_with_a_plan_is_the_same_after_saving(planned: TuneComposer, tmp_path: Path) -> None:
    planned.save(tmp_path / "model")
    loaded = woodshed.load(tmp_path / "model")
    assert loaded.sample(seed=3) == planned.sample(seed=3)
    assert loaded.known_[0][1] == POLKA.line


def test_the_plans_of_the_last_fit_count() -> None:
    composer = TuneComposer(**TINY | {"epochs": 1}).fit([POLKA] * 2)
    assert composer.sample(TuneRequest(ends="any"))[0].tonic == "G"
    composer.fit([TunePiece(POLKA.text, "A", "polka")] * 2)
    assert composer.sample(TuneRequest(ends="any"))[0].tonic == "A"


def test_a_net_with_a_plan_is_not_explained(planned: TuneComposer) -> None:
    with pytest.raises(ParameterError, match="--net lstm-lm"):
        check_explainable(planned)
    assert planned.likelihood_name == "the model, given the plan of each tune"
    assert TuneComposer().likelihood_name == "the model"
