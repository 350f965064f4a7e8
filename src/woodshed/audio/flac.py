"""Number of samples that a FLAC file really holds, from the header of its last frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

_BLOCK_SIZES = {
    1: 192,
    **{k: 576 << (k - 2) for k in range(2, 6)},
    **{k: 256 << (k - 8) for k in range(8, 16)},
}
"""Code in a frame header -> samples per channel; codes 6 and 7 are followed by the number."""

_LARGEST_FRAME = 2**17
"""Maximum size of a frame in bytes if the file does not declare it: 16 bits, stereo, 32,768 samples."""

_SYNC = re.compile(rb"\xff[\xf8\xf9]")
"""Start of a frame; the same bytes may occur elsewhere."""

_UNCOMMON_RATE_BYTES = {12: 1, 13: 2, 14: 2}


@dataclass(frozen=True)
class FlacFrame:
    """A frame: its position in the bytes, the sample it starts with, and its number of samples."""

    position: int
    start: int
    n_samples: int


def declared_samples(head: bytes) -> int:
    """Return the number of samples that the start of a FLAC file declares; 0 if it is unknown."""
    return int.from_bytes(head[21:26], "big") & 0xFFFFFFFFF


def last_frame(head: bytes, tail: bytes) -> tuple[FlacFrame, bool] | None:
    """Return the last frame of a FLAC file, and whether it is complete.

    Parameters
    ----------
    head, tail
        Bytes at the start of the file, 42 or more, and at its end, in which several frames should fit.

    Returns
    -------
    tuple or None
        None if there is no frame that continues the one before it, or if more than a frame follows it.
    """
    fixed_size = int.from_bytes(head[8:10], "big")
    frames = list(_frames(tail, fixed_size))
    known = {frame.start + frame.n_samples for frame in frames}
    joined = [frame for frame in frames if frame.start in known or frame.start == 0]
    if not joined:
        return None
    frame = joined[-1]
    content = tail[frame.position :]
    if len(content) > (int.from_bytes(head[15:18], "big") or _LARGEST_FRAME):
        return None
    return frame, len(content) > 2 and crc16(content[:-2]) == int.from_bytes(content[-2:], "big")


def _frames(tail: bytes, fixed_size: int) -> Iterator[FlacFrame]:
    """Yield the frames whose headers have a correct checksum."""
    for sign in _SYNC.finditer(tail):
        frame = _frame_at(tail, sign.start(), fixed_size)
        if frame is not None:
            yield frame


def _frame_at(tail: bytes, position: int, fixed_size: int) -> FlacFrame | None:
    """Return the frame at the position of a `_SYNC`, or None if its header is not one."""
    header = tail[position : position + 16]
    if len(header) < 6 or header[3] & 1:
        return None
    number, n_number = _coded_number(header[4:])
    at = 4 + n_number
    code, rate_code = header[2] >> 4, header[2] & 15
    n_size = {6: 1, 7: 2}.get(code, 0)
    end = at + n_size + _UNCOMMON_RATE_BYTES.get(rate_code, 0)
    if not n_number or len(header) <= end or _crc8(header[:end]) != header[end]:
        return None
    n_samples = _BLOCK_SIZES.get(code, 1 + int.from_bytes(header[at : at + n_size], "big"))
    return FlacFrame(position, number if header[1] & 1 else number * fixed_size, n_samples)


def _coded_number(content: bytes) -> tuple[int, int]:
    """Return a number coded like a UTF-8 character of up to 7 bytes, and its length; length 0 if invalid."""
    first = content[0]
    if first < 0x80:
        return first, 1
    n_bytes = 8 - (first ^ 0xFF).bit_length()
    following = content[1:n_bytes]
    if n_bytes < 2 or len(following) < n_bytes - 1 or any(byte >> 6 != 2 for byte in following):
        return 0, 0
    number = first & (0x7F >> n_bytes)
    for byte in following:
        number = number << 6 | byte & 0x3F
    return number, n_bytes


@cache
def _table(polynomial: int, n_bits: int) -> tuple[int, ...]:
    """Return the remainders of all bytes."""
    top, mask = 1 << (n_bits - 1), (1 << n_bits) - 1
    table = []
    for byte in range(256):
        value = byte << (n_bits - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return tuple(table)


def _crc8(content: bytes) -> int:
    table, value = _table(0x07, 8), 0
    for byte in content:
        value = table[value ^ byte]
    return value


def crc16(content: bytes) -> int:
    """Return the checksum of a frame, with the polynomial 0x8005.

    Remainders are linear: those of neighbouring bytes are combined, then those of pairs, and so on, which
    NumPy does for all pairs at once.

    Examples
    --------
    >>> hex(crc16(b"123456789"))
    '0xfee8'
    """
    values = np.array(_table(0x8005, 16), np.uint16)[np.frombuffer(content, np.uint8)]
    n_levels = max(1, len(values) - 1).bit_length() if len(values) > 1 else 0
    # Zeros before the first byte change nothing.
    values = np.concatenate([np.zeros(2**n_levels - len(values), np.uint16), values])
    for level in range(n_levels):
        values = _followed_by_zeros(level)[values[0::2]] ^ values[1::2]
    return int(values[0]) if len(content) else 0


@cache
def _followed_by_zeros(level: int) -> NDArray[np.uint16]:
    """Return for each remainder that after ``2 ** level`` further zero bytes, shape ``(65536,)``."""
    table = np.array(_table(0x8005, 16), np.uint16)
    remainders: NDArray[np.uint16] = np.arange(2**16, dtype=np.uint16)
    remainders = (remainders << 8) ^ table[remainders >> 8]
    for _ in range(level):
        remainders = remainders[remainders]
    return remainders
