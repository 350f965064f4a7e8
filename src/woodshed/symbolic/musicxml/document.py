"""The element tree of a MusicXML document, from plain or compressed, partwise or timewise files."""

from __future__ import annotations

from typing import Any, NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from woodshed.decoding import open_archive, read_member
from woodshed.errors import ScoreFileError
from woodshed.symbolic.musicxml.write import CONTAINER

Element = ElementTree.Element

_MAX_BYTES = 64 << 20
_MAX_ELEMENTS = 4_000_000  # of about 200 bytes each; a symphony has a million
_MAX_DEPTH = 100  # MusicXML needs about ten


def partwise_tree(data: bytes | str, source: str) -> Element:
    """Return the ``score-partwise`` element of a document.

    Parameters
    ----------
    data
        Document, plain or compressed; the encoding that a text declares is ignored.
    source
        Name of the file, for messages.

    Raises
    ------
    ScoreFileError
        If it is not MusicXML, declares entities, or unpacks to more than 64 MiB, 4 million elements or 100
        levels.

    Examples
    --------
    >>> text = '<score-timewise><measure number="1"><part id="P1"><note/></part></measure></score-timewise>'
    >>> ElementTree.tostring(partwise_tree(text, "a.musicxml"), encoding="unicode")
    '<score-partwise><part id="P1"><measure number="1"><note /></measure></part></score-partwise>'
    """
    if isinstance(data, str):
        root = _tree(data.encode("utf-8", "surrogatepass"), source, encoding="utf-8")
    elif data[:4] == b"PK\x03\x04":
        root = _tree(_unpacked(data, source), source)
    else:
        root = _tree(data, source)
    if root.tag == "score-timewise":
        return _partwise(root)
    if root.tag != "score-partwise":
        raise ScoreFileError(
            source, f"its root is <{root.tag}>, not <score-partwise>. Export it as MusicXML."
        )
    return root


def _partwise(root: Element) -> Element:
    """Return a document whose parts are divided into measures, from one whose measures have parts."""
    partwise = Element("score-partwise", root.attrib)
    parts: dict[str, Element] = {}
    for child in root:
        if child.tag != "measure":
            partwise.append(child)
    for measure in root.iterfind("measure"):
        for part in measure.iterfind("part"):
            name = part.get("id", "")
            if name not in parts:
                parts[name] = ElementTree.SubElement(partwise, "part", part.attrib)
            ElementTree.SubElement(parts[name], "measure", measure.attrib).extend(part)
    return partwise


class _Builder:
    """Builder of an element tree; refuses entities, which can expand to unlimited size, and huge trees."""

    def __init__(self, source: str) -> None:
        self._source, self._tree = source, ElementTree.TreeBuilder()
        self._n_elements = self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._n_elements += 1
        self._depth += 1
        if self._n_elements > _MAX_ELEMENTS:
            raise ScoreFileError(self._source, f"it has more than {_MAX_ELEMENTS:,} elements. Split it.")
        if self._depth > _MAX_DEPTH:
            raise ScoreFileError(self._source, f"it has more than {_MAX_DEPTH} levels. Export it again.")
        self._tree.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._tree.end(tag)

    def data(self, text: str) -> None:
        self._tree.data(text)

    def refuse(self, *_: Any) -> NoReturn:
        raise ScoreFileError(
            self._source, "it declares XML entities, which are not supported. Export it again."
        )

    def close(self) -> Element:
        return self._tree.close()


def _tree(data: bytes, source: str, *, encoding: str | None = None) -> Element:
    """Parse XML; without an encoding, in the one that it declares."""
    builder = _Builder(source)
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, ScoreFileError):
            raise
        raise ScoreFileError(source, f"it is not valid XML ({error}). Export it again.") from error
    return builder.close()


def _unpacked(data: bytes, source: str) -> bytes:
    """Return the score of a compressed file."""
    try:
        with open_archive(data) as archive:
            root = _tree(read_member(archive, CONTAINER, max_bytes=_MAX_BYTES), source)
            names = [item.get("full-path", "") for item in root.iter() if item.tag.endswith("rootfile")]
            return read_member(archive, names[0], max_bytes=_MAX_BYTES)
    except ScoreFileError:
        raise
    except (ValueError, IndexError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it names no score"
        raise ScoreFileError(
            source, f"it is not an intact compressed MusicXML file ({reason}). Export it again, or split it."
        ) from error
