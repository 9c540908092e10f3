"""Judges the configurations that are to run before the strategy is asked, and the names of definitions they bear."""

from __future__ import annotations

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import check_configuration
from tunewright.core.spec import TuningJobSpec


def check_enqueued(spec: TuningJobSpec) -> None:
    """Raises InvalidSpec: a configuration that is none of its definition's."""
    for index, item in enumerate(spec.enqueued):
        check_definition_name(spec, item.definition_name, f"enqueued[{index}].definition_name")
        space = spec.definition(item.definition_name).space
        check_configuration(space, item.configuration, f"enqueued[{index}].configuration")


def check_room(spec: TuningJobSpec) -> None:
    """Raises InvalidSpec: more is enqueued than the job may try."""
    repeats = spec.reevaluation.trainings if spec.reevaluation is not None else 0
    limit = spec.limits.max_trainings
    if limit is not None and len(spec.enqueued) > limit - repeats:
        again = f", {repeats} of which run the best again" if repeats else ""
        why = f"{len(spec.enqueued)} configurations are enqueued, and the job has {limit} trainings{again}"
        raise InvalidSpec("enqueued", why, "Raise the limit of the trainings, or leave some out")


def check_definition_name(spec: TuningJobSpec, name: str, field: str) -> None:
    """Raises InvalidSpec: no definition has that name. Where there is one definition, it may be left out."""
    names = [definition.name for definition in spec.definitions]
    if name in names or (not name and len(names) == 1):
        return
    remedy = f"Choose from {', '.join(names)}" if len(names) > 1 else "Leave it out: this job has one definition"
    raise InvalidSpec(field, f"{name!r} is no definition of this job", remedy)
