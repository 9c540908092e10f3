"""Cutting output into lines, on any bytes however the reads fall."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright_trainer.core.lines import LIMIT_BYTES, Position, cut_lines

START = Position()


def read_all(output: bytes, sizes: list[int], *, start: Position = START) -> tuple[list[str], list[int], Position]:
    """Cut a spool as a tailer does: it grows in pieces of the given sizes (then by itself), and ends."""
    texts: list[str] = []
    cut: list[int] = []
    position, grown = start, start.offset
    for size in [*sizes, len(output)]:
        grown = min(grown + size, len(output))
        lines = cut_lines(position, output[position.offset : grown], final=grown == len(output))
        cut += [position.line + index for index in lines.cut]
        texts += lines.texts
        assert lines.end.line == len(texts) + start.line
        position = lines.end
    return texts, cut, position


PRINTED = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\r", "é€😀".encode(), b"\xff\xfe", b"\x0b\x0c\x1c\x85", b"loss=1"]),
        st.binary(max_size=8),
        st.sampled_from([b"x" * (LIMIT_BYTES - 1), b"x" * LIMIT_BYTES, b"x" * (LIMIT_BYTES + 1), b"\xff" * 30_000]),
    ),
    max_size=12,
).map(b"".join)


@given(PRINTED, st.lists(st.integers(0, 70_000) | st.integers(0, 5), max_size=20))
def test_lines_do_not_depend_on_how_the_reads_fell(output, sizes):
    texts, cut, position = read_all(output, sizes)
    assert (texts, cut) == read_all(output, [])[:2]
    assert position.offset == len(output)


@given(PRINTED, st.lists(st.integers(0, 70_000) | st.integers(0, 5), max_size=20))
def test_lines_are_those_that_a_person_would_count(output, sizes):
    texts, cut, _ = read_all(output, sizes)
    pieces = re.split(rb"\r\n|\n|\r", output)
    if pieces[-1] == b"":
        pieces.pop()
    assert len(texts) == len(pieces)
    for index, (text, piece) in enumerate(zip(texts, pieces, strict=True)):
        whole = piece.decode("utf-8", "replace")
        assert len(text.encode()) <= LIMIT_BYTES
        assert (index in cut) == (len(whole.encode()) > LIMIT_BYTES)
        if index not in cut:
            assert text == whole


@given(PRINTED, st.integers(0, 70_000))
def test_going_on_from_any_position_gives_the_rest(output, first_read):
    lines = cut_lines(Position(), output[:first_read], final=False)
    rest, _, _ = read_all(output, [], start=lines.end)
    assert [*lines.texts, *rest] == read_all(output, [])[0]


@given(PRINTED, st.integers(1, 5))
def test_some_lines_at_a_time_are_the_same_lines(output, most):
    texts: list[str] = []
    position = Position()
    while position.offset < len(output):
        lines = cut_lines(position, output[position.offset :], final=True, most=most)
        assert len(lines.texts) <= most
        assert lines.end.offset > position.offset
        texts += lines.texts
        position = lines.end
    assert texts == read_all(output, [])[0]


def test_a_progress_bar_is_many_lines():
    assert read_all(b"\r 10%\r 50%\r100%\ndone", [])[0] == ["", " 10%", " 50%", "100%", "done"]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_an_endless_line_is_one_line_cut_in_bounded_memory(end):
    texts, position = [], Position()
    output = b"x" * 2_000_000 + end + b"next"
    while position.offset < len(output):
        data = output[position.offset : position.offset + 100_000]
        lines = cut_lines(position, data, final=position.offset + len(data) == len(output))
        texts += lines.texts
        assert position.offset + len(data) - lines.end.offset <= LIMIT_BYTES, "more than a line is left to read again"
        position = lines.end
    assert texts == (["x" * LIMIT_BYTES, "next"] if end else ["x" * LIMIT_BYTES])


def test_a_character_is_not_cut_in_two():
    texts, cut, _ = read_all(b"x" + "é".encode() * LIMIT_BYTES + b"\n", [])
    assert cut == [0]
    assert texts[0] == "x" + "é" * ((LIMIT_BYTES - 1) // 2)


def test_an_unfinished_line_waits_until_the_end():
    waiting = cut_lines(Position(), b"one\ntw", final=False)
    assert list(waiting.texts) == ["one"]
    assert list(cut_lines(waiting.end, b"tw", final=True).texts) == ["tw"]
