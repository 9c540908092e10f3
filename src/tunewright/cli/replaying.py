"""`tunewright admin dead-letters …` at work: reads and writes Kafka by the variables that services read."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tunewright.cli.forms import Form
from tunewright.cli.output import show
from tunewright.core.durations import parse_duration
from tunewright.core.errors import InvalidSpec, NotFound
from tunewright.platform import backends, settings
from tunewright.platform.bus import dead_letters
from tunewright.platform.bus.dead_letters import Kept, Letter
from tunewright.platform.bus.topics import DEAD_LETTERS
from tunewright.platform.settings import AccessSettings, KafkaSettings

COLUMNS: Final = ("time", "place", "topic", "size", "replayed", "reason")
REPLAYED: Final = ("place", "topic", "key", "speaks_for", "changed")
REASON_WIDTH: Final = 100


@dataclass(frozen=True, kw_only=True)
class Given(AccessSettings, KafkaSettings):
    """Where Kafka is, and whose keys sign."""


def list_letters(
    topic: str, since: str, limit: int, skip: int, form: Form, environ: Mapping[str, str] = os.environ
) -> None:
    given = settings.from_environment(Given, environ)
    after = None if not since else time.time() - parse_duration(since, "--since")
    found = [one for one in asyncio.run(_letters(given, after)) if topic in ("", one.topic)]
    page = [*reversed(found)][skip : skip + limit]
    show(form, [_summary(one, None if form is not Form.TABLE else REASON_WIDTH) for one in page], COLUMNS)


def show_letter(place: str, form: Form, *, only_value: bool, environ: Mapping[str, str] = os.environ) -> None:
    letter, value = asyncio.run(_letter(settings.from_environment(Given, environ), place))
    if only_value:
        sys.stdout.buffer.write(value)
        sys.stdout.buffer.flush()
        return
    record = described(letter, value)
    columns = ("time", "place", "topic", "partition", "offset", "key", "size", "replayed", "reason", "text", "hex")
    show(form, record, columns, lambda: draw(record, value))


def replay_letter(
    place: str, file: Path | None, form: Form, *, again: bool, force: bool, environ: Mapping[str, str] = os.environ
) -> None:
    given = settings.from_environment(Given, environ)
    letter, value = asyncio.run(_letter(given, place))
    instead = value if file is None else _bytes(file)
    changed = instead != value
    replay = dead_letters.replay(
        letter, instead, given.keys(), given.known().key_pair, changed=changed, again=again, force=force
    )
    asyncio.run(_send(given, letter, replay))
    record = {"place": place, "topic": letter.topic, "key": dead_letters.escaped(letter.key), "changed": changed}
    record["speaks_for"] = replay.speaks_for
    signed = f"signed anew, speaks for {replay.speaks_for}" if changed else f"as it was, speaks for {replay.speaks_for}"
    said = f"{place}: sent to {letter.topic}; {signed if replay.speaks_for else 'its topic knows no signatures'}"
    show(form, record, REPLAYED, lambda: print(said))


async def _letters(given: Given, since: float | None) -> list[Letter]:
    async with backends.kafka_unopened(given, "admin") as bus:
        # A mark has its letter's key: it lies behind it in the same partition, whatever the clocks say.
        return dead_letters.letters([item.without_value() async for item in bus.kept(DEAD_LETTERS, since)])


async def _letter(given: Given, place: str) -> tuple[Letter, bytes]:
    """Raises NotFound, InvalidSpec."""
    partition, offset = _place(place)
    async with backends.kafka_unopened(given, "admin") as bus:
        item: Kept | None = await bus.kept_at(DEAD_LETTERS, partition, offset)
        if item is None:
            raise NotFound("dead letter", place)
        after = [other.without_value() async for other in bus.kept(DEAD_LETTERS, item.at)]
    found = {one.place: one for one in dead_letters.letters([item, *after])}
    if item.place not in found:
        raise InvalidSpec("PLACE", f"{place} says that another letter was replayed, and is none itself", "See `list`")
    return found[item.place], item.record.value


async def _send(given: Given, letter: Letter, replay: dead_letters.Replay) -> None:
    """First it is sent, then marked: cut off in between, it is not known to be replayed, and may go out twice.

    A command counts once all the same, and so does a report while its id is among the last 1000 of its attempt. What
    `--force` sends to a topic of the services' own is handled as often as it comes.
    """
    async with backends.kafka_unopened(given, "admin") as bus:
        await bus.publish([replay.record])
        await bus.publish([dead_letters.mark(letter)])


def _place(place: str) -> tuple[int, int]:
    partition, colon, offset = place.partition(":")
    if not (colon and partition.isdecimal() and offset.isdecimal()):
        raise InvalidSpec("PARTITION:OFFSET", f"{place!r} is none", "As `tunewright admin dead-letters list` has it")
    return int(partition), int(offset)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidSpec("--value", f"{file} cannot be read: {error.strerror}", "Give the mended value") from None


def _summary(letter: Letter, width: int | None = None) -> dict[str, Any]:
    reason = dead_letters.escaped(letter.reason)
    return {
        "time": _time(letter.at),
        "place": letter.place,
        "topic": dead_letters.escaped(letter.topic),
        "size": letter.size,
        "replayed": _time(letter.replayed[-1]) if letter.replayed else None,
        "reason": reason if width is None or len(reason) <= width else f"{reason[: width - 1]}…",
    }


def described(letter: Letter, value: bytes) -> dict[str, Any]:
    """Return all that is known of a letter; none of it steers a terminal."""
    text = dead_letters.readable_text(value)
    return _summary(letter) | {
        "key": dead_letters.escaped(letter.key),
        "partition": dead_letters.escaped(letter.partition),
        "offset": dead_letters.escaped(letter.offset),
        "headers": {dead_letters.escaped(name): _header(one) for name, one in letter.headers.items()},
        "text": text,
        "hex": value.hex() if text is None else None,
    }


def draw(record: Mapping[str, Any], value: bytes) -> None:
    for name in ("time", "place", "topic", "partition", "offset", "key", "size", "replayed", "reason"):
        print(f"{name:<10} {'' if record[name] is None else record[name]}")
    for name, text in record["headers"].items():
        print(f"header     {name}: {text}")
    print()
    print(record["text"] if record["text"] is not None else value.hex(" ", 4))


def _header(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return f"0x{value.hex()}"
    return text if text.isprintable() else f"0x{value.hex()}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
