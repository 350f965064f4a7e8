"""The guide works as it is written: its Python runs, its commands are parsed, its links lead to pages."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import itertools
import re
import runpy
import shlex
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from woodshed.cli import VERBS, audio, corpus, score
from woodshed.data.sample import sample_folder
from woodshed.data.source import read_source
from woodshed.tasks import GENERATORS, TASKS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted((ROOT / "docs").rglob("*.md"))
GUIDE = [page for page in PAGES if page.parent.name == "guide"]


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, also where they are indented."""
    text = page.read_text("utf-8")
    return [
        re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        for indent, body in re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.S | re.M)
    ]


def commands() -> Iterator[tuple[str, str]]:
    """Yield the page and the text of every command in the guide, the README and the page of the site."""
    for page in PAGES:
        for block in blocks(page, "console"):
            yield from ((page.name, line[2:]) for line in block.splitlines() if line.startswith("$ "))
    for _, _, made_by in runpy.run_path(str(ROOT / "docs" / "figures.py"))["FIGURES"].values():
        yield from (("figures.py", command) for command in made_by)
    for block in blocks(ROOT / "README.md", ""):
        lines = (line.partition("  #")[0].strip() for line in block.splitlines())
        yield from (("README.md", line) for line in lines if line.startswith("woodshed "))


COMMANDS = list(commands())


@pytest.mark.parametrize(
    "page", [page for page in GUIDE if blocks(page, "python")], ids=lambda page: page.stem
)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        if ">>>" in block:
            tests = doctest.DocTestParser().get_doctest(block, names, page.name, page.name, 0)
            assert doctest.DocTestRunner().run(tests, clear_globs=False).failed == 0
        else:
            exec(compile(block, page.name, "exec"), names)


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=lambda text: text[:60])
def test_a_command_is_understood(page: str, command: str, cli: Callable[..., Any]) -> None:
    words = shlex.split(command)
    assert words[0] == "woodshed"
    finished = cli(*words[1:], "--help")  # an option that does not exist is refused before help is shown
    assert finished.code == 0, f"{page}: {command}\n{finished.err}"
    assert f" {words[1]} " in re.search(r"Usage: (.*)", finished.out)[1]


def test_the_guide_shows_every_verb_and_task() -> None:
    shown = {tuple(shlex.split(command)[1:3]) for _, command in COMMANDS}
    verbs = {verb for verb, *_ in shown}
    assert set(VERBS) - verbs <= {"demo"}
    assert {second for verb, second in shown if verb == "score"} == set(score.VERBS)
    assert {second for verb, second in shown if verb == "corpus"} == set(corpus.VERBS)
    text = " ".join(page.read_text("utf-8") for page in GUIDE)
    assert [verb for verb in audio.VERBS if f"audio {verb}" not in text and f"`{verb}`" not in text] == []
    assert [task for task in TASKS | GENERATORS if f"`{task}`" not in text] == []


def test_every_option_that_chooses_by_name_has_a_name_that_exists() -> None:
    from woodshed.recognition.front_ends import FRONT_ENDS
    from woodshed.recognition.learners import models
    from woodshed.workflows.listing import REGISTRIES

    for _, command in COMMANDS:
        words = shlex.split(command)
        values = dict(itertools.pairwise(words))
        task = values.get("--task", "noise")
        assert task in TASKS
        if "--net" in values and task not in GENERATORS:
            assert values["--net"] in models()
        assert values.get("--front-end", "mfcc") in FRONT_ENDS
        if words[1] == "list":
            assert words[2] in (*REGISTRIES, "NAME")


def test_the_defaults_that_the_guide_states_are_those_of_the_tasks() -> None:
    from woodshed.tasks import recognition_tasks, task_class

    text = (ROOT / "docs" / "guide" / "recognise.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| \[`(\w+)`\].*\| (?:network )?`([\w-]+)` \|$", text, re.MULTILINE))
    assert rows == {task: task_class(task)().net for task in recognition_tasks()}


def test_the_guide_explains_how_to_split_and_to_group() -> None:
    from woodshed.data.group import WORDS, group_rule
    from woodshed.data.split import make_split

    text = (ROOT / "docs" / "guide" / "corpora.md").read_text("utf-8")
    groups = text.split("## Groups")[1].split("## Splits")[0]
    rules = re.findall(r"^\| `(\w[^`]*)` \|.*\|.*\|$", groups, re.MULTILINE)
    assert {rule.partition(":")[0] for rule in rules} == {rule.partition(":")[0] for rule in WORDS}
    assert [rule for rule in rules if group_rule(rule) is None] == ["none"]
    section = text.split("## Splits")[1]
    ways = re.findall(r"`([\w:-]+)`", "".join(re.findall(r"^\|(.*?)\|", section, re.MULTILINE)[2:]))
    corpus = read_source(f"fsdd:{sample_folder()}")
    assert len(ways) == 8
    assert all(make_split(corpus, way).folds for way in ways)


