"""The one codec between protobuf messages and core dataclasses: fields meet by name.

    double, int, string, bool, bytes   the same                repeated    tuple
    optional T                         T | None                map         dict
    enum PREFIX_NAME                   Enum.NAME               message     dataclass
    Timestamp                          float, Unix seconds     v1.Value    float | int | str
    oneof x {A a; B b}                 x: A | B (dataclasses; case chosen by class name)

proto3 cannot tell an absent scalar from a zero one, so zero, "" and UNSPECIFIED give the dataclass's default. Fields
for which zero is a value of its own are `optional` in the message. A test holds both field lists equal for every pair
in use.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tunewright.core.errors import InvalidSpec
from tunewright.v1 import spec_pb2

FieldDescriptor = Any
"""protobuf's own; its two implementations share no type."""

M = TypeVar("M", bound=Message)
T = TypeVar("T")
NANOS = 1_000_000_000


def to_message(value: Any, message_type: type[M]) -> M:
    """Encode a dataclass. Fields of the message that the dataclass does not have stay unset.

    Raises InvalidSpec, with the dotted path of the field, for what the message cannot hold.
    """
    message = message_type()
    for name, write in _writers(cast("Any", type(value)), cast("Any", message_type)):
        item = getattr(value, name)
        if item is None:
            continue
        try:
            write(message, item)
        except InvalidSpec as error:
            raise _inside(name, error) from error
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise InvalidSpec(name, f"cannot be sent: {error}", "Choose another value") from error
    return message


def from_message(message: Message, value_type: type[T], path: str = "") -> T:
    """Decode into a dataclass.

    Raises InvalidSpec, with the dotted path of the field, for what the dataclass refuses.
    """
    arguments: dict[str, Any] = {}
    for field, read in _readers(cast("Any", type(message)), cast("Any", value_type)):
        here = f"{path}.{field.name}" if path else field.name
        item = read(message, here)
        if item is not MISSING:
            arguments[field.name] = item
        elif field.default is MISSING and field.default_factory is MISSING:
            absent = field.name in _nullable(cast("Any", value_type))
            arguments[field.name] = None if absent else _zero(message, field, here)
    try:
        return value_type(**arguments)
    except InvalidSpec as error:
        raise _inside(path, error) from error


def value_to_message(value: float | str) -> spec_pb2.Value:
    message = spec_pb2.Value()
    write_value(message, value)
    return message


def write_value(message: spec_pb2.Value, value: float | str) -> None:
    """Write into a message that stands in another one. Raises InvalidSpec."""
    match value:
        case bool():
            raise InvalidSpec("", "a truth value is not a hyperparameter's value", 'Write "true" or "false" as text')
        case int():
            message.int_value = value
        case float():
            message.float_value = value
        case _:
            message.text_value = value


def value_from_message(message: spec_pb2.Value, path: str = "") -> float | int | str:
    case = message.WhichOneof("kind")
    if case is None:
        raise InvalidSpec(path, "holds no value", "Give a number or a text")
    value: float | int | str = getattr(message, case)
    return value


def instant_to_timestamp(instant: float) -> Timestamp:
    """Return the nearest timestamp; for times after 1970-04 it is exact, which whole nanoseconds in a float are not."""
    seconds = math.floor(instant)
    carried, nanos = divmod(round((instant - seconds) * NANOS), NANOS)
    return Timestamp(seconds=seconds + carried, nanos=nanos)


def instant_from_timestamp(stamp: Timestamp) -> float:
    return stamp.seconds + stamp.nanos / NANOS


def field_names(message_type: type[Message]) -> set[str]:
    """Return the names that a dataclass of this message has: a oneof counts as one field, under its own name."""
    names = set()
    for field in message_type.DESCRIPTOR.fields:
        oneof = _real_oneof(field)
        names.add(oneof or field.name)
    return names


def _inside(path: str, error: InvalidSpec) -> InvalidSpec:
    """Return the error with its field's path as seen from outside."""
    separator = "." if path and error.field else ""
    return InvalidSpec(f"{path}{separator}{error.field}", error.why, error.remedy)


def _real_oneof(field: FieldDescriptor) -> str | None:
    """Return the name of the oneof a field belongs to; proto3 optional makes a hidden one, which is none."""
    oneof = field.containing_oneof
    return oneof.name if oneof is not None and not oneof.name.startswith("_") else None


def _zero(message: Message, field: Field[Any], path: str) -> Any:
    """Return a required field's value where the message has it at zero; a required enum or message must be given."""
    descriptor: FieldDescriptor = message.DESCRIPTOR.fields_by_name.get(field.name)
    if descriptor is None or descriptor.message_type is not None or descriptor.enum_type is not None:
        raise InvalidSpec(path, "is missing", "Give it")
    return getattr(message, field.name)


# -- Encoding: per pair of types, one function a field ---------------------------------------------------------------

Writer = Callable[[Any, Any], None]


@cache
def _writers(value_type: Any, message_type: Any) -> list[tuple[str, Writer]]:
    by_name = message_type.DESCRIPTOR.fields_by_name
    oneofs = message_type.DESCRIPTOR.oneofs_by_name
    writers: list[tuple[str, Writer]] = []
    for field in fields(value_type):
        if field.name in by_name:
            writers.append((field.name, _writer(by_name[field.name])))
        elif field.name in oneofs:
            writers.append((field.name, _oneof_writer(oneofs[field.name].fields)))
    return writers


