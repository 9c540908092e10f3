"""Judges what a program is started with: texts that no operating system hands over are refused before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice
from tunewright.core.spec import Definition

LONGEST_NAME: Final = 256
"""Of a hyperparameter: AMT's limit."""
NUL: Final = "\0"


def check_program(definition: Definition, path: str) -> None:
    """Raises InvalidSpec: a name, argument or variable that a program cannot be given."""
    for field, name in _hyperparameters(definition, path):
        if not name:
            raise InvalidSpec(field, "a hyperparameter has no name", "Name it")
        if len(name) > LONGEST_NAME:
            why = f"a hyperparameter's name has {len(name)} characters, at most {LONGEST_NAME} can be"
            raise InvalidSpec(field, why, "Shorten it")
    for name in definition.environment:
        if not name or "=" in name:
            why = f"{name!r} is no name of an environment variable"
            raise InvalidSpec(f"{path}.environment", why, "Use letters, digits and underscores")
    for field, text in _texts(definition, path):
        if NUL in text:
            raise InvalidSpec(field, "holds a NUL character, which no program can be given", "Leave it out")


def _hyperparameters(definition: Definition, path: str) -> Iterator[tuple[str, str]]:
    for index, parameter in enumerate(definition.parameters):
        yield f"{path}.parameters[{index}].name", parameter.name
    for name in definition.static_hyperparameters:
        yield f"{path}.static_hyperparameters", name


def _texts(definition: Definition, path: str) -> Iterator[tuple[str, str]]:
    """Yield each text that becomes an argument or a variable, with its field."""
    yield from _hyperparameters(definition, path)
    for name, value in definition.static_hyperparameters.items():
        yield f"{path}.static_hyperparameters.{name}", value
    for index, parameter in enumerate(definition.parameters):
        if isinstance(parameter.range, Choice):
            yield from ((f"{path}.parameters[{index}].range", value) for value in parameter.range.values)
    for name, value in definition.environment.items():
        yield f"{path}.environment", name
        yield f"{path}.environment.{name}", value
    for field in ("entrypoint", "arguments"):
        yield from ((f"{path}.{field}[{index}]", text) for index, text in enumerate(getattr(definition, field)))
