"""How the SDK's arguments become messages: what a message cannot hold is refused by the name of its argument."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import Message

from tunewright.core.errors import InvalidSpec

M = TypeVar("M", bound=Message)


def request_of(kind: type[M], **values: Any) -> M:
    """Return the message with these fields; one that is None stays unset. Raises InvalidSpec."""
    message = kind()
    for name, value in values.items():
        try:
            message.MergeFrom(kind(**{name: value}))
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidSpec(name, f"cannot be sent: {error}", "Choose another value") from error
    return message