def _writer(field: FieldDescriptor) -> Writer:
    name = field.name
    if _is_map(field):
        return _map_writer(field)
    encode = _encoder(field)
    if field.is_repeated:
        return lambda message, items: getattr(message, name).extend([encode(item) for item in items])
    if field.message_type is not None:
        return lambda message, item: getattr(message, name).CopyFrom(encode(item))
    return lambda message, item: setattr(message, name, encode(item))


def _map_writer(field: FieldDescriptor) -> Writer:
    name, item_field = field.name, field.message_type.fields_by_name["value"]
    encode = _encoder(item_field)
    if item_field.message_type is None:
        return lambda message, items: getattr(message, name).update(items)

    def write(message: Any, items: Mapping[str, Any]) -> None:
        target = getattr(message, name)
        for key, item in items.items():
            target[key].CopyFrom(encode(item))

    return write


def _oneof_writer(cases: list[FieldDescriptor]) -> Writer:
    by_class = {case.message_type.name: case for case in cases}

    def write(message: Any, item: Any) -> None:
        case = by_class.get(type(item).__name__)
        if case is None:
            raise InvalidSpec("", f"{item!r} is not one of {', '.join(by_class)}", "Give one of these")
        getattr(message, case.name).CopyFrom(to_message(item, case.message_type._concrete_class))  # noqa: SLF001

    return write


def _encoder(field: FieldDescriptor) -> Callable[[Any], Any]:
    if field.enum_type is not None:
        enum, prefix = field.enum_type, _enum_prefix(field)
        return lambda item: enum.values_by_name[prefix + item.name].number
    if field.message_type is None:
        return lambda item: item
    match field.message_type.full_name:
        case "google.protobuf.Timestamp":
            return instant_to_timestamp
        case "tunewright.v1.Value":
            return value_to_message
        case _:
            nested = field.message_type._concrete_class  # noqa: SLF001
            return lambda item: to_message(item, nested)


# -- Decoding: per pair of types, one function a field; MISSING means "the message does not have it" -----------------

Reader = Callable[[Any, str], Any]


@cache
def _readers(message_type: Any, value_type: Any) -> list[tuple[Field[Any], Reader]]:
    by_name = message_type.DESCRIPTOR.fields_by_name
    oneofs = message_type.DESCRIPTOR.oneofs_by_name
    hints = get_type_hints(value_type)
    readers: list[tuple[Field[Any], Reader]] = []
    for field in fields(value_type):
        hint = _without_none(hints[field.name])
        if field.name in by_name:
            readers.append((field, _reader(by_name[field.name], hint)))
        elif field.name in oneofs:
            readers.append((field, _oneof_reader(field.name, oneofs[field.name].fields, hint)))
    return readers


def _reader(field: FieldDescriptor, hint: Any) -> Reader:
    name = field.name
    if _is_map(field):
        decode = _decoder(field.message_type.fields_by_name["value"], get_args(hint)[1])
        return lambda message, path: {
            key: decode(item, f"{path}.{key}") for key, item in getattr(message, name).items()
        }
    if field.is_repeated:
        decode = _decoder(field, get_args(hint)[0])
        return lambda message, path: tuple(
            decode(item, f"{path}[{index}]") for index, item in enumerate(getattr(message, name))
        )
    decode = _decoder(field, hint)
    if field.has_presence:
        return lambda message, path: decode(getattr(message, name), path) if message.HasField(name) else MISSING
    return lambda message, path: decode(getattr(message, name), path) if getattr(message, name) else MISSING


@cache
def _nullable(value_type: Any) -> frozenset[str]:
    """Return the names of the fields that may be None."""
    return frozenset(name for name, hint in get_type_hints(value_type).items() if type(None) in get_args(hint))


def _oneof_reader(name: str, cases: list[FieldDescriptor], hint: Any) -> Reader:
    classes = {option.__name__: option for option in get_args(hint)}
    by_case = {case.name: classes[case.message_type.name] for case in cases}

    def read(message: Any, path: str) -> Any:
        case = message.WhichOneof(name)
        if case is None:
            raise InvalidSpec(path, "is missing", f"Give one of {', '.join(classes)}")
        return from_message(getattr(message, case), by_case[case], path)

    return read


def _decoder(field: FieldDescriptor, hint: Any) -> Callable[[Any, str], Any]:
    if field.enum_type is not None:
        return _enum_decoder(field, hint)
    if field.message_type is None:
        return lambda item, _path: item
    match field.message_type.full_name:
        case "google.protobuf.Timestamp":
            return lambda item, _path: instant_from_timestamp(item)
        case "tunewright.v1.Value":
            return value_from_message
        case _ if is_dataclass(hint) and isinstance(hint, type):
            return lambda item, path: from_message(item, hint, path)
        case other:
            raise TypeError(f"{other} has no dataclass in {hint}")


def _enum_decoder(field: FieldDescriptor, hint: type[Enum]) -> Callable[[Any, str], Any]:
    enum, prefix = field.enum_type, _enum_prefix(field)

    def decode(number: int, path: str) -> Any:
        value = enum.values_by_number.get(number)
        if value is None:
            raise InvalidSpec(path, f"{number} is not a known value of {enum.name}", "Update the server")
        if number == 0:
            raise InvalidSpec(path, "is not said", "Choose a value, or leave it out")
        return hint[value.name.removeprefix(prefix)]

    return decode


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _enum_prefix(field: FieldDescriptor) -> str:
    name: str = field.enum_type.values_by_number[0].name
    return name.removesuffix("UNSPECIFIED")


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    options = tuple(option for option in get_args(hint) if option is not type(None))
    return options[0] if len(options) == 1 else Union[options]  # noqa: UP007 - built at run time
