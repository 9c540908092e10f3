"""Asks the table of treatments: what becomes of a member, and whether a request asks for what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tunewright.core.amt.treatments import (
    OF_DEFINITION,
    OF_TRAINING,
    OF_TUNING_JOB,
    SHARED,
    Kind,
    Treatment,
)
from tunewright.core.errors import InvalidSpec

DEFINITIONS: Final = ("TrainingJobDefinition", "TrainingJobDefinitions")

TUNING_JOB: Final[Mapping[str, Treatment]] = {
    **OF_TUNING_JOB,
    **{
        f"{place}.{path}": treatment for place in DEFINITIONS for path, treatment in {**OF_DEFINITION, **SHARED}.items()
    },
}
"""Every member of CreateHyperParameterTuningJob."""
TRAINING: Final[Mapping[str, Treatment]] = {
    **OF_TRAINING,
    **SHARED,
    "Tags.Key": OF_TUNING_JOB["Tags.Key"],
    "Tags.Value": OF_TUNING_JOB["Tags.Value"],
}
"""Every member of CreateTrainingJob."""
ALL: Final = {**TRAINING, **TUNING_JOB}


def treatment_of(path: str) -> Treatment:
    """Return what becomes of a member of either request, by its dotted path without indexes.

    Raises: KeyError: it is no member that the table knows, or a structure whose members are treated each by itself.
    """
    whole = path
    while path not in ALL:
        path, dot, _ = path.rpartition(".")
        if not dot:
            raise KeyError(whole)
    return ALL[path]


def check_members(body: Mapping[str, Any]) -> None:
    """Refuse a request that asks for what is not done here. Raises InvalidSpec with AWS's path of the member.

    A member that asks for nothing (null, false, an empty text, list or structure) is never refused.
    """
    for path, why in refused_members(body):
        raise InvalidSpec(path, why)


def refused_members(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path of each member that is refused, and why."""
    yield from _refused(body, _TREE, "")


def _refused(value: Any, node: _Node, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Treatment):
        if value and (node.kind is Kind.REFUSED or (node.only and value not in node.only)):
            yield path, node.note
    elif isinstance(value, Mapping):
        for name, member in value.items():
            below = node.get(name)
            if below is not None:
                yield from _refused(member, below, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield from _refused(item, node, f"{path}[{index}]")


_Node = Treatment | dict[str, Any]
"""A treatment, or what lies below a structure by name."""


def _tree() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, treatment in ALL.items():
        *parents, last = path.split(".")
        place = tree
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = treatment
    return tree


_TREE: Final = _tree()
