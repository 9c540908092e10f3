"""Dead letters as operators see them: what could not be read, why, and how it is sent once more.

A replay is a new record on the topic that the letter came from. That it was made stands on dead-letters too, as a mark
that names the letter: nothing there is ever changed or removed, and whoever lists letters sees which are dealt with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.core.values import replace
from tunewright.platform.access import KeyOf
from tunewright.platform.bus.messages import Unreadable, read
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.signing import SIGNATURE, signature, signed_owner
from tunewright.platform.bus.topics import DEAD_LETTERS, topics
from tunewright.platform.credentials import Credentials

OURS: Final = "dl-"
"""So begin the headers that a letter has beside those of its original."""
REPLAYED: Final = "dl-replayed"
"""Header of a mark: the place of the letter that was replayed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as a topic keeps it."""

    record: Record
    partition: int
    offset: int
    at: float
    """When it came, Unix seconds."""
    size: int
    """Of its value."""

    def without_value(self) -> Kept:
        """Return it as it is listed: there may be many, and values may be large."""
        return replace(self, record=replace(self.record, value=b""))

    @property
    def place(self) -> str:
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    place: str
    """Partition and offset on dead-letters, by which it is named."""
    at: float
    topic: str
    """Where it came from, as are these: …"""
    partition: str
    offset: str
    key: str
    reason: str
    size: int
    headers: Mapping[str, bytes]
    """Of the original."""
    replayed: tuple[float, ...] = ()


def letters(kept: Iterable[Kept]) -> list[Letter]:
    """Return the letters among what is kept, oldest first, each with when it was replayed."""
    found: dict[str, Letter] = {}
    marks: dict[str, list[float]] = {}
    for item in kept:
        if REPLAYED in item.record.headers:
            marks.setdefault(_text(item.record.headers[REPLAYED]), []).append(item.at)
        else:
            found[item.place] = _letter(item)
    told = [replace(one, replayed=tuple(sorted(marks.get(place, ())))) for place, one in found.items()]
    return sorted(told, key=lambda one: one.at)


def readable_text(value: bytes) -> str | None:
    """Return a value for people: JSON over several lines, other text as it is; None: it is no text."""
    try:
        text = value.decode()
        return escaped(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    except UnicodeDecodeError:
        return None
    except (ValueError, RecursionError):
        return text if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable() else None


def escaped(text: str) -> str:
    """Return what strangers wrote as a terminal may be given it: in lines, with what steers it as JSON has it."""
    return "".join(one if one == "\n" or one.isprintable() else json.dumps(one)[1:-1] for one in text)


@dataclass(frozen=True, slots=True)
class Replay:
    record: Record
    speaks_for: str
    """Whom it is signed for; empty: its topic knows no signatures."""


def replay(
    letter: Letter,
    value: bytes,
    keys: Credentials,
    key_of: KeyOf,
    *,
    changed: bool,
    force: bool = False,
    again: bool = False,
) -> Replay:
    """Return what is to be sent. A value that was changed is signed with `keys`; `key_of` knows whose keys are whose.

    Raises IllegalTransition: it was replayed before. InvalidSpec: it would come back, or its topic is ours alone.
    """
    if letter.replayed and not again:
        raise IllegalTransition(f"letter {letter.place}", "replayed already", "be replayed", "Say so with --again")
    topic = topics().get(letter.topic)
    if topic is None:
        raise InvalidSpec(
            "PLACE", f"letter {letter.place} is of topic {letter.topic!r}, which there is not", "Leave it"
        )
    if not topic.json and not force:
        why = f"letter {letter.place} is of {letter.topic}, which the services alone write"
        raise InvalidSpec("PLACE", why, "If you know what it does there, --force")
    record = Record(letter.topic, letter.key, value, letter.headers)
    try:
        read(record)
        if not topic.json:
            return Replay(record, "")
        if changed:
            sealed = {**letter.headers, SIGNATURE: signature(record, keys).encode()}
            record = Record(letter.topic, letter.key, value, sealed)
        return Replay(record, signed_owner(record, key_of))
    except Unreadable as why:
        remedy = "Mend it: show --value > FILE, then replay with --value FILE"
        raise InvalidSpec("PLACE", f"letter {letter.place} would come back: {why}", remedy) from None


def mark(letter: Letter) -> Record:
    """Return what says on dead-letters that a letter was replayed."""
    return Record(DEAD_LETTERS, letter.topic, b"", {REPLAYED: letter.place.encode()})


def _letter(item: Kept) -> Letter:
    headers = item.record.headers
    own: dict[str, Any] = {
        name: _text(headers.get(f"{OURS}{name}", b"")) for name in ("topic", "partition", "offset", "key", "reason")
    }
    original = {name: value for name, value in headers.items() if not name.startswith(OURS)}
    return Letter(item.place, item.at, size=item.size, headers=original, **own)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
