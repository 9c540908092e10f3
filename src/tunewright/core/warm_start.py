"""From which ended tuning jobs a new one may be warm-started: AMT's restrictions, as rules over specifications.

A child may differ from its parents in ranges, limits and strategy, in which hyperparameters it tunes, and in image,
input mode, metric regexes, channels, output, role, resources, stopping, checkpoints, spot, retries and pool: those say
where and how long a training runs, or what AMT lets change. Objective, names and kinds of the hyperparameters, and what
else a program is given (environment, entry point, arguments) stay, the last unless a program of the user's own claims
the trainings of one of the two: what that one is given is not known. Both types of warm start have the same rules.

What SDKs put among the hyperparameters for their own use, and which interpreter a script of ours runs under, is no
difference: an upgrade of a client does not forbid a warm start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tunewright.core.amt_texts import ONLY_THESE, SAME_NAMES
from tunewright.core.claimed import OWN
from tunewright.core.errors import InvalidSpec
from tunewright.core.program_variables import PYTHON_VARIABLE, WORKDIR_VARIABLE
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Definition, Objective, Strategy, TuningJobSpec, WarmStartType

MAX_PARENTS: Final = 5
MAX_CHANGES: Final = 10
VALUES_OF_A_CHANGE: Final = 2
"""What a changed static value counts: the old one and the new one."""
LEARNING: Final = frozenset({Strategy.BAYESIAN, Strategy.RANDOM})
"""Strategies that make use of parents: one learns from them, the other tries nothing that they have tried."""
NOT_OF_THE_ALGORITHM: Final = ("sagemaker_", "_tuning_objective_metric")
"""How hyperparameters begin that carry a client's own data to its container."""
OF_THE_PLACE: Final = frozenset({PYTHON_VARIABLE, WORKDIR_VARIABLE})
"""Variables that say where a script runs."""
KINDS: Final = {Float: "continuous", Int: "integer", Choice: "categorical"}


def static_of(definition: Definition) -> dict[str, str]:
    """Return the static hyperparameters that the algorithm reads."""
    return {
        name: text
        for name, text in definition.static_hyperparameters.items()
        if not name.startswith(NOT_OF_THE_ALGORITHM)
    }


def check_request(spec: TuningJobSpec) -> None:
    """Refuse what is wrong whatever the parents are. Raises InvalidSpec."""
    if spec.warm_start is None:
        return
    parents = spec.warm_start.parents
    if not 1 <= len(parents) <= MAX_PARENTS:
        raise InvalidSpec("warm_start.parents", f"must be 1 to {MAX_PARENTS}, are {len(parents)}", "Name ended jobs")
    keys = [name.lower() for name in parents]
    for index, key in enumerate(keys):
        if not key:
            raise InvalidSpec(f"warm_start.parents[{index}]", "is empty", "Name an ended tuning job")
        if keys.index(key) != index:
            raise InvalidSpec(f"warm_start.parents[{index}]", f"{parents[index]!r} is named twice", "Name it once")
    if len(spec.definitions) != 1:
        why = f"takes a job of one definition, this one has {len(spec.definitions)}"
        raise InvalidSpec("warm_start", why, "Give one definition, or leave it out")
    if spec.strategy not in LEARNING:
        why = f"{spec.strategy.value} takes no parents: it does not ask what was tried before"
        raise InvalidSpec("warm_start", why, "Use Bayesian or Random, or leave it out")


