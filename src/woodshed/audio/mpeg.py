"""Frames of MPEG audio (MP3) without decoding: where they are, and how many there are.

A file whose first frame does not state their number (a Xing, Info or VBRI header) has a length that a
decoder can only estimate: libsndfile then ends too early, or expects more than there is. Bytes that belong to
no frame make its decoder write to standard error.
"""

from __future__ import annotations

import functools
import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from woodshed.audio.splice import FileLayout

_BIT_RATES = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""(1 for MPEG-1, 2 for MPEG-2 and 2.5; layer) -> kilobits a second by index; ISO 11172-3 and 13818-3."""

_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Version bits -> sample rates by index; 0 is MPEG-2.5."""

_SEARCHED_BYTES = 2**20
"""Number of bytes in which the first frame is searched."""

_N_IN_A_ROW = 3
"""Number of consecutive frames with one format that are taken for a stream."""

LONGEST_TAG = 2**24
"""Maximum size of the ID3 tag of a file whose header is corrected."""

_ID3_HEADER_BYTES = 10
_ID3_V1_BYTES = 128
_VBRI_AT = 36
_N_SPARE = 16

_EXAMINED_BYTES = 2**25
"""Size up to which the frames of a file with a correct Info header are examined, too: half an hour."""

_TOLERANCE = 0.009
"""Share by which the declared number of bytes may be wrong: the decoder complains from 1 % on."""


@dataclass(frozen=True)
class FrameHeader:
    """Header of a frame.

    Parameters
    ----------
    n_bytes
        Length of the frame.
    n_before_xing
        Position of a Xing header in the frame.
    word
        The four bytes as a number.
    """

    n_bytes: int
    n_before_xing: int
    word: int

    @property
    def form(self) -> int:
        """Bits that are the same in all frames of a stream: version, layer and sample rate."""
        return self.word & 0xFFFE0C00

    @property
    def n_samples(self) -> int:
        """Number of samples per channel of a Layer III frame."""
        return 1152 if self.word >> 19 & 3 == 3 else 576

    @property
    def is_layer_3(self) -> bool:
        """Whether it is MP3, the only layer with a Xing header."""
        return self.word >> 17 & 3 == 1


