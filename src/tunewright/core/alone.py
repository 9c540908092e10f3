"""A training that is asked for by itself, as a tuning job of one: what runs trainings of tuning jobs runs it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.names import TRAINING_LETTERS, TRAINING_NAME
from tunewright.core.spec import Definition, EnqueuedConfiguration, Limits, Objective, Strategy, TuningJobSpec

NO_OBJECTIVE: Final = Objective("")
ONE: Final = Limits(max_parallel=1, max_trainings=1)


def spec_of_training(
    name: str, definition: Definition, tags: Mapping[str, str] | None = None, amt_patch: str = ""
) -> TuningJobSpec:
    """Return the specification of a training by itself. Its one configuration is there, so that nobody is asked."""
    return TuningJobSpec(
        name,
        (definition,),
        NO_OBJECTIVE,
        limits=ONE,
        strategy=Strategy.RANDOM,
        enqueued=(EnqueuedConfiguration({}),),
        tags=tags or {},
        alone=True,
        amt_patch=amt_patch,
    )


def check_alone(spec: TuningJobSpec) -> None:
    """Raises InvalidSpec: the specification of one training says that something is tuned."""
    if not TRAINING_NAME.fullmatch(spec.name):
        raise InvalidSpec("name", f"{spec.name!r} is not {TRAINING_LETTERS}", "For example my-training-1")
    if len(spec.definitions) != 1:
        raise InvalidSpec("definitions", f"{len(spec.definitions)} are given, one training has one", "Give one")
    (definition,) = spec.definitions
    if definition.parameters:
        why = "has ranges, and a training by itself tunes nothing"
        raise InvalidSpec("definitions[0].parameters", why, "Fix the hyperparameters, or create a tuning job")
    if definition.objective is not None or spec.objective.metric_name:
        raise InvalidSpec("objective", "is given, and a training by itself has none", "Leave it out")
    if spec.limits != ONE:
        raise InvalidSpec("limits", "a training by itself is one", "Leave them out, or create a tuning job")
