"""The fast `replace` is the standard one, but for the time that it takes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from tunewright.core.values import replace


@dataclass(frozen=True)
class Plain:
    number: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Slotted:
    number: int
    name: str = ""


@pytest.mark.parametrize("kind", [Plain, Slotted])
def test_replaces_as_the_standard_one_does(kind: type[Plain | Slotted]) -> None:
    value = kind(1, "one")
    copy = replace(replace(value, number=2), name="two")
    assert copy == dataclasses.replace(value, number=2, name="two")
    assert hash(copy) == hash(kind(2, "two"))
    assert value == kind(1, "one")


@pytest.mark.parametrize("kind", [Plain, Slotted])
def test_copies_are_as_frozen_as_what_they_copy(kind: type[Plain | Slotted]) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        replace(kind(1), number=2).number = 3  # type: ignore[misc]


@pytest.mark.parametrize("kind", [Plain, Slotted])
def test_refuses_a_field_that_there_is_not(kind: type[Plain | Slotted]) -> None:
    with pytest.raises(TypeError, match="nmae"):
        replace(kind(1), nmae="two")  # type: ignore[call-arg]
