"""A place in the order of an index, as the opaque token of a page."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from tunewright.core.errors import InvalidSpec


def cursor(sort: Any, key: str) -> str:
    """Return the token of the place behind a document: its sort value and its key."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([sort, key])).decode()


def position(token: str) -> tuple[float | str | None, str]:
    """Return sort value and key. Raises InvalidSpec: the token was not given out."""
    try:
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(token), type=tuple[float | str | None, str])
    except (ValueError, msgspec.DecodeError):
        raise InvalidSpec("page_token", "is not one that was given out", "Start again without it") from None
