"""Dead letters whatever strangers write: they fit the bus, name themselves, and steer no operator's terminal."""

from __future__ import annotations

import pytest

from tunewright.cli import replaying
from tunewright.platform.bus.consumer import LONGEST_KEY, letter
from tunewright.platform.bus.dead_letters import REPLAYED, Kept, letters, readable_text
from tunewright.platform.bus.port import LARGEST_LETTER_BYTES, LARGEST_RECORD_BYTES, Delivered, Record

COMMANDS = "tuning.commands"
ESCAPE, C1 = "\x1b]0;mine\x07", "\x9b31m"


def of(value: bytes = b"", key: str = "k", headers: dict[str, bytes] | None = None, why: str = "why") -> Record:
    return letter(Delivered(Record(COMMANDS, key, value, headers or {}), 3, 7), why)


def size(record: Record) -> int:
    headers = sum(len(name.encode()) + len(text) for name, text in record.headers.items())
    return len(record.key.encode()) + len(record.value) + headers


@pytest.mark.parametrize(
    ("value", "key", "headers"),
    [
        (b"x", "\ufffd" * 3_300_000, {}),
        (b"x" * LARGEST_RECORD_BYTES, "", {"ce_type": b"T"}),
        (b"x" * LARGEST_LETTER_BYTES, "", {}),
        (b"", "", {"much": b"x" * LARGEST_LETTER_BYTES}),
    ],
)
def test_a_letter_is_never_larger_than_the_bus_takes(value: bytes, key: str, headers: dict[str, bytes]) -> None:
    told = of(value, key, headers)
    assert size(told) < LARGEST_LETTER_BYTES - 1000
    assert (told.headers["dl-topic"], told.headers["dl-offset"]) == (COMMANDS.encode(), b"7")
    assert told.headers["dl-reason"].endswith(b"why")
    assert len(told.headers["dl-key"].decode()) <= LONGEST_KEY


def test_what_fits_is_kept_byte_for_byte() -> None:
    told = of(b"\xff\x00", headers={"ce_type": b"\xfe"})
    assert (told.value, told.headers["ce_type"]) == (b"\xff\x00", b"\xfe")


def test_a_stranger_cannot_hide_a_letter_nor_mark_another_one() -> None:
    kept = [
        Kept(of(headers={}), 0, 0, 1.0, 0),
        Kept(of(headers={REPLAYED: b"0:0", "dl-more": b"x", "x": b"y"}), 0, 1, 2.0, 0),
    ]
    first, second = letters(kept)
    assert (first.replayed, second.place, dict(second.headers)) == ((), "0:1", {"x": b"y"})


def test_what_strangers_write_does_not_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    value = f'{{"a": "{C1}ü"}}'.encode()
    (one,) = letters([Kept(of(value, f"k{ESCAPE}", {f"x{ESCAPE}": b"y"}, f"no {C1}"), 0, 0, 1.0, len(value))])
    replaying.draw(replaying.described(one, value), value)
    shown = capsys.readouterr().out
    assert not [sign for sign in shown if sign != "\n" and not sign.isprintable()]
    assert "k\\u001b]0;mine\\u0007" in shown
    assert '"a": "\\u009b31mü"' in shown


def test_a_value_that_is_no_json_is_text_only_if_it_can_be_shown() -> None:
    assert readable_text(b"plain\nlines") == "plain\nlines"
    assert readable_text(b"\x1b[2J") is None
    assert readable_text(b"\xff") is None
