"""Pages that MkDocs makes from the repository: gallery, reference, measurements and project files.

The gallery is made from ``examples/``: cells that begin with ``# %% [markdown]`` are text, others code. The
reference has a page for each package, filled by mkdocstrings from the docstrings. Nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "woodshed"

INTERNAL = {"cli", "html", "models", "sample"}
"""Packages without a reference page: the command line documents itself, the others hold files or markup."""

PROJECT_FILES = {"Contributing": "CONTRIBUTING.md", "Changes": "CHANGELOG.md", "Security": "SECURITY.md"}
"""Title -> file in the root of the repository."""

FROM_ELSEWHERE = re.compile(
    r'<(?:script|img|iframe|audio|source)[^>]*\ssrc="(?:https?:)?//'
    r'|<link rel="(?!canonical)[^"]*"[^>]*href="(?:https?:)?//'
)
"""A script, style sheet, picture or sound that a browser would load from the network."""


def on_config(config: Any) -> Any:
    """Add the pages that are made here to the navigation."""
    config.nav += [
        {"Gallery": ["gallery/index.md", *(f"gallery/{path.stem}.md" for path in examples())]},
        {
            "Reference": [
                {"Command line": "reference/commands.md"},
                *({package: f"reference/{package}.md"} for package in reference_pages()),
            ]
        },
        {"Measurements": [f"{path.relative_to(ROOT).as_posix()}" for path in measurements()]},
        {"Project": [{title: file.lower()} for title, file in PROJECT_FILES.items()]},
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages themselves."""
    for name, content in pages():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    """Link every name such as ``woodshed.audio.read`` to the reference, if it is there."""
    link = r'<autoref identifier="\1" optional><code>\1</code></autoref>'
    return re.sub(r"<code>(woodshed(?:\.\w+)+)</code>", link, html)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Refuse a page that would load something from the network."""
    match = FROM_ELSEWHERE.search(output)
    if match:
        raise PluginError(f"{page.file.src_uri} loads something from elsewhere: {match[0]}...")
    return output


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the Markdown of every page that is made."""
    yield "gallery/index.md", gallery_index()
    for path in examples():
        yield f"gallery/{path.stem}.md", example_page(path)
    yield "reference/commands.md", commands_page()
    for package, modules in reference_pages().items():
        yield f"reference/{package}.md", reference_page(package, modules)
    for path in measurements():
        yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    for file in PROJECT_FILES.values():
        yield file.lower(), (ROOT / file).read_text("utf-8")


# -- gallery -------------------------------------------------------------------------------------------


def examples() -> list[Path]:
    """Return the scripts in ``examples/``."""
    return sorted((ROOT / "examples").glob("*.py"))


def cells(script: str) -> list[tuple[str, str]]:
    """Divide a script at its ``# %%`` lines into kinds (markdown or python) and texts.

    Examples
    --------
    >>> lines = ["# %% [markdown]", "# # Title", "", "# %%", "x = 1", ""]
    >>> cells(chr(10).join(lines))
    [('markdown', '# Title'), ('python', 'x = 1')]
    """
    parts = re.split(r"^# %%(.*)\n", script, flags=re.MULTILINE)[1:]
    blocks = []
    for mark, body in zip(parts[::2], parts[1::2], strict=True):
        if "[markdown]" in mark:
            blocks.append(("markdown", re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip()))
        else:
            blocks.append(("python", body.strip()))
    return blocks


def example_page(path: Path) -> str:
    """Return the page of an example."""
    texts = [
        body if kind == "markdown" else f"```python\n{body}\n```"
        for kind, body in cells(path.read_text("utf-8"))
    ]
    return "\n\n".join([*texts, f"Run it: `python examples/{path.name}`"]) + "\n"


