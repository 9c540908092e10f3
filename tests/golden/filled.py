"""Values of any message or document type with every field filled, the same each time."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

DEEPEST = 6
PLAIN: dict[Any, Any] = {str: "text", int: 7, float: 1.5, bool: True, bytes: b"\x01", Any: "any", type(None): None}
STRING, BYTES = FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.TYPE_BYTES
NUMBERS = {FieldDescriptor.CPPTYPE_DOUBLE: 1.5, FieldDescriptor.CPPTYPE_FLOAT: 1.5, FieldDescriptor.CPPTYPE_BOOL: True}


def filled_message(message: Message, depth: int = 0) -> Message:
    """Fill a message; of a oneof its first member."""
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if depth > DEEPEST or (oneof is not None and oneof.fields[0].name != field.name):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _fill_map(getattr(message, field.name), field, depth)
        elif field.message_type is not None:
            at = getattr(message, field.name)
            filled_message(at.add() if field.is_repeated else at, depth + 1)
            if not field.is_repeated:
                at.SetInParent()
        elif field.is_repeated:
            getattr(message, field.name).append(_scalar(field))
        else:
            setattr(message, field.name, _scalar(field))
    return message


def _fill_map(entries: Any, field: Any, depth: int) -> None:
    key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
    if value.message_type is not None:
        filled_message(entries[_scalar(key)], depth + 1)
    else:
        entries[_scalar(key)] = _scalar(value)


def _scalar(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.cpp_type == STRING:
        return b"\x01" if field.type == BYTES else "text"
    return NUMBERS.get(field.cpp_type, 7)


def filled_value(hint: Any) -> Any:
    """Return a value of a type; of alternatives the first that is not None."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin in (Union, types.UnionType):
        return filled_value(next(item for item in arguments if item is not type(None)))
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        some = arguments[:1] if arguments[-1:] == (...,) else arguments
        return tuple(filled_value(item) for item in some)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {filled_value(arguments[0]): filled_value(arguments[1])}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return list(hint)[-1]
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{item.name: filled_value(hints[item.name]) for item in dataclasses.fields(hint) if item.init})  # type: ignore[operator]
    raise TypeError(f"{hint} cannot be filled")
