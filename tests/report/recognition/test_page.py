from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, roc_auc_score

from woodshed.data.example import Corpus
from woodshed.errors import OutputError, ParameterError
from woodshed.recognition.experiments.result import Experiment, SplitResult
from woodshed.report.recognition.page import page, write_page

VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """Reads a page as a browser would, and keeps what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {}
        self.headline = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        if any(tag == "header" for tag, _ in self.open):
            self.headline += data
        for tag, attributes in self.open:
            if tag == "section":
                self.sections[str(attributes["id"])] = self.sections.get(str(attributes["id"]), "") + data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text(experiment: Experiment) -> str:
    return page(experiment)


@pytest.fixture(scope="module")
def read(text: str) -> Reader:
    return Reader(text)


def rows_of(text: str, section: str) -> list[list[str]]:
    """Return the text of the cells of a section's tables, without the small print."""
    part = text.split(f'<section id="{section}">')[1].split("</section>")[0]
    part = re.sub(r'<span class="sub">.*?</span>', "", part)
    rows = re.findall(r"<tr.*?</tr>", part)
    return [
        [re.sub(r"<.*?>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows
    ]


def test_every_tag_is_closed(read: Reader) -> None:
    assert read.open == []
    assert len(read.all("section")) == 9


def test_nothing_is_loaded_from_anywhere(text: str, read: Reader) -> None:
    for tag, attributes in read.tags:
        for name in ("src", "href", "srcset", "poster", "action", "data"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value)
    style = text.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    addresses = set(re.findall(r"https?://[^\"' ]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a language, not a place


def test_policy_allows_only_this_style_and_this_script(text: str, read: Reader) -> None:
    import hashlib

    [policy] = [m["content"] for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        inner = text.split(f"<{tag}>")[1].split(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not any("style" in attributes or "onclick" in attributes for _, attributes in read.tags)


def test_names_from_the_data_stay_text(text: str, read: Reader) -> None:
    assert len(read.all("script")) == 1
    assert not any("onerror" in attributes for _, attributes in read.tags)
    assert not read.all("i")
    assert "&lt;b&gt;&amp;&quot;&#x27;.wav" in text
    assert "&lt;img src=x onerror=alert(2)&gt;.wav" in text
    assert "caf\\xe9.wav" in text
    assert "<script>alert(1)</script>" in read.sections["classes"]  # seen by people as it is
    text.encode("utf-8")


def test_headline_says_it_in_words(read: Reader) -> None:
    # 38 of 48 are right, 24 of 48 by the SVM, 12 of 48 by always saying the first class
    assert "Accuracy on unseen groups: 79 %" in read.headline
    assert "tested on 48 clips of 6 groups" in read.headline
    assert "Baselines: SVM on summary features 50 %, majority class 25 %." in read.headline
    assert "leaky" not in read.headline


def test_scores_are_those_of_scikit_learn(text: str, experiment: Experiment, honest: SplitResult) -> None:
    rows = rows_of(text, "scores")
    assert rows[1][0].startswith("unseen groups")
    assert [row[0] for row in rows[2:5]] == ["net", "SVM on summary features", "majority class"]
    assert rows[5][0].startswith("random half")
    order = np.argsort(experiment.names)
    truth = np.array(experiment.names)[honest.truth.argmax(axis=1)]
    for row, given in zip(rows[2:5], honest.outputs.values(), strict=True):
        answer = np.array(experiment.names)[given.argmax(axis=1)]
        classes = np.sort(experiment.names)
        expected = [
            f"{np.mean(answer == truth):.1%}",
            f"{balanced_accuracy_score(truth, answer):.1%}",
            f"{f1_score(truth, answer, average='macro', zero_division=0):.1%}",
            f"{log_loss(truth, given[:, order], labels=classes):.3f}",
            f"{roc_auc_score(truth, given[:, order], multi_class='ovr', labels=classes):.3f}",
        ]
        assert [cell.replace(" ", "") for cell in row[1:]] == expected


def test_leaky_stands_beside_every_number_of_the_leaky_split_and_no_other(text: str) -> None:
    rows = rows_of(text, "scores")
    leaky = [k for k, row in enumerate(rows) if any("leaky" in cell for cell in row)]
    assert leaky == [5, 6, 7]
    assert all(cell.endswith("leaky") for row in rows[6:8] for cell in row[1:])
    assert text.count('class="badge"') == 1 + 2 * 5
    assert text.count("Leaky: some speakers") == 1 + text.count('title="Leaky: some speakers')


@pytest.mark.parametrize(("state", "badge"), [(None, "groups unknown"), (True, "leaky")])
def test_a_split_that_is_not_honest_is_marked_in_every_section(
    experiment: Experiment, honest: SplitResult, state: bool | None, badge: str
) -> None:
    marked = Reader(page(replace(experiment, splits=(replace(honest, leaky=state),)), max_confused=0))
    assert f"79 % {badge}" in marked.headline
    assert f"25 % {badge}" in marked.headline
    assert (
        len(re.findall(rf"\d+ % \([\d–]+ %\) {badge}", marked.headline)) == 3
    )  # beside each dot of the chart
    for name in ("scores", "confusion", "classes", "roc", "groups", "learning", "reliability"):
        assert badge in marked.sections[name]
    assert badge not in marked.sections["background"]


def test_every_confused_clip_is_in_the_page_once(text: str, read: Reader, experiment: Experiment) -> None:
    sounds = [str(audio["src"]) for audio in read.all("audio")]
    assert len(sounds) == len(set(sounds)) == 10
    rates_hz = []
    for sound in sounds:
        header, content = sound.split(",")
        assert header == "data:audio/flac;base64"
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
        assert (rate, samples.ndim, samples.size) == (16000, 1, 4800)
        rates_hz.append(np.abs(np.fft.rfft(samples)).argmax() / 0.3)
    expected_hz = [200 + 15 * k for k in (0, 1, 2, 3, 4, 10, 11, 20, 30, 40)]
    assert np.allclose(sorted(rates_hz), expected_hz, atol=4)


def test_each_wrong_cell_opens_its_own_clips(read: Reader, text: str) -> None:
    buttons = [button for button in read.all("button") if "data-cell" in button]
    panels = {str(div["id"]) for div in read.all("div") if div.get("class") == "panel"}
    assert {button["data-cell"] for button in buttons} == panels
    assert {button["aria-controls"] for button in buttons} == panels
    assert sum(int(str(button["aria-label"]).split()[0]) for button in buttons) == 10
    assert sum("data-first" in button for button in buttons) == 1
    for panel in text.split('class="panel"')[1:]:
        sureness = [
            float(found) for found in re.findall(r'class="miss">.*?class="unbroken">([\d.]+) %', panel)
        ]
        assert sureness == sorted(sureness, reverse=True)
        assert sureness


def test_max_confused_bounds_the_sounds_but_not_the_names(experiment: Experiment) -> None:
    few = page(experiment, max_confused=3)
    read = Reader(few)
    assert len(read.all("audio")) == 3
    assert "(audio of 3 is embedded)" in read.sections["confusion"]
    assert few.count("Without audio: ") >= 1
    assert len(Reader(page(experiment, max_confused=0)).all("audio")) == 0
    with pytest.raises(ParameterError, match="max_confused must be 0 or more, got -1"):
        page(experiment, max_confused=-1)


def test_a_clip_that_is_gone_is_told_and_the_page_goes_on(experiment: Experiment) -> None:
    examples = list(experiment.corpus.examples)
    examples[10] = replace(examples[10], path=Path("gone & lost.wav"))
    gone = page(replace(experiment, corpus=replace(experiment.corpus, examples=tuple(examples))))
    assert len(Reader(gone).all("audio")) == 9
    assert "Audio not available: gone &amp; lost.wav: there is no such file." in gone


def test_drawings_are_well_formed(text: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    titles = Counter()
    for drawing in drawings:
        root = ET.fromstring(drawing)
        title = root.find("{http://www.w3.org/2000/svg}title")
        titles[title.text.split(" of ")[0] if title is not None else root.get("class")] += 1
    assert titles["wave"] == 10
    assert titles["ROC curve"] == 4
    assert titles["Loss"] == titles["Validation accuracy"] == 2
    assert not any(re.search(r"\bnan\b|\binf\b", drawing) for drawing in drawings)


def test_a_training_without_validation_shows_its_own_loss(experiment: Experiment) -> None:
    splits = tuple(
        replace(
            split, curves=tuple(replace(c, validation_loss=(), validation_accuracy=()) for c in split.curves)
        )
        for split in experiment.splits
    )
    text = page(replace(experiment, splits=splits))
    told = Reader(text).sections["learning"]
    assert "No clips were held out, so the last epoch is selected." in told
    assert "validation" not in told
    titles = re.findall(r"<title>(Loss|Validation accuracy) of fold", text)
    assert titles == ["Loss", "Loss"]


def test_skipped_files_corpus_settings_and_provenance_are_told(read: Reader, text: str) -> None:
    assert "broken <i>.wav" in read.sections["skipped"]
    assert "it has samples that are NaN." in read.sections["skipped"]
    assert "Skipped files: 2" in read.sections["skipped"]
    for told in ("CC BY 4.0", "A. <Nobody>, 2024", "window_s", "abc<def>", "group <5>"):
        assert told in read.sections["background"]
    assert ["group <0>".replace("<", "&lt;").replace(">", "&gt;"), "2", "2", "2", "2", "8"] in rows_of(
        text, "background"
    )


def test_page_is_written_whole_or_not_at_all(experiment: Experiment, text: str, tmp_path: Path) -> None:
    write_page(experiment, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(OutputError, match="is not a folder"):
        write_page(experiment, tmp_path / "missing" / "report.html")


def test_nothing_tested_is_refused(experiment: Experiment) -> None:
    with pytest.raises(ParameterError, match="needs a tested split"):
        page(replace(experiment, splits=()))


def test_perfect_answers_groups_unknown_and_one_absent_class(
    experiment: Experiment, honest: SplitResult
) -> None:
    rows = np.flatnonzero(honest.truth[:, experiment.names.index("no")] == 0)
    examples = tuple(replace(example, group=None) for example in experiment.corpus.examples)
    perfect = replace(
        honest,
        leaky=None,
        indices=rows,
        folds=honest.folds[rows],
        truth=honest.truth[rows],
        outputs={"net": honest.truth[rows]},
        decisions=honest.truth[rows],
        curves=(),
    )
    corpus = Corpus("bare", examples)
    read = Reader(page(replace(experiment, corpus=corpus, splits=(perfect,), skipped=())))
    assert ": 100 % groups unknown" in read.headline
    assert "All clips were classified correctly." in read.sections["confusion"]
    assert "–" in read.sections["classes"]
    assert "The groups of the clips (speaker, song or recording) are unknown." in read.sections["groups"]
    assert "No training was recorded." in read.sections["learning"]
    assert "None." in read.sections["skipped"]


def test_real_recordings(experiment: Experiment, shared_data: Path) -> None:
    recordings = sorted((shared_data / "fsdd" / "recordings").glob("*_0.flac"))[:48]
    if len(recordings) < 48:
        pytest.skip("fsdd is not among the data sets")
    examples = tuple(
        replace(example, path=path)
        for example, path in zip(experiment.corpus.examples, recordings, strict=True)
    )
    text = page(replace(experiment, corpus=replace(experiment.corpus, examples=examples)))
    assert len(Reader(text).all("audio")) == 10
    assert len(text) < 400_000
