"""The one judge of a specification: the command line, the scheduler and the gateway all ask here.

`check` returns the specification with what AMT computes filled in, or raises InvalidSpec for the first thing that is
wrong, always in the same order: names, definitions, ranges, metrics, limits, criteria. What this version cannot do yet
is refused with a plain reason and never ignored; those refusals stand together in `NOT_YET_IN_DEFINITION`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tunewright.core.alone import check_alone
from tunewright.core.amt.patch import read_patch
from tunewright.core.amt_texts import NO_METRIC
from tunewright.core.autotune import with_choices
from tunewright.core.check_data import check_data
from tunewright.core.check_enqueued import check_enqueued, check_room
from tunewright.core.check_extensions import check_extensions
from tunewright.core.check_image import check_image
from tunewright.core.check_program import check_program
from tunewright.core.check_running import PROGRAM, check_running, check_runtime
from tunewright.core.check_stopping import check_hyperband, with_early_stopping
from tunewright.core.claimed import OWN, check_claimed
from tunewright.core.errors import InvalidSpec
from tunewright.core.names import JOB_NAME, LETTERS
from tunewright.core.rungs import resources_of
from tunewright.core.several import with_common_objective
from tunewright.core.space import MAX_TUNABLE, Choice, size
from tunewright.core.spec import (
    Definition,
    HyperbandConfig,
    Strategy,
    TuningJobSpec,
)
from tunewright.core.tags import check_tags
from tunewright.core.warm_start import check_request

MAX_PARALLEL: Final = 100
MAX_HYPERPARAMETERS: Final = 100
"""Of a training; of one that is tuned AMT takes one itself, to tell it what for."""
MAX_METRICS: Final = 40
MAX_METRIC_NAME: Final = 255
MAX_LAST_K: Final = 1000
"""Values of an objective that are averaged: so many are kept in a record that is written often."""
MAX_REGEX: Final = 500
MAX_VALUE: Final = 2500
MAX_GRID: Final = 750
MAX_TRAININGS: Final = 10_000
MAX_RETRIES: Final = 30
MIN_NOT_IMPROVING: Final = 3
LARGEST_SEED: Final = 2**63 - 1

NOT_YET_IN_DEFINITION: Final[tuple[tuple[str, Callable[[Definition], bool], str], ...]] = (
    ("algorithm_name", lambda item: bool(item.algorithm_name), "algorithm names are not known here; give an image"),
)
"""Field, what asks for it, and what to say."""

Rule = Callable[[], object]
"""Raises InvalidSpec."""


def check(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the specification as it will run. Raises InvalidSpec."""
    _check_name(spec)
    spec = _with_choices(spec)
    for rule in _rules(spec):
        rule()
    return _with_counts(spec)