def check_parent(spec: TuningJobSpec, parent: TuningJobSpec, index: int) -> None:
    """Refuse a parent that the job differs from too much. Raises InvalidSpec: names the field and both values."""
    here = f"warm_start.parents[{index}]"
    if len(parent.definitions) != 1:
        why = f"parent job {parent.name} has {len(parent.definitions)} definitions"
        raise InvalidSpec(here, why, "Name a job of one definition")
    child, before = spec.definitions[0], parent.definitions[0]
    _check_objective(spec, spec.objective_of(child.name), parent.objective_of(before.name), parent.name)
    _check_names(child, before, parent.name)
    _check_kinds(child, before, parent.name)
    if not {child.image, before.image} & {*OWN}:  # else one of the two is a program of the user's, not known here
        for field in ("environment", "entrypoint", "arguments"):
            _check_given(field, getattr(child, field), getattr(before, field), parent.name)
    if (count := changes(child, before)) > MAX_CHANGES:
        why = f"hyperparameters that are static now differ in {count} places from job {parent.name}; {MAX_CHANGES} may"
        raise InvalidSpec(here, f"{why}: {_static_changes(child, before)}", "Change fewer, or tune them again")


def changes(child: Definition, parent: Definition) -> int:
    """Count changes as AMT does, of one parent: each value that a hyperparameter has lost or got by being static.

    Made static, a choice counts as many as it had values and a range one; another static value counts two. What is
    tuned instead of being static counts nothing.
    """
    static, before = static_of(child), static_of(parent)
    fixed = (parameter.range for parameter in parent.parameters if parameter.name in static)
    other = sum(static.get(name, text) != text for name, text in before.items())
    return sum(len(one.values) if isinstance(one, Choice) else 1 for one in fixed) + VALUES_OF_A_CHANGE * other


def _check_objective(spec: TuningJobSpec, objective: Objective, before: Objective, parent: str) -> None:
    fields = ["metric_name", "direction"]
    if spec.warm_start is not None and spec.warm_start.type is WarmStartType.IDENTICAL_DATA_AND_ALGORITHM:
        fields += ["reading", "last_k"]  # else its values would be of something else
    for field in fields:
        now, then = getattr(objective, field), getattr(before, field)
        if now != then:
            raise _differs(f"objective.{field}", str(now), str(then), parent)


def _check_names(child: Definition, before: Definition, parent: str) -> None:
    now, then = ({*item.space, *static_of(item)} for item in (child, before))
    if now == then:
        return
    parts = [
        f"{word}: {', '.join(sorted(names))}"
        for word, names in (("only here", now - then), (f"only in job {parent}", then - now))
        if names
    ]
    raise InvalidSpec("definitions[0].parameters", f"{SAME_NAMES} {'; '.join(parts)}", "Add or remove these")


def _check_kinds(child: Definition, before: Definition, parent: str) -> None:
    known = before.space
    for index, parameter in enumerate(child.parameters):
        range_ = known.get(parameter.name)
        if range_ is not None and type(range_) is not type(parameter.range):
            field = f"definitions[0].parameters[{index}].range"
            raise _differs(field, KINDS[type(parameter.range)], KINDS[type(range_)], parent, parameter.name)


def _check_given(field: str, now: object, then: object, parent: str) -> None:
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        for name in sorted({*now, *then} - OF_THE_PLACE):
            if now.get(name) != then.get(name):
                place = f"definitions[0].{field}.{name}"
                raise _differs(place, _shown(now.get(name)), _shown(then.get(name)), parent, f"{ONLY_THESE} It")
    elif now != then:
        raise _differs(f"definitions[0].{field}", _shown(now), _shown(then), parent, f"{ONLY_THESE} It")


def _differs(field: str, now: str, then: str, parent: str, subject: str = "") -> InvalidSpec:
    why = f"{subject} is {now} here and {then} in parent job {parent}".lstrip()
    return InvalidSpec(field, why, "It may not differ in a warm start: make it the same, or name another parent")


def _shown(value: object) -> str:
    return "not given" if value is None or value == () else repr(value)


def _static_changes(child: Definition, before: Definition) -> str:
    now, then = static_of(child), static_of(before)
    fixed = [f"{item.name} was tuned" for item in before.parameters if item.name in now]
    other = [f"{name} was {text!r}" for name, text in then.items() if now.get(name, text) != text]
    return ", ".join([*fixed, *other])
