"""Layout of audio files whose header does not state their true length.

A recorder that is cut off leaves a header without a length, a broken download one with too much, and a stream
is saved with none at all. The audio data are there all the same: their extent follows from the chunks of the
container. Where libsndfile would trust the header, the file is presented to it with a corrected one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from woodshed.audio.flac import declared_samples, last_frame
from woodshed.audio.mpeg import mpeg_layout
from woodshed.audio.splice import FileLayout

HEAD_BYTES = 4096
"""Number of bytes at the start of a file from which its format is recognised."""

N_CHUNKS = 1000
"""Maximum number of chunks before the audio data."""

LONGEST_HEAD = 2**24
"""Maximum number of bytes before the audio data for which a header is corrected."""

OGG_TAIL_BYTES = 2**17
"""Number of bytes at the end of an Ogg file that contain its last page: a page has at most 65,307."""

FLAC_TAIL_BYTES = 2**18
"""Number of bytes at the end of a FLAC file in which its last frame is searched."""

_AU_OPEN = 0xFFFFFFFF

INTERRUPTED = "its header declares no samples, as of an interrupted recording; it is read to its end"
BROKEN_OFF = "it has no end mark: it probably breaks off"


@dataclass(frozen=True)
class ChunkFormat:
    """How a container stores its chunks.

    Parameters
    ----------
    start
        Position of the first chunk.
    id_bytes, size_bytes, order
        Size of the identifier and of the length, and the byte order.
    n_included
        Number of bytes of the chunk header that the length counts.
    alignment
        Chunks start at multiples of this number of bytes, counted from ``start``.
    data
        First four bytes of the identifier of the audio data.
    whole
        Position of the length of the whole file, or None.
    n_before
        Number of bytes in the data chunk before the first sample.
    n_outside
        Number of bytes that the length of the whole file does not count.
    must_be_whole
        Whether libsndfile refuses a file that breaks off.
    """

    start: int
    id_bytes: int
    size_bytes: int
    order: Any
    n_included: int
    alignment: int
    data: bytes
    whole: int | None
    n_before: int = 0
    n_outside: int = 8
    must_be_whole: bool = False


@dataclass(frozen=True)
class Chunk:
    """A chunk: position of its length, position of its content, and its declared number of bytes."""

    at_size: int
    content: int
    size: int


CHUNK_FORMATS = {
    b"RIFF": ChunkFormat(12, 4, 4, "little", 0, 2, b"data", 4),
    b"RF64": ChunkFormat(12, 4, 4, "little", 0, 2, b"data", None),
    b"riff": ChunkFormat(40, 16, 8, "little", 24, 8, b"data", 16, n_outside=0),
    b"FORM": ChunkFormat(12, 4, 4, "big", 0, 2, b"SSND", 4, n_before=8),
    b"caff": ChunkFormat(8, 4, 8, "big", 0, 1, b"data", None, 4, must_be_whole=True),
}
"""First four bytes of a file -> how its chunks are stored."""


def layout_of(file: BinaryIO, head: bytes) -> FileLayout:
    """Return the layout of a file of any format.

    Parameters
    ----------
    file
        The open file, not empty.
    head
        Its first `HEAD_BYTES` bytes.
    """
    n_bytes = os.fstat(file.fileno()).st_size
    magic = head[:4]
    if magic in CHUNK_FORMATS:
        return _chunk_layout(file, n_bytes, CHUNK_FORMATS[magic])
    if magic == b"fLaC":
        longest_frame = int.from_bytes(head[15:18], "big")
        return _flac_layout(head, _tail(file, n_bytes, max(FLAC_TAIL_BYTES, 3 * longest_frame)))
    if magic == b"OggS":
        return _ogg_layout(_tail(file, n_bytes, OGG_TAIL_BYTES))
    if magic[:3] == b"ID3" or (magic[:1] == b"\xff" and magic[1:2] >= b"\xe0"):
        mpeg = mpeg_layout(file, n_bytes)
        return FileLayout() if mpeg is None else mpeg
    if magic == b".snd":
        return _au_layout(head, n_bytes)
    return FileLayout()


def _tail(file: BinaryIO, n_bytes: int, length: int) -> bytes:
    """Return the last bytes of a file."""
    file.seek(max(0, n_bytes - length))
    return file.read(length)


def _chunk_layout(file: BinaryIO, n_bytes: int, form: ChunkFormat) -> FileLayout:
    """Return the layout of a file that consists of chunks."""
    chunks = _read_chunks(file, n_bytes, form)
    data = chunks.get(form.data)
    if data is None or data.content > LONGEST_HEAD:
        return FileLayout()
    n_there = n_bytes - data.content - form.n_before
    size = _declared_size(file, data, chunks, form)
    n_declared = size - form.n_before
    if n_declared <= 0 < n_there and _ends_with_header(file, chunks, form, data):
        return replace(_corrected(file, n_bytes, chunks, form), remark=INTERRUPTED)
    if n_there <= 0 or n_declared <= n_there + form.alignment or size in _open_sizes(form):
        return FileLayout()
    layout = _corrected(file, n_bytes, chunks, form) if form.must_be_whole else FileLayout()
    return replace(layout, declared=n_declared / n_there)


def _read_chunks(file: BinaryIO, n_bytes: int, form: ChunkFormat) -> dict[bytes, Chunk]:
    """Return the chunks up to the audio data by the first four bytes of their identifier."""
    chunks: dict[bytes, Chunk] = {}
    position = form.start
    for _ in range(N_CHUNKS):
        file.seek(position)
        header = file.read(form.id_bytes + form.size_bytes)
        if len(header) < form.id_bytes + form.size_bytes:
            break
        size = int.from_bytes(header[form.id_bytes :], form.order) - form.n_included
        content = position + len(header)
        chunks[header[:4]] = Chunk(position + form.id_bytes, content, size)
        if header[:4] == form.data or size < 0:
            break
        position = content + size
        position += -(position - form.start) % form.alignment
        if position >= n_bytes:
            break
    return chunks


def _declared_size(file: BinaryIO, data: Chunk, chunks: dict[bytes, Chunk], form: ChunkFormat) -> int:
    """Return the declared number of bytes of the audio data; that of RF64 is in a chunk of its own."""
    sizes = chunks.get(b"ds64")
    if sizes is None or data.size not in (0, 0xFFFFFFFF):
        return data.size
    file.seek(sizes.content + 8)
    return int.from_bytes(file.read(8), "little")


def _open_sizes(form: ChunkFormat) -> tuple[int, ...]:
    """Return the sizes by which streams state that their length is unknown."""
    most = 2 ** (8 * form.size_bytes) - 1 - form.n_included
    return most, most - 1, most // 2, most // 2 - 1


def _ends_with_header(file: BinaryIO, chunks: dict[bytes, Chunk], form: ChunkFormat, data: Chunk) -> bool:
    """Return whether the header declares that nothing follows it; else the audio data are empty indeed."""
    if form.whole is None:
        return True
    file.seek(form.whole)
    whole = int.from_bytes(file.read(form.size_bytes), form.order)
    return whole <= data.content + form.n_before or whole in _open_sizes(form)


def _corrected(file: BinaryIO, n_bytes: int, chunks: dict[bytes, Chunk], form: ChunkFormat) -> FileLayout:
    """Return a layout whose header declares what the file contains."""
    data = chunks[form.data]
    file.seek(0)
    prefix = bytearray(file.read(data.content))

    def put(position: int, number: int, size: int = form.size_bytes) -> None:
        """Write a number over the prefix, or the largest that fits, as for a file beyond 4 GiB."""
        most = 2 ** (8 * size) - 1
        prefix[position : position + size] = min(number, most).to_bytes(size, form.order)

    put(data.at_size, n_bytes - data.content + form.n_included)
    if form.whole is not None:
        put(form.whole, n_bytes - form.n_outside)
    if b"ds64" in chunks:
        put(chunks[b"ds64"].content, n_bytes - 8, 8)
        put(chunks[b"ds64"].content + 8, n_bytes - data.content, 8)
    if b"COMM" in chunks:  # of AIFF, which declares the number of samples a second time
        at = chunks[b"COMM"].content
        n_channels, n_bits = (int.from_bytes(prefix[k : k + 2], "big") for k in (at, at + 6))
        frame_bytes = max(1, n_channels * -(-n_bits // 8))
        put(at + 2, (n_bytes - data.content - form.n_before) // frame_bytes, 4)
    return FileLayout(bytes(prefix), ((data.content, n_bytes),))


def _flac_layout(head: bytes, tail: bytes) -> FileLayout:
    """Return the layout of a FLAC file, which may break off, or be a stream of unknown length."""
    declared = declared_samples(head)
    found = last_frame(head, tail)
    if found is None:
        return FileLayout()
    frame, is_complete = found
    end = frame.start + frame.n_samples
    if declared == end:
        return FileLayout()
    n_samples = end if is_complete else frame.start
    if n_samples == 0 or 0 < declared < n_samples:
        return FileLayout()
    return FileLayout(n_samples=n_samples, n_missing=max(0, declared - n_samples))


def _ogg_layout(tail: bytes) -> FileLayout:
    """Return the layout of an Ogg file, whose last page is marked."""
    page = tail[max(0, tail.rfind(b"OggS")) :]
    n_segments = page[26] if len(page) > 26 else 0
    is_complete = len(page) >= 27 + n_segments + sum(page[27 : 27 + n_segments])
    return FileLayout() if is_complete and page[5] & 4 else FileLayout(remark=BROKEN_OFF)


def _au_layout(head: bytes, n_bytes: int) -> FileLayout:
    """Return the layout of a file of Sun or NeXT, whose header has a fixed form."""
    start, declared = (int.from_bytes(head[k : k + 4], "big") for k in (4, 8))
    n_there = n_bytes - start
    return FileLayout(declared=declared / n_there) if 0 < n_there < declared < _AU_OPEN else FileLayout()
