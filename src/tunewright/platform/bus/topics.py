"""The topics, as proto/topics.toml declares them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

PACKAGED: Final = Path(__file__).with_name("topics.toml")
IN_CHECKOUT: Final = Path(__file__).parents[4] / "proto" / "topics.toml"
MESSAGE_PACKAGE: Final = "tunewright.events.v1"
DEAD_LETTERS: Final = "dead-letters"


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    partitions: int
    retention_s: int
    messages: tuple[str, ...]
    """Full names of the message types that it carries."""
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    json: bool = False
    """Other systems may write protobuf's JSON mapping too."""


@cache
def topics() -> dict[str, Topic]:
    """Return all topics by name: from the wheel, or from the checkout that this is installed from."""
    source = PACKAGED if PACKAGED.exists() else IN_CHECKOUT
    return {name: _topic(name, entry) for name, entry in tomllib.loads(source.read_text()).items()}


def _topic(name: str, entry: dict[str, Any]) -> Topic:
    messages = [f"{MESSAGE_PACKAGE}.{message}" for message in entry["messages"]]
    return msgspec.convert(entry | {"name": name, "messages": messages}, Topic)
