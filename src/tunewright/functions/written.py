"""A function and its space as the specification of a tuning job; what is wrong is named as the caller wrote it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tunewright.cli.written import Written
from tunewright.core import jobfile
from tunewright.core.errors import InvalidSpec
from tunewright.core.jobfile import Place
from tunewright.core.space import Float, Int, text_of
from tunewright.core.spec import TuningJobSpec
from tunewright.functions.training import OBJECTIVE, read
from tunewright.platform.parts import load

OURS: Final = ("script", "image", "params", "metrics", "minimize", "maximize", "autotune", "fixed")
"""Members of the job file that follow from the function and its space, or make no sense beside them."""
UNWRITTEN: Final = "/function"
"""Stands for the script, which is written when all else is known to be right."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """A space as a job file has it, and what its texts stand for in Python."""

    params: Mapping[str, Any]
    choices: Mapping[str, Any]
    """Name to the Choice."""

    @classmethod
    def of(cls, space: Mapping[str, Any]) -> Ranges:
        """Raises InvalidSpec: a range is none."""
        if not isinstance(space, Mapping) or not space:
            raise InvalidSpec("space", "is empty or no mapping", 'For example {"lr": Float(1e-4, 1e-1)}')
        choice, numeric = load("choice"), (load("float"), load("int"))
        given = {name: choice(item) if isinstance(item, (list, tuple)) else item for name, item in space.items()}
        params: dict[str, Any] = {}
        for name, item in given.items():
            if not isinstance(item, (choice, *numeric)):
                raise InvalidSpec(f"space.{name}", f"{item!r} is not a range", "Use Float, Int or Choice")
            try:
                range_ = item.range
            except InvalidSpec as error:
                raise InvalidSpec(f"space.{name}.{error.field}", error.why, error.remedy) from None
            params[name] = list(range_.values) if isinstance(item, choice) else str(range_)
        return cls(params, {name: item for name, item in given.items() if isinstance(item, choice)})

    def reading(self, spec: TuningJobSpec) -> dict[str, Any]:
        """Return what reads each hyperparameter's text; see tunewright.functions.program."""
        of: dict[str, Any] = {
            name: dict(zip(choice.texts, choice.values, strict=True)) for name, choice in self.choices.items()
        }
        for name, range_ in spec.definitions[0].space.items():
            match range_:
                case Float():
                    of[name] = float
                case Int():
                    of[name] = int
        return of

    def texts(self, configuration: Any) -> Any:
        """Return a configuration with choices as the texts that stand for them."""
        if not isinstance(configuration, Mapping):
            return configuration
        return {
            name: self.choices[name].text_of(value) if name in self.choices else value
            for name, value in configuration.items()
        }


def outward(reading: Mapping[str, Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with the Python values that its choices stand for."""
    return {name: read(reading.get(name, str), text_of(value)) for name, value in configuration.items()}


def written(ranges: Ranges, direction: str, name: str, options: Mapping[str, Any]) -> Written:
    """Return the job, its script not written yet. Raises InvalidSpec, in words of the call."""
    if known := [option for option in options if option in OURS]:
        raise InvalidSpec(known[0], "follows from the function and its space", "Leave it out")
    tree = {
        direction: OBJECTIVE,
        "metrics": {OBJECTIVE: None},
        "script": UNWRITTEN,
        "params": dict(ranges.params),
        **{option: value for option, value in options.items() if value is not None},
    }
    if isinstance(tree.get("try_first"), (list, tuple)):
        tree["try_first"] = [ranges.texts(item) for item in tree["try_first"]]
    place = Place(str(Path.cwd()), sys.executable, name)
    try:
        spec = jobfile.from_jobfile(tree, place)
    except InvalidSpec as error:
        raise InvalidSpec(_spelled(error.field), error.why, error.remedy) from None
    return Written(spec, jobfile.members_of(spec), _spelled)


def _spelled(member: str) -> str:
    """Return the argument that stands for a member of the job file."""
    return f"space{member.removeprefix('params')}" if member.startswith("params") else member
