"""A log that is read again and again, breaking off anywhere, gives the spool every byte once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunewright_trainer.runner.log_follower import GAP, NS, LineDecoder, LogCopy, Through, parse_time

BEGAN = 1_700_000_000 * NS


def record(at_s: float, text: str):
    return BEGAN + int(at_s * NS), text.encode() + b"\n", True


def read(log, since_s):
    """What an engine gives of its log from a time on."""
    return [piece for piece in log if piece[0] >= since_s * NS]


def text_of(log) -> bytes:
    return b"".join(data for _, data, _ in log)


@pytest.fixture
def open_copy(tmp_path):
    copies = []

    def open_(name="spool"):
        copies.append(LogCopy(tmp_path / name, tmp_path / f"{name}-through"))
        return copies[-1]

    yield open_
    for copy in copies:
        copy.close()


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.sampled_from([0, 0, 1, 1_000_000, 400_000_000, 1_100_000_000, -300_000_000]), max_size=40),
    breaks=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=5),
)
def test_reading_again_loses_nothing_and_repeats_nothing(tmp_path_factory, steps, breaks):
    folder = tmp_path_factory.mktemp("copy")
    now, log = BEGAN, []
    for number, step in enumerate(steps):
        now += step
        log.append((now, b"line %d\n" % number, True))
    for records, torn_bytes in breaks:
        copy = LogCopy(folder / "spool", folder / "through")
        coming = read(log, copy.since_s)
        copy.write(coming[:records])
        copy.close()
        whole = (folder / "spool").stat().st_size
        with (folder / "spool").open("ab") as spool:  # killed after the append, before the note
            spool.write(text_of(log)[whole : whole + torn_bytes])
    copy = LogCopy(folder / "spool", folder / "through")
    copy.write(read(log, copy.since_s))
    copy.close()
    assert (folder / "spool").read_bytes() == text_of(log)
    assert copy.gaps == 0


def test_many_records_of_one_moment_are_counted(open_copy, tmp_path):
    log = [record(5.0, f"line {i}") for i in range(100)]
    open_copy().write(log[:37])
    later = open_copy()
    later.write(read(log, later.since_s))
    assert (tmp_path / "spool").read_bytes() == text_of(log)


def test_it_goes_on_from_a_few_seconds_back_and_not_from_the_beginning(open_copy):
    copy = open_copy()
    copy.write([record(i / 10, "line") for i in range(10_000)])
    assert BEGAN // NS + 990 < open_copy().since_s <= BEGAN // NS + 998


def test_a_clock_set_back_makes_all_be_read_again(open_copy, tmp_path):
    log = [record(second, f"at {second}") for second in (100, 101, 102, 103, 10, 11, 12)]
    open_copy().write(log[:5])
    later = open_copy()
    assert later.since_s == 0
    later.write(read(log, later.since_s))
    assert (tmp_path / "spool").read_bytes() == text_of(log)


def test_a_line_of_many_entries_does_not_move_the_mark(open_copy):
    """Its later entries are of a later second and would come, as a record of their own, before what is counted."""
    copy = open_copy()
    copy.write([record(0.9, "x" * 100_000), record(1.5, "next"), record(2.5, "and next")])
    assert copy.since_s == 0
    copy.begin()
    assert copy.since_s == 0


def test_what_was_rotated_away_is_told(open_copy, tmp_path):
    copy = open_copy()
    copy.write([record(1, "first"), record(2, "second")])
    copy.begin()
    copy.write([record(7, "seventh")])
    assert copy.gaps == 1
    copy.begin()
    copy.write([record(7, "seventh"), record(8, "eighth")])
    assert (tmp_path / "spool").read_bytes() == b"first\nsecond\n" + GAP + b"seventh\neighth\n"


def test_a_rotation_behind_what_was_read_loses_nothing(open_copy, tmp_path):
    copy = open_copy()
    copy.write([record(1, "first"), record(1.5, "second")])
    copy.begin()
    copy.write([record(1.5, "second"), record(1.7, "third")])
    assert copy.gaps == 0
    assert (tmp_path / "spool").read_bytes() == b"first\nsecond\nthird\n"


def test_a_disk_that_lost_the_spools_end_gets_it_again(open_copy, tmp_path):
    log = [record(i, f"line {i}") for i in range(10)]
    open_copy().write(log)
    with (tmp_path / "spool").open("ab") as spool:
        spool.truncate(20)
    later = open_copy()
    later.write(read(log, later.since_s))
    assert (tmp_path / "spool").read_bytes() == text_of(log)


def test_a_note_is_read_as_it_was_written():
    through = Through()
    for second in range(5):
        through.add(BEGAN + second * NS, 7)
    again = Through.decode(through.encode())
    assert (again.size, again.records, again.latest, again.marks) == (35, 5, BEGAN + 4 * NS, through.marks)
    with pytest.raises(ValueError, match="whole"):
        Through.decode(through.encode()[:-1])


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        (b"2023-11-14T22:13:20.123456789Z", BEGAN + 123456789),
        (b"2023-11-14T22:13:20.5Z", BEGAN + 500_000_000),
        (b"2023-11-14T22:13:20Z", BEGAN),
        (b"2023-11-15T00:13:20.000000001+02:00", BEGAN + 1),
        (b"2023-11-14T17:13:20.25-05:00", BEGAN + 250_000_000),
    ],
)
def test_timestamps_of_every_kind(text, nanoseconds):
    assert parse_time(text) == nanoseconds


@pytest.mark.parametrize("size", [1, 2, 3, 7, 29, 31, 64, 1000])
def test_lines_cut_anywhere_are_the_same_lines(open_copy, tmp_path, size):
    texts = [b"", b"one", b"two words", b"x" * 300, b" leading", bytes(range(11, 256)), b"no end"]
    log = b"\n".join(b"2023-11-14T22:13:2%d.00000000%dZ " % (i, i) + text for i, text in enumerate(texts))
    decoder, copy = LineDecoder(), open_copy()
    for at in range(0, len(log), size):
        copy.write(decoder.pieces(log[at : at + size]))
    assert (tmp_path / "spool").read_bytes() == b"\n".join(texts)


def test_a_line_without_an_end_is_there_at_once(open_copy, tmp_path):
    decoder, copy = LineDecoder(), open_copy()
    copy.write(decoder.pieces(b"2023-11-14T22:13:20.000000001Z 10 %"))
    assert (tmp_path / "spool").read_bytes() == b"10 %"
    copy.begin()
    copy.write(LineDecoder().pieces(b"2023-11-14T22:13:20.000000001Z 10 % 20 %\n"))
    assert (tmp_path / "spool").read_bytes() == b"10 % 20 %\n"


def test_what_is_no_log_is_refused():
    with pytest.raises(ValueError, match="isoformat"):
        list(LineDecoder().pieces(b"unable to retrieve container logs\n"))
