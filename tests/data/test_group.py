"""Groups read off names."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from woodshed.data.group import group_rule
from woodshed.errors import ParameterError


@pytest.mark.parametrize(
    ("rule", "path", "group"),
    [
        ("part:1", "seven/theo-7_0.wav", "theo"),
        ("part:2", "seven/theo-7_0.wav", "7"),
        ("part:3", "seven/theo-7_0.wav", "0"),
        ("part:4", "seven/theo-7_0.wav", None),
        ("part:2", "seven/theo__0.wav", None),
        ("part:2", "seven/7 theo 0.wav", "theo"),
        ("part:1", "seven/theo b_0.wav", "theo b"),
        ("chars:1-2", "anger/03a01Wa.wav", "03"),
        ("chars:3-9", "anger/03a01Wa.wav", None),
        ("stem", "jazz/so what - 12.wav", "so what"),
        ("stem", "jazz/so what.wav", None),
        ("stem", "jazz/12.wav", None),
        ("folder", "seven/theo/monday/0.wav", "theo"),
        ("folder", "seven/0.wav", None),
        (r"regex:take(\d+)", "seven/theo/take12/x.wav", "12"),
        (r"regex:/(\w+)/", "seven/theo/x.wav", "theo"),
        (r"regex:take(\d+)", "seven/x.wav", None),
        ("part:1", "a/caf\udce9_1.wav", r"caf\xe9"),
    ],
)
def test_rule(rule: str, path: str, group: str | None) -> None:
    assert group_rule(rule)(PurePath(path)) == group


def test_no_rule_is_no_groups() -> None:
    assert group_rule(None) is None
    assert group_rule("none") is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("folders", "There is no way to group by 'folders'. Did you mean folder?"),
        ("part:0", "a number from 1, such as part:2, got part:0"),
        ("part", "a number from 1"),
        ("chars:2-1", "two positions from 1, such as chars:1-2, got chars:2-1"),
        ("chars:2", "two positions from 1"),
        ("tag:artits", "Unknown tag 'artits' to group by. Did you mean artist?"),
        ("regex:(", "not a regular expression"),
        ("regex:abc", r"has no group \(...\)"),
    ],
)
def test_a_wrong_rule_says_how_to_write_it(rule: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        group_rule(rule)
