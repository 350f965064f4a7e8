"""Originality: planted copies are found, in any key; what only looks alike is not."""

from __future__ import annotations

import numpy as np
import pytest

from woodshed.errors import ParameterError
from woodshed.metrics.originality import CodeIndex, Melody, MelodyIndex


def melody(seed: int, n_notes: int = 64) -> Melody:
    rng = np.random.default_rng(seed)
    return Melody(
        rng.integers(55, 80, n_notes),
        rng.choice([0.5, 1.0], n_notes),
        np.arange(n_notes) // 8 + 1,
        f"tune {seed}",
    )


def with_copy(source: Melody, begin: int, stop: int, at: int, by: int = 0) -> Melody:
    host = melody(99)
    pitch, duration = host.pitch_midi.copy(), host.duration_beats.copy()
    pitch[at : at + stop - begin] = source.pitch_midi[begin:stop] + by
    duration[at : at + stop - begin] = source.duration_beats[begin:stop]
    return Melody(pitch, duration, host.bar, "made")


@pytest.fixture(scope="module")
def known() -> MelodyIndex:
    return MelodyIndex([melody(seed) for seed in range(30)])


@pytest.mark.parametrize("by", [0, 5, -7])
def test_a_planted_copy_is_found_in_any_key(known: MelodyIndex, by: int) -> None:
    found = known.compare(with_copy(melody(17), 8, 32, 16, by))
    assert found.source == "tune 17"
    assert found.transposed_by == by
    assert found.start <= 16
    assert found.stop >= 40
    assert found.source_start == 8 - (16 - found.start)
    assert 24 <= found.copied_notes <= 27  # by chance a neighbour may fit, too
    assert found.copied_bars == 3


def test_a_copy_counts_the_whole_bars_only(known: MelodyIndex) -> None:
    assert known.compare(with_copy(melody(3), 4, 24, 12)).copied_bars == 2  # half a bar, two bars, half


def test_one_changed_note_parts_a_copy_in_two(known: MelodyIndex) -> None:
    copy = with_copy(melody(5), 0, 33, 8)
    pitch = copy.pitch_midi.copy()
    pitch[24] += 1
    found = known.compare(Melody(pitch, copy.duration_beats, copy.bar))
    assert found.copied_notes <= 19
    assert found.copied_bars == 2


def test_other_lengths_are_no_copy(known: MelodyIndex) -> None:
    copy = with_copy(melody(5), 0, 33, 8)
    found = known.compare(Melody(copy.pitch_midi, copy.duration_beats * 3, copy.bar))
    assert found.copied_notes == 0
    assert found.new_share == 1


def test_runs_do_not_go_on_from_one_tune_into_the_next() -> None:
    first, second = melody(1), melody(2)
    both = Melody(
        np.concatenate([first.pitch_midi, second.pitch_midi]),
        np.concatenate([first.duration_beats, second.duration_beats]),
        np.concatenate([first.bar, second.bar + 8]),
    )
    assert MelodyIndex([first, second]).compare(both).copied_notes == 64


def test_all_of_a_copy_is_known_and_little_of_another_tune(known: MelodyIndex) -> None:
    assert known.compare(melody(4)).new_share == 0
    assert known.compare(melody(4)).copied_bars == 8
    assert known.compare(melody(1000)).new_share > 0.95


def test_short_melodies_and_no_melodies_are_answered(known: MelodyIndex) -> None:
    one = Melody([60], [1.0], [1])
    assert known.compare(one).copied_notes == 0
    assert np.isnan(known.compare(one).new_share)
    assert MelodyIndex([]).compare(melody(1)).copied_notes == 0


def test_a_melody_must_be_complete() -> None:
    with pytest.raises(ParameterError, match=r"must have the same shape \(n_notes,\)"):
        Melody([60, 62], [1.0], [1, 1])


@pytest.mark.parametrize(("n_codes", "length"), [(2, 300), (20, 2000), (5000, 3000)])
def test_every_run_is_the_longest_that_a_plain_search_finds(n_codes: int, length: int) -> None:
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, n_codes, length // 10) for _ in range(10)]
    row = np.concatenate([[*part, -1] for part in parts])
    starts = np.arange(10) * (length // 10 + 1)
    codes = [
        *rng.integers(0, n_codes, 10).tolist(),
        *parts[3][4:24].tolist(),
        n_codes,
        *parts[7][:5].tolist(),
    ]
    lengths, places = CodeIndex(row, starts, [""] * 10, unit="code", n_gram=4).runs(codes)
    text = "," + ",".join(map(str, row)) + ","
    for k, (run, place) in enumerate(zip(lengths.tolist(), places.tolist(), strict=True)):
        wanted = ["," + ",".join(map(str, codes[k : k + n])) + "," for n in (run, run + 1)]
        assert k + run == len(codes) or wanted[1] not in text
        assert run == 0 or text[: text.index(wanted[0])].count(",") == place
