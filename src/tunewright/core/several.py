"""What holds of a job that tunes several definitions at once: AMT's TrainingJobDefinitions.

Each has its own objective metric, ranges, static hyperparameters and resources. Their values are compared with each
other, and the best of all is the job's; so all are to be made large, or all small.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.names import DEFINITION_LETTERS, DEFINITION_NAME
from tunewright.core.spec import TuningJobSpec

MAX_DEFINITIONS: Final = 10


def with_common_objective(spec: TuningJobSpec) -> TuningJobSpec:
    """Return a specification whose definitions can be tuned together; its objective is the first one's.

    Raises: InvalidSpec: they cannot.
    """
    if len(spec.definitions) == 1:
        return spec
    if len(spec.definitions) > MAX_DEFINITIONS:
        why = f"{len(spec.definitions)} are given, at most {MAX_DEFINITIONS} can be"
        raise InvalidSpec("definitions", why, "Tune them in several jobs")
    _check_names(spec)
    spec = replace(spec, objective=spec.definitions[0].objective or spec.objective)
    _check_directions(spec)
    for index, definition in enumerate(spec.definitions):
        if not definition.parameters:
            raise InvalidSpec(f"definitions[{index}].parameters", "there is nothing to tune", "Give a range")
    return spec


def _check_names(spec: TuningJobSpec) -> None:
    names = [definition.name for definition in spec.definitions]
    for index, name in enumerate(names):
        here = f"definitions[{index}].name"
        if not name:
            raise InvalidSpec(here, "is missing; this job has several definitions", "Name each")
        if not DEFINITION_NAME.fullmatch(name):
            raise InvalidSpec(here, f"{name!r} is not {DEFINITION_LETTERS}", "For example xgboost")
        if names.index(name) != index:
            raise InvalidSpec(here, f"{name!r} is the name of two definitions", "Give each its own")


def _check_directions(spec: TuningJobSpec) -> None:
    direction = spec.objective.direction
    for index, definition in enumerate(spec.definitions):
        objective = definition.objective or spec.objective
        if objective.direction is not direction:
            first, other = direction.value, objective.direction.value
            why = f"is {other} here and {first} in definition {spec.definitions[0].name}: no one training would be best"
            raise InvalidSpec(f"definitions[{index}].objective.direction", why, "Emit a metric that goes the same way")