def gallery_index() -> str:
    """Return the examples with their titles and first sentences, and the pictures of ``figures.py``."""
    lines = [
        "# Gallery",
        "",
        "Scripts to start from. Each runs in seconds, on data that comes with woodshed.",
        "",
    ]
    for path in examples():
        title, _, text = cells(path.read_text("utf-8"))[0][1].partition("\n")
        lines.append(f"- [{title.lstrip('# ')}]({path.stem}.md): {' '.join(text.split())}")
    for name, (title, _, commands) in constant(ROOT / "docs" / "figures.py", "FIGURES").items():
        lines += ["", f"## {title}", "", "```console", *(f"$ {command}" for command in commands), "```", ""]
        lines += [f"![{title}](../figures/{name}.png)"]
    return "\n".join(lines) + "\n"


# -- reference -----------------------------------------------------------------------------------------


def reference_pages() -> dict[str, list[str]]:
    """Return the packages that have a page, with their documented modules in full."""
    packages = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file())
    modules = {
        "woodshed": [f"woodshed.{path.stem}" for path in sorted(SOURCE.glob("*.py")) if is_public(path)]
    }
    for package in packages:
        if package not in INTERNAL:
            paths = sorted((SOURCE / package).rglob("*.py"))
            modules[package] = [module_name(path) for path in paths if is_public(path)]
    return modules


def is_public(path: Path) -> bool:
    """Return whether a module has something to show: a long docstring, or public definitions."""
    tree = ast.parse(path.read_text("utf-8"))
    if path.name == "__init__.py":
        return path.parent != SOURCE and "\n" in (ast.get_docstring(tree) or "")
    definitions = (node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    return any(not node.name.startswith("_") and ast.get_docstring(node) for node in definitions)


def module_name(path: Path) -> str:
    """Return the dotted name of a module.

    Examples
    --------
    >>> module_name(SOURCE / "audio" / "read.py"), module_name(SOURCE / "audio" / "__init__.py")
    ('woodshed.audio.read', 'woodshed.audio')
    """
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def reference_page(package: str, modules: list[str]) -> str:
    """Return the page of a package: its modules, each with the definitions that it documents."""
    title = package if package == "woodshed" else f"woodshed.{package}"
    blocks = [f"# {title}\n"]
    for module in modules:
        members = "\n    options:\n      members: false" if module == f"woodshed.{package}" else ""
        blocks.append(f"::: {module}{members}\n")
    return "\n".join(blocks)


# -- command line --------------------------------------------------------------------------------------


def commands_page() -> str:
    """Return the page of all verbs: their summaries, details and examples, read from ``cli/``."""
    lines = ["# Command line", "", "`woodshed VERB --help` lists the options of a verb.", ""]
    for verb, summary, details in verbs(SOURCE / "cli"):
        lines += [f"## {verb}", "", summary, ""]
        text, example, command = details.partition("Example: ")
        lines += [text, ""] if text else []
        lines += ["```console", f"$ {command}", "```", ""] if example else []
    return "\n".join(lines)


def verbs(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the name of every verb, its summary, and the rest of its docstring."""
    for verb in constant(folder / "__init__.py", "VERBS"):
        tree = ast.parse((folder / f"{verb}.py").read_text("utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        group = assigned(tree, "VERBS")
        if isinstance(group, ast.Dict):
            names = {
                f"{verb} {ast.literal_eval(key)}": ast.unparse(value)
                for key, value in zip(group.keys, group.values, strict=True)
            }
        else:
            names = {verb: "command"}
        for name, function in names.items():
            summary, _, details = (ast.get_docstring(functions[function]) or "").partition("\n\n")
            yield f"woodshed {name}", summary, details


def assigned(tree: ast.Module, name: str) -> ast.expr | None:
    """Return the expression that a module assigns to a name; None if there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value
    return None


def constant(path: Path, name: str) -> Any:
    """Return the value of a literal that a module assigns to a name."""
    value = assigned(ast.parse(path.read_text("utf-8")), name)
    if value is None:
        raise PluginError(f"{path} does not define {name}.")
    return ast.literal_eval(value)


# -- measurements --------------------------------------------------------------------------------------


def measurements() -> list[Path]:
    """Return the pages that the benchmarks wrote."""
    paths = sorted((ROOT / "benchmarks").rglob("*.md"))
    return [path for path in paths if not path.stem.endswith("_notes")]
