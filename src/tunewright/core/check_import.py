"""What is refused of an import: it is checked whole before any of it is written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from tunewright.core.check import MAX_TRAININGS, check
from tunewright.core.errors import InvalidSpec
from tunewright.core.finished import FinishedTraining
from tunewright.core.space import Float, Value, check_configuration
from tunewright.core.spec import Definition, TuningJobSpec
from tunewright.core.states import TrainingState

MAX_ORIGIN: Final = 1024
MAX_NAME: Final = 256
NOT_RUN: Final = {
    "warm_start": "an imported job has no parents here: its trainings are over",
    "enqueued": "nothing is run of an imported job",
    "reevaluation": "nothing is run of an imported job",
}
"""Fields of a specification that ask for trainings to come, and why they are refused."""


def checked_import(
    spec: TuningJobSpec, trainings: Sequence[FinishedTraining], origin: str
) -> tuple[TuningJobSpec, list[FinishedTraining]]:
    """Return the specification as check has it, and the trainings with values of their ranges' kinds.

    Raises InvalidSpec for the first thing that is wrong.
    """
    plain = TuningJobSpec(spec.name, (), spec.objective)
    for name, why in NOT_RUN.items():
        if getattr(spec, name) != getattr(plain, name):
            raise InvalidSpec(f"spec.{name}", why, "Leave it out")
    if len(origin) > MAX_ORIGIN:
        raise InvalidSpec("origin", f"has {len(origin)} characters, at most {MAX_ORIGIN} can be", "Shorten it")
    if not 1 <= len(trainings) <= MAX_TRAININGS:
        why = f"must be from 1 to {MAX_TRAININGS}, are {len(trainings)}"
        raise InvalidSpec("trainings", why, "Give those that have ended")
    spec = check(spec)
    first_called: dict[str, int] = {}
    found = [_checked(spec, one, f"trainings[{index}]") for index, one in enumerate(trainings)]
    for index, one in enumerate(found):
        if one.name and first_called.setdefault(one.name, index) != index:
            raise InvalidSpec(f"trainings[{index}].name", f"{one.name!r} is named twice", "Give each training once")
    return spec, found


def _checked(spec: TuningJobSpec, training: FinishedTraining, path: str) -> FinishedTraining:
    definition = _definition(spec, training, path)
    if not training.state.final:
        why = f"is {training.state.value}, and only what has ended can be imported"
        raise InvalidSpec(f"{path}.state", why, "Leave it out")
    if len(training.name) > MAX_NAME:
        why = f"has {len(training.name)} characters, at most {MAX_NAME} can be"
        raise InvalidSpec(f"{path}.name", why, "Shorten it")
    check_configuration(definition.space, training.configuration, f"{path}.configuration")
    _check_value(training, path)
    _check_times(training, path)
    if training.steps < 0:
        raise InvalidSpec(f"{path}.steps", f"is {training.steps}", "Count from 0")
    return replace(training, definition_name=definition.name, configuration=_typed(definition, training.configuration))


def _definition(spec: TuningJobSpec, training: FinishedTraining, path: str) -> Definition:
    names = [definition.name for definition in spec.definitions]
    if len(names) == 1 and not training.definition_name:
        return spec.definitions[0]
    if training.definition_name not in names:
        field_, why = f"{path}.definition_name", f"{training.definition_name!r} is no definition of this job"
        raise InvalidSpec(field_, why, f"Known: {', '.join(names)}" if any(names) else "Leave it out")
    return spec.definition(training.definition_name)


def _check_value(training: FinishedTraining, path: str) -> None:
    value = training.objective_value
    if value is None:
        return
    if not math.isfinite(value):
        remedy = "Leave it out: the training then has no objective"
        raise InvalidSpec(f"{path}.objective_value", f"is {value}, not a finite number", remedy)
    if training.state is TrainingState.FAILED:
        raise InvalidSpec(f"{path}.objective_value", "a failed training has no objective", "Leave it out")


def _check_times(training: FinishedTraining, path: str) -> None:
    started_at, ended_at = training.started_at, training.ended_at
    for name, instant in (("started_at", started_at), ("ended_at", ended_at)):
        if instant is not None and not (math.isfinite(instant) and instant >= 0):
            raise InvalidSpec(f"{path}.{name}", f"is {instant}, no time", "Give Unix seconds, or leave it out")
    if started_at is not None and ended_at is not None and ended_at < started_at:
        raise InvalidSpec(f"{path}.ended_at", "is before its start", "Swap the two")


def _typed(definition: Definition, configuration: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values in the order of the ranges; a whole number in a range of real ones is a real one."""
    return {
        name: float(configuration[name]) if isinstance(range_, Float) else configuration[name]
        for name, range_ in definition.space.items()
    }
