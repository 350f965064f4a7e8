"""Bounds of what is unpacked and parsed: headers that lie, bombs, and nesting without end."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest

from woodshed.decoding import check_archive, decompress_gzip, parse_arrays, parse_json, read_member


def packed(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**6, "[" * 65 + "]" * 65])
def test_deep_json_is_refused_and_not_a_recursion_error(text: str) -> None:
    with pytest.raises(ValueError, match="more than 64 levels"):
        parse_json(text)


def test_deep_json_in_utf_16_is_not_a_recursion_error() -> None:
    """A byte of the letter U+2261 is that of a quotation mark, in which brackets would not count."""
    text = '[1,"\u2261",' + "[" * 3000 + "]" * 3000 + ',"\u2261"]'
    with pytest.raises(ValueError):  # noqa: PT011  the text is that of the codec
        parse_json(text.encode("utf-16-le"))
    assert parse_json("\ufeff[1]".encode()) == [1]


def test_a_text_without_end_takes_linear_time() -> None:
    with pytest.raises(ValueError, match="Unterminated string"):
        parse_json('"' + '\\"' * 10**6)


def test_brackets_in_texts_do_not_count() -> None:
    text = '{"a \\" [[[[": "' + "[" * 1000 + '\\\\"}'
    assert parse_json(text) == {'a " [[[[': "[" * 1000 + "\\"}


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[-Infinity]", "", b"\xff\xfe", "{"])
def test_what_is_not_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the text is that of the parser
        parse_json(text)


def test_a_long_json_text_is_refused() -> None:
    with pytest.raises(ValueError, match="it has 100 bytes, more than 10"):
        parse_json("1" * 100, max_bytes=10)


def test_a_gzip_bomb_is_refused_and_damage_named() -> None:
    bomb = gzip.compress(bytes(10**7))
    with pytest.raises(ValueError, match="unpacks to more than 1,000,000 bytes"):
        decompress_gzip(bomb, max_bytes=10**6)
    assert len(decompress_gzip(bomb, max_bytes=10**7)) == 10**7
    for damaged in (b"", b"no gzip", bomb[:-9], bomb[:-4] + b"\x00\x00\x00\x01"):
        if damaged:
            with pytest.raises(ValueError, match="it is damaged"):
                decompress_gzip(damaged)


def test_a_zip_member_is_counted_while_it_is_read() -> None:
    bomb = packed("a", bytes(10**7))
    size = struct.pack("<I", 10**7)
    lying = bomb.replace(size, struct.pack("<I", 10))  # the header promises ten bytes
    for content in (bomb, lying):
        with (
            zipfile.ZipFile(io.BytesIO(content)) as archive,
            pytest.raises(ValueError, match=r"unpacks|damaged"),
        ):
            read_member(archive, "a", max_bytes=10**6)
        with pytest.raises(ValueError, match=r"unpacks|damaged"):
            check_archive(content, max_bytes=10**6)
    with (
        zipfile.ZipFile(io.BytesIO(bomb)) as archive,
        pytest.raises(ValueError, match="its part b cannot be read"),
    ):
        read_member(archive, "b")


def test_the_bound_of_all_files_together_is_named() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", bytes(600))
        archive.writestr("b", bytes(600))
    check_archive(stream.getvalue(), max_bytes=1200)
    with pytest.raises(ValueError, match="unpacks to more than 1,000 bytes"):
        check_archive(stream.getvalue(), max_bytes=1000)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_compression_than_deflate_is_refused(method: int) -> None:
    """Damage of LZMA raises errors of its own, and it may reserve gigabytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a", bytes(600))
    with pytest.raises(ValueError, match=r"its part a cannot be read \(it is compressed by another method"):
        check_archive(stream.getvalue())


def test_an_array_that_declares_more_than_it_has_is_refused() -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with pytest.raises(ValueError, match=r"its array x\.npy is damaged"):
        parse_arrays(packed("x.npy", stream.getvalue() + bytes(8)))
    with pytest.raises(ValueError, match="unpacks to more than"):
        parse_arrays(packed("x.npy", bytes(10**7)), max_bytes=10**6)


def test_arrays_are_those_that_were_saved_and_objects_refused() -> None:
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.asfortranarray(np.eye(3)),
        "c": np.array("text"),
        "d": np.zeros((0, 3)),
        "e": np.array(3),
    }
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    parsed = parse_arrays(stream.getvalue())
    assert all(np.array_equal(parsed[name], array) for name, array in arrays.items())
    assert all(parsed[name].flags.writeable for name in arrays)
    stream = io.BytesIO()
    np.savez(stream, o=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"its array o\.npy is damaged"):
        parse_arrays(stream.getvalue())
