"""Changing a job that has not ended: a new revision of its specification, of absolute values, at least as wide.

What was tried stays inside the new ranges, so every observation keeps its meaning. Limits may go down as well: nothing
that runs is stopped for it. Trainings keep the revision under which they were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from tunewright.core.check import check
from tunewright.core.check_enqueued import check_definition_name
from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.core.space import Choice, Float, Int, Range, ScalingType, check_configuration
from tunewright.core.spec import Definition, EnqueuedConfiguration, Limits, Parameter, Strategy, TuningJobSpec
from tunewright.core.states import CLOSING_JOB_STATES
from tunewright.core.values import replace
from tunewright_scheduler.core.effects import Decision, tell_changed
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.reevaluation import search_limit

Interval = TypeVar("Interval", Float, Int)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is None or empty stays as it is. Field names equal those of AmendTuningJobRequest."""

    expected_revision: int = 0
    """Of the specification, as the caller has seen it."""
    max_trainings: int | None = None
    max_parallel: int | None = None
    max_runtime_s: int | None = None
    max_cost: float | None = None
    definition_name: str = ""
    """Whose parameters; may be left out where there is one definition."""
    parameters: tuple[Parameter, ...] = ()
    enqueue: tuple[EnqueuedConfiguration, ...] = ()
    priority: int | None = None

    def limits(self, before: Limits) -> Limits:
        given = {field.name: getattr(self, field.name) for field in fields(Limits)}
        return replace(before, **{name: value for name, value in given.items() if value is not None})


def amended(job: TuningJob, spec: TuningJobSpec, amendment: Amendment) -> TuningJobSpec:
    """Return the next revision. Raises IllegalTransition: job or revision do not allow it. InvalidSpec."""
    _check_open(job)
    _check_revision(job, amendment.expected_revision)
    if amendment.enqueue or amendment.parameters or amendment.max_trainings is not None:
        _check_searching(job)
    if amendment == Amendment(amendment.expected_revision, definition_name=amendment.definition_name):
        raise InvalidSpec("amendment", "changes nothing", "Give a limit, a priority, ranges or configurations to run")
    if spec.strategy is Strategy.GRID and (amendment.parameters or amendment.max_trainings is not None):
        field = "parameters" if amendment.parameters else "max_trainings"
        raise InvalidSpec(field, "a grid runs each of its configurations once", "Create another job for more")
    wanted = replace(
        spec,
        limits=amendment.limits(spec.limits),
        definitions=_definitions(spec, amendment),
        priority=spec.priority if amendment.priority is None else amendment.priority,
    )
    return _with_enqueued(job, wanted, amendment.enqueue)


def retried(job: TuningJob, spec: TuningJobSpec, failed: Sequence[EnqueuedConfiguration]) -> TuningJobSpec:
    """Return the next revision, in which the failed configurations run again, as so many more trainings.

    Raises: IllegalTransition: the job is closing. InvalidSpec: it would have too many trainings.
    """
    _check_open(job)
    _check_searching(job)
    limit = spec.limits.max_trainings
    raised = spec.limits if limit is None else replace(spec.limits, max_trainings=limit + len(failed))
    return _with_enqueued(job, replace(spec, limits=raised), failed)


def revised(job: TuningJob, spec: TuningJobSpec, now: float, *, other_space: bool) -> Decision:
    """Go on under a revision that has just been made. In another space, what was proposed for the old one is dropped.

    Where nothing more may be started, no answer is awaited any longer. What is left to gain is judged anew: a verdict
    was for the budget and the space of its time.
    """
    limit = search_limit(spec)
    job = replace(job, unpromising=0)
    if other_space:
        job = replace(job, exhausted=False, outlook=None)
    if other_space or (limit is not None and job.started >= limit):
        job = replace(job, ask=None, ahead=())
    return Decision(job, (tell_changed(job, now, "amended by its user"),))


def check_tunes(job: TuningJob, event: str) -> None:
    """Raise IllegalTransition if the job stands for a training that was asked for by itself."""
    if job.alone:
        raise IllegalTransition(f"training job {job.name}", "by itself", event, "Create a tuning job")


def _check_open(job: TuningJob) -> None:
    check_tunes(job, "be changed")
    if job.state.final or CLOSING_JOB_STATES & {job.state, job.blocked_in}:
        state = job.state.shown if job.state.final else "closing"
        remedy = "Extend it" if job.state.final else "Extend it once it has ended"
        raise IllegalTransition(f"tuning job {job.name}", state, "be changed", remedy)


def _check_searching(job: TuningJob) -> None:
    if job.search_over:
        what, state = f"tuning job {job.name}", "past its search, and runs its best again"
        raise IllegalTransition(what, state, "be given more to try", "Extend it once it has ended")