@functools.lru_cache(maxsize=1024)  # the headers of a stream differ in few bits
def parse_header(word: int) -> FrameHeader | None:
    """Return what the first four bytes of a frame state, or None if they are not those of a frame.

    Examples
    --------
    >>> parse_header(0xFFFB50C4).n_bytes
    208
    >>> parse_header(0x52494646) is None
    True
    """
    version, layer = word >> 19 & 3, 4 - (word >> 17 & 3)
    rate_index, bit_rate_index = word >> 10 & 3, word >> 12 & 15
    if word >> 21 != 0x7FF or version == 1 or layer == 4 or rate_index == 3 or not 0 < bit_rate_index < 15:
        return None
    is_mpeg_1 = version == 3
    bits_per_s = 1000 * _BIT_RATES[1 if is_mpeg_1 else 2, layer][bit_rate_index]
    sample_rate, padding = _SAMPLE_RATES[version][rate_index], word >> 9 & 1
    if layer == 1:
        n_bytes = (12 * bits_per_s // sample_rate + padding) * 4
    else:
        n_bytes = (144 if is_mpeg_1 or layer == 2 else 72) * bits_per_s // sample_rate + padding
    is_mono = word >> 6 & 3 == 3
    side_bytes = (17 if is_mono else 32) if is_mpeg_1 else (9 if is_mono else 17)
    return FrameHeader(n_bytes, 4 + side_bytes, word)


def mpeg_layout(file: BinaryIO, n_bytes: int) -> FileLayout | None:
    """Return the frames of an MP3 file, and how many samples they hold.

    Parameters
    ----------
    file
        The open file.
    n_bytes
        Its size, 1 or more.

    Returns
    -------
    FileLayout or None
        None if it holds no MP3 stream, or if its own header is correct.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        tag_bytes = _id3_bytes(content)
        end = n_bytes - _ID3_V1_BYTES if content[-_ID3_V1_BYTES:][:3] == b"TAG" else n_bytes
        first = _first_frame(content, tag_bytes, end)
        header = None if first is None else _header_at(content, first)
        if first is None or header is None or tag_bytes > LONGEST_TAG:
            return None
        frame = bytes(content[first : first + header.n_bytes])
        counts = _xing_counts(frame, header)
        is_right = counts is not None and abs(counts[1] - (end - first)) <= _TOLERANCE * counts[1]
        if is_right and end - first > _EXAMINED_BYTES:
            return None
        is_info = counts is not None or frame[_VBRI_AT : _VBRI_AT + 4] == b"VBRI"
        frames = list(_frames(content, first + header.n_bytes * is_info, end, header.form))
        tag = bytes(content[:tag_bytes])
    spans = tuple(_merged(frames))
    if not frames or (is_right and spans == ((first + header.n_bytes, end),)):
        return None
    if counts is not None:
        n_stream = len(frame) + sum(stop - start for start, stop in spans)
        prefix = tag + _with_counts(frame, header, len(frames), n_stream)
        return FileLayout(prefix, spans, n_missing=max(0, counts[0] - len(frames)) * header.n_samples)
    # The decoder divides the size by that of the first frame, and libsndfile reads no more samples than that.
    start, stop = frames[0]
    n_apparent = len(tag) + (len(frames) + _N_SPARE) * (stop - start)
    return FileLayout(tag, spans, n_apparent, len(frames) * header.n_samples)


def _header_at(content: mmap.mmap, position: int) -> FrameHeader | None:
    return parse_header(int.from_bytes(content[position : position + 4], "big"))


def _id3_bytes(content: mmap.mmap) -> int:
    """Return the size of the ID3 tag at the start; 0 without one."""
    if content[:3] != b"ID3" or len(content) < _ID3_HEADER_BYTES:
        return 0
    size = 0
    for byte in content[6:10]:
        size = size << 7 | byte & 0x7F
    return _ID3_HEADER_BYTES * (2 if content[5] & 0x10 else 1) + size


def _first_frame(content: mmap.mmap, start: int, end: int) -> int | None:
    """Return the position of the first of several consecutive frames, within a bounded search."""
    position = content.find(b"\xff", start)
    while 0 <= position < min(end, start + _SEARCHED_BYTES):
        if _are_frames(content, position, end):
            return position
        position = content.find(b"\xff", position + 1)
    return None


def _are_frames(content: mmap.mmap, position: int, end: int) -> bool:
    """Return whether consecutive Layer III frames of one format start at a position, or the last ones."""
    form = None
    for _ in range(_N_IN_A_ROW):
        header = _header_at(content, position)
        if header is None or not header.is_layer_3 or form not in (None, header.form):
            return False
        form = header.form
        position += header.n_bytes
        if position >= end:
            break
    return True


def _frames(content: mmap.mmap, start: int, end: int, form: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each complete frame of one format; foreign bytes are skipped."""
    position: int | None = start
    while position is not None and position + 4 <= end:
        header = _header_at(content, position)
        if header is None or header.form != form:
            position = _first_frame(content, position + 1, end)
        elif position + header.n_bytes > end:
            return
        else:
            yield position, position + header.n_bytes
            position += header.n_bytes


def _merged(frames: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield ranges in which frames follow each other without a gap."""
    range_start = range_stop = -1
    for start, stop in frames:
        if start != range_stop:
            if range_stop > 0:
                yield range_start, range_stop
            range_start = start
        range_stop = stop
    if range_stop > 0:
        yield range_start, range_stop


def _xing_counts(frame: bytes, header: FrameHeader) -> tuple[int, int] | None:
    """Return the numbers of frames and bytes that a Xing or Info header declares; None without both."""
    at = header.n_before_xing
    if frame[at : at + 4] not in (b"Xing", b"Info") or len(frame) < at + 16:
        return None
    flags, n_frames, n_bytes = struct.unpack_from(">III", frame, at + 4)
    return (n_frames, n_bytes) if flags & 3 == 3 and n_frames else None


def _with_counts(frame: bytes, header: FrameHeader, n_frames: int, n_bytes: int) -> bytes:
    """Return an Info frame that declares these numbers."""
    changed = bytearray(frame)
    struct.pack_into(">II", changed, header.n_before_xing + 8, n_frames, n_bytes)
    return bytes(changed)
