"""Dataclasses as the store's plain documents, and back. Enums by value, tuples as lists, floats whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_document(value: Any) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(bytes,))
    return document


def from_document(document: Mapping[str, Any], value_type: type[T]) -> T:
    """Read a document. Fields that the type does not have are left out: indexes add some of their own."""
    return msgspec.convert(document, value_type)