def check_new(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the specification of a job that is still to be created, as it will run. Raises InvalidSpec.

    A job that runs may be given fewer trainings than configurations were enqueued, to let it end; a new one may not.
    """
    spec = check(spec)
    check_room(spec)
    return spec


def faults_of_new(spec: TuningJobSpec) -> tuple[InvalidSpec, ...]:
    """Return all that check_new would find wrong, one thing of each rule; empty: nothing."""
    name = _faults_of([partial(_check_name, spec)])
    try:
        spec = _with_choices(spec)
    except InvalidSpec as error:
        return (*name, error)  # what else would be found might only follow from that
    return name + _faults_of([*_rules(spec), partial(_with_counts, spec), partial(check_room, spec)])


def _faults_of(rules: Iterable[Rule]) -> tuple[InvalidSpec, ...]:
    """Return what rules find wrong; two may find the same."""
    found: dict[str, InvalidSpec] = {}
    for rule in rules:
        try:
            rule()
        except InvalidSpec as error:
            found.setdefault(str(error), error)
    return tuple(found.values())


def _check_name(spec: TuningJobSpec) -> None:
    if spec.alone:
        check_alone(spec)
    elif not JOB_NAME.fullmatch(spec.name):
        raise InvalidSpec("name", f"{spec.name!r} is not {LETTERS}", "For example my-job-1")


def _with_choices(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the specification with what follows from it, which the rules are about. Raises InvalidSpec."""
    if not spec.definitions:
        raise InvalidSpec("definitions", "are missing", "Say what to train")
    read_patch(spec.amt_patch)
    return with_early_stopping(with_common_objective(with_choices(spec)))


def _rules(spec: TuningJobSpec) -> Iterator[Rule]:
    """Yield what must hold, each by itself, in the order in which it is looked at."""
    for index, definition in enumerate(spec.definitions):
        path = f"definitions[{index}]"
        yield partial(_check_program, definition, path)
        yield partial(_check_names, definition, path, MAX_HYPERPARAMETERS - (not spec.alone))
        yield partial(check_program, definition, path)
        yield partial(check_data, definition, path)
        yield partial(check_running, definition, path)
        yield partial(_check_retries, definition, path)
        yield partial(_check_metrics, definition, path)
        yield partial(check_claimed, definition, path, alone=spec.alone)
        if not spec.alone:
            yield partial(_check_objective, spec, definition, "" if definition.objective is None else f"{path}.")
    for of_the_job in OF_THE_JOB:
        yield partial(of_the_job, spec)
    yield partial(check_tags, spec.tags, "tags")


def _with_counts(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the specification with what its strategy computes of it."""
    match spec.strategy:
        case Strategy.GRID:
            return _with_grid_size(spec)
        case Strategy.HYPERBAND:
            return with_resources(spec)
        case _:
            return spec


def with_resources(spec: TuningJobSpec) -> TuningJobSpec:
    """Return a Hyperband specification with both resources filled in: the largest that any definition's epochs say.

    Raises: InvalidSpec: as resources_of.
    """
    found = [resources_of(spec.hyperband, definition.static_hyperparameters) for definition in spec.definitions]
    return replace(spec, hyperband=HyperbandConfig(*max(found)))


def _check_program(definition: Definition, path: str) -> None:
    if not definition.image:
        raise InvalidSpec(f"{path}.image", "is missing", "Say which program to run")
    if not definition.image.startswith((PROGRAM, *OWN)):
        check_image(definition.image, f"{path}.image")
    for field, asked, why in NOT_YET_IN_DEFINITION:
        if asked(definition):
            raise InvalidSpec(f"{path}.{field}", why)


def _check_retries(definition: Definition, path: str) -> None:
    if not 0 <= definition.max_retries <= MAX_RETRIES:
        raise InvalidSpec(f"{path}.max_retries", f"must be from 0 to {MAX_RETRIES}, is {definition.max_retries}")


def _check_names(definition: Definition, path: str, most: int) -> None:
    names = [parameter.name for parameter in definition.parameters]
    if len(names) > MAX_TUNABLE:
        raise InvalidSpec(f"{path}.parameters", f"{len(names)} are tuned, at most {MAX_TUNABLE} can be", "Fix some")
    for index, name in enumerate(names):
        here = f"{path}.parameters[{index}].name"
        if not name:
            raise InvalidSpec(here, "is missing", "Name the hyperparameter")
        if names.index(name) != index:
            raise InvalidSpec(here, f"{name!r} has two ranges", "Give it one")
        if name in definition.static_hyperparameters:
            raise InvalidSpec(here, f"{name!r} is both tuned and fixed", "Remove one of the two")
    if len(names) + len(definition.static_hyperparameters) > most:
        raise InvalidSpec(f"{path}.static_hyperparameters", f"more than {most} hyperparameters", "Drop some")
    for name, value in definition.static_hyperparameters.items():
        if len(value) > MAX_VALUE:
            raise InvalidSpec(f"{path}.static_hyperparameters.{name}", f"is longer than {MAX_VALUE}", "Shorten it")


def _check_metrics(definition: Definition, path: str) -> None:
    names = [metric.name for metric in definition.metric_definitions]
    if len(names) > MAX_METRICS:
        raise InvalidSpec(f"{path}.metric_definitions", f"at most {MAX_METRICS} metrics", "Drop some")
    for index, metric in enumerate(definition.metric_definitions):
        here = f"{path}.metric_definitions[{index}]"
        if not metric.name or names.index(metric.name) != index:
            raise InvalidSpec(f"{here}.name", f"{metric.name!r} is missing or given twice", "Name each metric once")
        check_metric_name(metric.name, f"{here}.name")
        if metric.regex:
            check_regex(metric.regex, f"{here}.regex")


def check_metric_name(name: str, field: str) -> None:
    """Raise InvalidSpec under `field`: names stand in every record of a training, which is written often."""
    if len(name) > MAX_METRIC_NAME:
        raise InvalidSpec(field, f"has {len(name)} characters, at most {MAX_METRIC_NAME} can be", "Shorten it")


def check_regex(pattern: str, field: str) -> None:
    """Raise InvalidSpec under `field` for what is refused when a job is created; metrics has its own limits beside."""
    if len(pattern) > MAX_REGEX:
        raise InvalidSpec(field, f"must have 1 to {MAX_REGEX} characters", "Shorten it")
    try:
        groups = re.compile(pattern).groups
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise InvalidSpec(field, f"{pattern!r} is not a regular expression: {error}", "Mend it") from None
    if groups < 1:
        raise InvalidSpec(field, f"{pattern!r} has no group", "Put the number in parentheses: val_acc=([0-9.]+)")


def _check_objective(spec: TuningJobSpec, definition: Definition, path: str) -> None:
    objective, path = definition.objective or spec.objective, f"{path}objective"
    if not objective.metric_name:
        raise InvalidSpec(f"{path}.metric_name", "is missing", "Name the metric to optimise")
    if not 1 <= objective.last_k <= MAX_LAST_K:
        why = f"must be from 1 to {MAX_LAST_K}, is {objective.last_k}"
        raise InvalidSpec(f"{path}.last_k", why, "Give how many values to average")
    if objective.metric_name not in {metric.name for metric in definition.metric_definitions}:
        why = f"{NO_METRIC} {objective.metric_name!r} has no regex"
        raise InvalidSpec(f"{path}.metric_name", why, "Give it a regex, or name a metric that has one")


def _check_parallel(spec: TuningJobSpec) -> None:
    if not 1 <= spec.limits.max_parallel <= MAX_PARALLEL:
        raise InvalidSpec("limits.max_parallel", f"must be from 1 to {MAX_PARALLEL}, is {spec.limits.max_parallel}")


def _check_trainings(spec: TuningJobSpec) -> None:
    most = spec.limits.max_trainings
    if most is not None and not 1 <= most <= MAX_TRAININGS:
        raise InvalidSpec("limits.max_trainings", f"must be from 1 to {MAX_TRAININGS}, is {most}")


def _check_ends(spec: TuningJobSpec) -> None:
    limits = spec.limits
    if limits.max_runtime_s is not None:
        check_runtime(limits.max_runtime_s, "limits.max_runtime_s")
    if spec.strategy is Strategy.GRID:
        return
    if limits.max_trainings is None and limits.max_runtime_s is None:
        raise InvalidSpec("limits.max_trainings", "nothing would end this job", "Limit its trainings or its runtime")
    if not any(definition.parameters for definition in spec.definitions) and (limits.max_trainings or 2) > 1:
        raise InvalidSpec("definitions[0].parameters", "there is nothing to tune", "Give at least one range")


def _check_target(spec: TuningJobSpec) -> None:
    if spec.completion.target is not None and not math.isfinite(spec.completion.target):
        raise InvalidSpec("completion.target", "must be a finite number", "Leave it out for none")


def _check_improving(spec: TuningJobSpec) -> None:
    still = spec.completion.max_not_improving
    if still is not None and not MIN_NOT_IMPROVING <= still <= MAX_TRAININGS:
        why = f"must be from {MIN_NOT_IMPROVING} to {MAX_TRAININGS}, is {still}"
        raise InvalidSpec("completion.max_not_improving", why, "Leave it out for no such end")


def _check_seed(spec: TuningJobSpec) -> None:
    if spec.random_seed is not None and not 0 <= spec.random_seed <= LARGEST_SEED:
        why = f"must be from 0 to {LARGEST_SEED}, is {spec.random_seed}"
        raise InvalidSpec("random_seed", why, "Leave it out for one of chance")


def _with_grid_size(spec: TuningJobSpec) -> TuningJobSpec:
    """A grid is the product of categorical ranges, each configuration once; several definitions have one each.

    What is enqueued runs beside it.
    """
    for place, definition in enumerate(spec.definitions):
        for index, parameter in enumerate(definition.parameters):
            if not isinstance(parameter.range, Choice):
                field, why = f"definitions[{place}].parameters[{index}].range", "Grid takes categorical ranges only"
                raise InvalidSpec(field, why, "List the values, or use another strategy")
    product = sum(size(definition.space) or 0 for definition in spec.definitions)
    if product > MAX_GRID:
        field = "definitions[0].parameters" if len(spec.definitions) == 1 else "definitions"
        raise InvalidSpec(field, f"the grid has {product} points, at most {MAX_GRID}", "Drop values")
    repeats = spec.reevaluation.trainings if spec.reevaluation is not None else 0
    asked, needed = spec.limits.max_trainings, product + len(spec.enqueued) + repeats
    if asked is not None and asked != needed:
        more = f" and {len(spec.enqueued)} more are enqueued" if spec.enqueued else ""
        again = f" and {repeats} are run again" if repeats else ""
        why = f"is {asked}, but the grid has {product} points{more}{again}"
        raise InvalidSpec("limits.max_trainings", why, "Leave it out")
    return replace(spec, limits=replace(spec.limits, max_trainings=needed))


OF_THE_JOB: Final[tuple[Callable[[TuningJobSpec], None], ...]] = (
    _check_parallel,
    _check_trainings,
    _check_ends,
    _check_target,
    _check_improving,
    _check_seed,
    check_hyperband,
    check_extensions,
    check_request,
    check_enqueued,
)