def test_the_sections_and_files_that_the_texts_name_are_those_that_are_written() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "src" / "woodshed").rglob("*.py"))
    table = (ROOT / "docs" / "guide" / "evaluate.md").read_text("utf-8").split("| section |")[1]
    sections = re.findall(r"^\| ([A-Z][^|]*?) \|", table, re.MULTILINE)
    assert len(sections) == 9
    assert [section for section in sections if f'"{section}' not in source] == []
    for text in (README, (ROOT / "docs" / "guide" / "models.md").read_text("utf-8")):
        rows = re.findall(r"^\| (`[\w.]+\.[\w.]+`.*?) \|", text, re.MULTILINE)
        files = re.findall(r"`([\w.]+)`", " ".join(rows))
        assert len(files) > 7
        assert [file for file in files if file not in source] == []


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Return ``docs/hooks.py``; MkDocs, which only the extra ``docs`` installs, is replaced."""
    for name, attributes in (("exceptions", ["PluginError"]), ("structure.files", ["File", "Files"])):
        module = types.ModuleType(f"mkdocs.{name}")
        for attribute in attributes:
            setattr(module, attribute, type(attribute, (Exception,), {}))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "docs" / "hooks.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_doctests_of_the_hooks_pass(hooks: types.ModuleType) -> None:
    results = doctest.testmod(hooks)
    assert results.attempted > 2
    assert results.failed == 0


def test_links_lead_to_pages_of_the_site(hooks: types.ModuleType) -> None:
    site = {page.relative_to(ROOT / "docs").as_posix() for page in PAGES} | {
        name for name, _ in hooks.pages()
    }
    for page in PAGES:
        folder = page.relative_to(ROOT / "docs").parent
        for link in re.findall(r"\]\(([^)#]+?\.md)", page.read_text("utf-8")):
            target = (Path("/") / folder / link).resolve().relative_to("/").as_posix()
            assert target in site, f"{page.name}: {link}"


def test_the_gallery_has_a_page_for_every_example(hooks: types.ModuleType) -> None:
    pages = dict(hooks.pages())
    for path in (ROOT / "examples").glob("*.py"):
        page = pages[f"gallery/{path.stem}.md"]
        assert page.startswith("# ")
        code = "\n\n".join(re.findall(r"```python\n(.*?)\n```", page, re.S))
        assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(path.read_text("utf-8")))
        assert f"]({path.stem}.md): " in pages["gallery/index.md"]


def test_the_reference_has_a_page_for_every_package(hooks: types.ModuleType) -> None:
    packages = {path.parent.name for path in (ROOT / "src" / "woodshed").glob("*/__init__.py")}
    assert set(hooks.reference_pages()) == packages - hooks.INTERNAL | {"woodshed"}
    assert "::: woodshed.audio.edit" in dict(hooks.pages())["reference/audio.md"]


def test_the_gallery_shows_every_picture(hooks: types.ModuleType) -> None:
    shown = set(re.findall(r"\]\(\.\./figures/(.*?)\)", dict(hooks.pages())["gallery/index.md"]))
    files = {path.name: path.stat().st_size for path in (ROOT / "docs" / "figures").iterdir()}
    assert shown == set(files)
    assert max(files.values()) < 200_000


def test_the_page_of_commands_has_every_verb(hooks: types.ModuleType) -> None:
    page = dict(hooks.pages())["reference/commands.md"]
    groups = {"audio": audio.VERBS, "score": score.VERBS, "corpus": corpus.VERBS}
    single = {f"woodshed {verb}" for verb in VERBS if verb not in groups}
    grouped = {f"woodshed {group} {verb}" for group, verbs in groups.items() for verb in verbs}
    assert set(re.findall(r"^## (.*)$", page, re.MULTILINE)) == single | grouped
    assert "$ woodshed audio gain recordings --db -6 --out quieter" in page


def test_a_full_name_becomes_a_link_where_the_reference_has_it(hooks: types.ModuleType) -> None:
    linked = hooks.on_page_content(
        "<p><code>woodshed.audio.read</code> <code>read</code></p>", None, None, None
    )
    assert linked.count("<autoref ") == linked.count('identifier="woodshed.audio.read" optional') == 1


def test_a_page_that_loads_something_from_elsewhere_is_found(hooks: types.ModuleType) -> None:
    assert hooks.FROM_ELSEWHERE.search('<script async src="https://example.org/a.js">')
    assert hooks.FROM_ELSEWHERE.search('<link rel="stylesheet" href="//example.org/a.css">')
    assert not hooks.FROM_ELSEWHERE.search('<a href="https://example.org"><img src="a.png"></a>')
