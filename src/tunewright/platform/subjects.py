"""What a call or a message is about, for the lines that are logged while it is handled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor

from tunewright.core.names import training_id

LONGEST: Final = 128
"""Characters; callers may name what there is not."""

Subject = Callable[[Any], dict[str, str]]


def subject_of(message: Any) -> dict[str, str]:
    """Return `job` and `training`, those of the two that the message names."""
    return {name: text[:LONGEST] for name, text in _reader(message.DESCRIPTOR)(message).items() if text}


@cache
def _reader(kind: Descriptor) -> Subject:
    fields = kind.fields_by_name
    if "uid" in fields and "number" in fields:
        return lambda it: {"job": it.uid, "training": training_id(it.uid, it.number)}
    if "attempt" in fields and fields["attempt"].message_type is not None:
        return lambda it: {
            "job": it.attempt.training_id.partition("/")[0],
            "training": it.attempt.training_id,
        }
    if "training" in fields and _is_text(kind, "training"):
        return lambda it: {"training": it.training}
    named = next((name for name in ("uid", "job") if _is_text(kind, name)), None)
    if named is not None:
        return lambda it: {"job": getattr(it, named)}
    return lambda _it: {}


def _is_text(kind: Descriptor, name: str) -> bool:
    field = kind.fields_by_name.get(name)
    return field is not None and field.type == field.TYPE_STRING
