"""docs/reference/grpc.md: services, messages and their comments, as the .proto files have them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

PROTO: Final = Path(__file__).parent.parent / "proto"
PAGE: Final = """\
# gRPC reference

{written}

What the services say to each other and to clients, from `proto/tunewright/`. The SDK speaks it for you
([python.md](python.md)). Every server has health and reflection; every call takes the token of the credentials file as
`authorization: Bearer TOKEN` ([ADR 0010](../adr/0010-plaintext-on-loopback-only.md)). Errors are `google.rpc.Status`
with an `ErrorInfo`, whose reasons [python.md](python.md#errors) lists.

{services}

{messages}
"""
EVENTS: Final = "Messages on topics of Kafka; [events.md](../events.md) says which topic carries which."

# Numbers of fields in descriptor.proto, of which the paths to comments are made.
MESSAGE, ENUM, SERVICE, MEMBER, NESTED, NESTED_ENUM = 4, 5, 6, 2, 3, 4
Place = tuple[int, ...]
Comments = Mapping[Place, str]


def grpc_page(written: str) -> str:
    described = [(file, _comments(file)) for file in _files()]
    services = [
        text
        for file, comments in described
        for number, service in enumerate(file.service)
        for text in _service(service, (SERVICE, number), comments)
    ]
    messages = [text for file, comments in described for text in _file(file, comments)]
    return PAGE.format(written=written, services="\n\n".join(services), messages="\n\n".join(messages))


def _files() -> list[FileDescriptorProto]:
    """Return our .proto files as protoc reads them, services before what they are made of, events last."""
    names = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("tunewright/**/*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder) / "described"
        includes = [f"-I{PROTO}", f"-I{files('grpc_tools') / '_proto'}"]
        options = [f"--descriptor_set_out={described}", "--include_source_info"]
        if protoc.main(["protoc", *includes, *options, *names]) != 0:
            sys.exit("protoc failed")
        found = FileDescriptorSet.FromString(described.read_bytes()).file
    return sorted(found, key=lambda file: ("events" in file.name, not file.service, file.name))


def _comments(file: FileDescriptorProto) -> dict[Place, str]:
    return {
        tuple(place.path): " ".join((place.leading_comments or place.trailing_comments).split())
        for place in file.source_code_info.location
    }


def _service(service: ServiceDescriptorProto, at: Place, comments: Comments) -> Iterator[str]:
    yield f"## {service.name}"
    yield comments.get(at, "")
    rows = [
        f"| `{method.name}` | {_taken(method)} | {_answered(method)} "
        f"| {_cell(comments.get((*at, MEMBER, number), ''))} |"
        for number, method in enumerate(service.method)
    ]
    yield "\n".join(["| call | takes | answers | |", "|---|---|---|---|", *rows])


def _taken(method: MethodDescriptorProto) -> str:
    return ("stream of " if method.client_streaming else "") + _link(method.input_type)


def _answered(method: MethodDescriptorProto) -> str:
    return ("stream of " if method.server_streaming else "") + _link(method.output_type)


def _file(file: FileDescriptorProto, comments: Comments) -> Iterator[str]:
    yield f"## {file.name}"
    if "events" in file.name:
        yield EVENTS
    for number, message in enumerate(file.message_type):
        yield from _message(message, (MESSAGE, number), comments)
    for number, enum in enumerate(file.enum_type):
        yield from _enum(enum, (ENUM, number), comments)


def _message(message: DescriptorProto, at: Place, comments: Comments, within: str = "") -> Iterator[str]:
    yield f"### {within}{message.name}"
    if said := comments.get(at):
        yield said
    entries = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    rows = [
        f"| `{field.name}` | {field.number} | {_type(field, entries)} "
        f"| {_one_of(message, field)}{_cell(comments.get((*at, MEMBER, number), ''))} |"
        for number, field in enumerate(message.field)
    ]
    yield "\n".join(["| field | number | type | |", "|---|---|---|---|", *rows]) if rows else "No fields."
    for number, nested in enumerate(message.nested_type):
        if nested.name not in entries:
            yield from _message(nested, (*at, NESTED, number), comments, f"{within}{message.name}.")
    for number, enum in enumerate(message.enum_type):
        yield from _enum(enum, (*at, NESTED_ENUM, number), comments, f"{within}{message.name}.")


def _enum(enum: EnumDescriptorProto, at: Place, comments: Comments, within: str = "") -> Iterator[str]:
    yield f"### {within}{enum.name}"
    if said := comments.get(at):
        yield said
    rows = [
        f"| `{value.name}` | {value.number} | {_cell(comments.get((*at, MEMBER, number), ''))} |"
        for number, value in enumerate(enum.value)
    ]
    yield "\n".join(["| value | number | |", "|---|---|---|", *rows])


def _type(field: FieldDescriptorProto, entries: Mapping[str, DescriptorProto]) -> str:
    entry = entries.get(field.type_name.rpartition(".")[2])
    if entry is not None:
        key, value = entry.field
        return f"map of {_type(key, {})} to {_type(value, {})}"
    name = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    told = _link(field.type_name) if field.type_name else name
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {told}"
    return f"optional {told}" if field.proto3_optional else told


def _one_of(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    if not field.HasField("oneof_index") or field.proto3_optional:
        return ""
    return f"One of `{message.oneof_decl[field.oneof_index].name}`. "


def _link(type_name: str) -> str:
    """Return a link to one of our types, by its name within its package."""
    full = type_name.removeprefix(".")
    if not full.startswith("tunewright."):
        return full
    name = full.partition(".v1.")[2]
    return f"[{name}](#{name.lower().replace('.', '')})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