def _check_revision(job: TuningJob, expected: int) -> None:
    if not expected:
        raise InvalidSpec("expected_revision", "is missing", "Give the job's spec_revision as you have seen it")
    if expected != job.spec_revision:
        what, state = f"tuning job {job.name}", f"at revision {job.spec_revision} of its specification"
        raise IllegalTransition(what, state, f"be amended at revision {expected}", "Look at it again, then amend it")


def _with_enqueued(job: TuningJob, spec: TuningJobSpec, more: Sequence[EnqueuedConfiguration]) -> TuningJobSpec:
    """Return the specification as it will run, with more enqueued. Raises InvalidSpec."""
    for index, item in enumerate(more):
        check_definition_name(spec, item.definition_name, f"enqueue[{index}].definition_name")
        space = spec.definition(item.definition_name).space
        check_configuration(space, item.configuration, f"enqueue[{index}].configuration")
    enqueued = (*spec.enqueued, *more)
    if spec.strategy is Strategy.GRID:  # its limit follows from what it has to run
        spec = replace(spec, limits=replace(spec.limits, max_trainings=None))
    try:
        checked = check(replace(spec, enqueued=enqueued))
    except InvalidSpec as error:
        if error.field == "prices_per_second":
            raise InvalidSpec("max_cost", error.why, "Prices are given when a job is created") from None
        raise InvalidSpec(error.field.removeprefix("limits."), error.why, error.remedy) from None
    limit = search_limit(checked)
    left = None if limit is None else max(0, limit - job.started)
    if more and left is not None and len(enqueued) - job.enqueued > left:
        why = f"{len(enqueued) - job.enqueued} configurations wait, and {left} trainings are left"
        raise InvalidSpec("enqueue", why, "Raise max_trainings with them")
    return checked


def _definitions(spec: TuningJobSpec, amendment: Amendment) -> tuple[Definition, ...]:
    if amendment.definition_name or amendment.parameters:
        check_definition_name(spec, amendment.definition_name, "definition_name")
    if not amendment.parameters:
        return spec.definitions
    changed = spec.definition(amendment.definition_name)
    parameters = {parameter.name: parameter for parameter in changed.parameters}
    for index, wider in enumerate(amendment.parameters):
        field = f"parameters[{index}]"
        if wider.name not in parameters:
            known = ", ".join(parameter.name for parameter in changed.parameters)
            raise InvalidSpec(field, f"{wider.name!r} is not tuned in this job", f"Known: {known}")
        parameters[wider.name] = _widened(parameters[wider.name], wider, f"{field}.range")
    replaced = replace(changed, parameters=tuple(parameters.values()))
    return tuple(replaced if item is changed else item for item in spec.definitions)


def _widened(old: Parameter, new: Parameter, field: str) -> Parameter:
    range_ = _wider_range(old.range, new.range, field)
    hint = old.hint if new.hint is None else new.hint
    if range_ == old.range:
        return replace(old, hint=hint)
    kept = isinstance(range_, (Float, Int)) and range_.scaling is not _scaling(new.range)
    given = old.scaling_given if kept else new.scaling_given
    return Parameter(old.name, range_, new.low_text, new.high_text, given, hint)


def _wider_range(old: Range, new: Range, field: str) -> Range:
    """Return the new range, of the old one's kind and, where it names none, scaling. Raises InvalidSpec."""
    match old, new:
        case Float(), Float() | Int():
            return _wider_interval(old, Float(float(new.low), float(new.high), new.scaling), field)
        case Int(), Int():
            return _wider_interval(old, new, field)
        case Choice(), Choice():
            if new.values[: len(old.values)] != old.values:
                why = f"{new} does not begin with {old}"
                raise InvalidSpec(field, why, "Keep the old values in front, in their order, and add new ones behind")
            return new
        case _:
            kinds = f"{type(new).__name__} where the job has {type(old).__name__}"
            raise InvalidSpec(field, f"it is {kinds}: {old}", "Give a range of the same kind")


def _wider_interval(old: Interval, new: Interval, field: str) -> Interval:
    if new.low > old.low or new.high < old.high:
        raise InvalidSpec(field, f"{new} leaves out part of {old}", "Widen it: what was tried stays inside")
    try:
        return replace(new, scaling=old.scaling if new.scaling is ScalingType.AUTO else new.scaling)
    except InvalidSpec as error:
        raise InvalidSpec(field, error.why, error.remedy) from None


def _scaling(range_: Range) -> ScalingType | None:
    return None if isinstance(range_, Choice) else range_.scaling
