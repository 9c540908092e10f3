"""The framing of an engine's log, cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright_trainer.runner.docker.frames import PART_BYTES, Frames

SECOND = 1_767_268_800
"""2026-01-01T12:00:00Z"""


def frame(time: bytes, said: bytes, stream: int = 1) -> bytes:
    content = time + b" " + said
    return bytes([stream, 0, 0, 0]) + len(content).to_bytes(4, "big") + content


def told(chunks: list[bytes]) -> list[tuple]:
    frames = Frames()
    return [piece for chunk in chunks for piece in frames.pieces(chunk)]


RECORDS = st.lists(st.tuples(st.integers(0, 86_399), st.integers(0, 999_999_999), st.binary(max_size=40)), max_size=12)


@given(records=RECORDS, cuts=st.lists(st.integers(0, 400), max_size=8))
def test_every_record_comes_whole_wherever_the_stream_is_cut(records, cuts):
    times = [b"2026-01-01T%02d:%02d:%02d.%09dZ" % (s // 3600, s // 60 % 60, s % 60, ns) for s, ns, _ in records]
    stream = b"".join(frame(time, said) for time, (_, _, said) in zip(times, records, strict=True))
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = told([stream[a:b] for a, b in pairwise(bounds)])
    midnight = SECOND - 12 * 3600
    assert pieces == [((midnight + s) * 10**9 + ns, said, True) for s, ns, said in records]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (b"2026-01-01T12:00:00.000000007Z", 7),
        (b"2026-01-01T13:00:00.000000007+01:00", 7),
        (b"2026-01-01T12:00:00.5Z", 500_000_000),
        (b"2026-01-01T12:00:00Z", 0),
    ],
)
def test_timestamps_as_engines_write_them(time, expected):
    assert told([frame(time, b"Z words\n", stream=2)]) == [(SECOND * 10**9 + expected, b"Z words\n", True)]


def test_a_record_without_a_timestamp_is_an_error():
    with pytest.raises(ValueError, match=r"."):
        told([b"\x01\0\0\0\0\0\0\x05words"])


def records(*said: tuple[int, bytes]) -> list[bytes]:
    return [frame(b"2026-01-01T12:00:00Z", content, stream) for stream, content in said]


PART = b"x" * PART_BYTES


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([(1, PART), (1, PART), (1, b"x"), (1, b"a\n")], PART + PART + b"x\na\n"),
        ([(1, PART), (1, b""), (1, b"a\n")], PART + b"\na\n"),
        ([(1, PART), (1, b"x\n"), (1, b"prompt")], PART + b"x\nprompt"),
        ([(1, PART), (2, b"a\n"), (2, b"b"), (1, b"x"), (1, b"c\n")], PART + b"a\nbx\nc\n"),
        ([(1, PART[1:] + b"\n"), (1, b"prompt")], PART[1:] + b"\nprompt"),
    ],
    ids=["without its end", "of whole parts", "with its end", "beside another stream", "one record"],
)
def test_a_line_of_several_records_ends_with_the_last_of_its_stream(said, expected):
    assert b"".join(content for _, content, _ in told(records(*said))) == expected
