"""The same call again: whether it is the same, and what it still wants of the jobs that it has had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from tunewright.cli.written import Written
from tunewright.client import Client, TuningJob
from tunewright.core.check import check_new
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import renamed
from tunewright.core.program_variables import PYTHON_VARIABLE, WORKDIR_VARIABLE
from tunewright.core.spec import Limits, TuningJobSpec
from tunewright.core.states import JobState

MAY_DIFFER: Final = {"name", "limits", "priority", "tags", "random_seed", "enqueued", "definitions"}
"""Fields of a specification that can be amended, or that are compared in their own way."""
OF_THE_PROGRAM: Final = {"image", "parameters", "environment"}
"""The same of a definition: a job keeps the function that it has begun with, and the folder."""


def require_same(found: TuningJobSpec, job: Written) -> None:
    """Raises InvalidSpec: the job that bears the name is another one."""
    wanted = check_new(job.spec)
    for path in _differences(found, wanted):
        argument = job.spelled(renamed(path, job.members))
        why = f"{wanted.name!r} is a job already, and of another {argument}"
        raise InvalidSpec("name", why, "Choose another name, or repeat the call as it was")


def _differences(found: TuningJobSpec, wanted: TuningJobSpec) -> Iterator[str]:
    """Yield the paths at which a job is not what the call wants; what was enqueued later is no difference."""
    (had,), (needed,) = found.definitions, wanted.definitions
    if had.space != needed.space:
        yield "definitions[0].parameters"
    yield from _paths(found, wanted, "", MAY_DIFFER)
    yield from _paths(had, needed, "definitions[0].", OF_THE_PROGRAM)
    if _given(had.environment) != _given(needed.environment):
        yield "definitions[0].environment"
    if wanted.random_seed is not None and found.random_seed != wanted.random_seed:
        yield "random_seed"
    if found.enqueued[: len(wanted.enqueued)] != wanted.enqueued:
        yield "enqueued"


def _paths(found: Any, wanted: Any, path: str, apart: set[str]) -> Iterator[str]:
    for name in (field.name for field in fields(wanted) if field.name not in apart):
        one, other = getattr(found, name), getattr(wanted, name)
        if is_dataclass(one) and is_dataclass(other):
            yield from _paths(one, other, f"{path}{name}.", set())
        elif one != other:
            yield f"{path}{name}"


def _given(environment: Any) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name not in (PYTHON_VARIABLE, WORKDIR_VARIABLE)}


def chain_of(client: Client, first: TuningJob) -> list[TuningJob]:
    """Return a job and those that extend it, one after another."""
    chain = [first]
    extending = {one.extends: one for one in client.list() if one.extends}
    while chain[-1].uid in extending:
        chain.append(extending[chain[-1].uid])
    return chain


def go_on(client: Client, chain: list[TuningJob], wanted: TuningJobSpec) -> None:
    """Let the last job of the chain run on with the limits that are wanted, or extend it where it has ended.

    Raises InvalidSpec: more is wanted of a job that has ended, and it cannot be extended.
    """
    last = chain[-1]
    if last.state.final:
        left, more = _left(chain, wanted.limits), _is_more(_left(chain[:-1], wanted.limits), last.spec.limits)
        if _used_up(left) or not (more or last.state is JobState.STOPPED):
            return
        try:
            chain.append(client.extend(last.uid, max_trainings=left.max_trainings))
        except InvalidSpec as error:
            if not more:
                return
            why = f"{wanted.name!r} has ended, and cannot be given more: {error.why}"
            raise InvalidSpec("name", why, "Choose another name") from None
    elif last.state is JobState.PAUSED:
        client.resume(last.uid)
    _limit(client, chain[-1], _left(chain[:-1], wanted.limits), wanted.priority)


def _limit(client: Client, job: TuningJob, wanted: Limits, priority: int) -> None:
    """Amend a job's limits and priority where they differ; those that are not given stay."""
    if _used_up(wanted):  # by jobs before it: this one keeps what it has
        wanted = Limits(max_parallel=wanted.max_parallel)
    new = {
        name: value
        for name, value in ((field.name, getattr(wanted, field.name)) for field in fields(Limits))
        if value is not None and value != getattr(job.spec.limits, name)
    }
    if priority and priority != job.spec.priority:
        new["priority"] = priority
    if new:
        client.amend(job.uid, **new)


def _left(ended: list[TuningJob], limits: Limits) -> Limits:
    """Return what the ended jobs have left of limits for all of them."""
    ran_s = sum((one.ended_at or one.created_at) - one.created_at for one in ended)
    return replace(
        limits,
        max_trainings=_minus(limits.max_trainings, sum(one.trainings.ended for one in ended)),
        max_runtime_s=_minus(limits.max_runtime_s, int(ran_s)),
        max_cost=_minus(limits.max_cost, sum(one.cost.spent for one in ended)),
    )


def _minus(limit: Any, used: float) -> Any:
    return None if limit is None else limit - used


def _criteria(limits: Limits) -> tuple[float | None, ...]:
    return limits.max_trainings, limits.max_runtime_s, limits.max_cost


def _used_up(limits: Limits) -> bool:
    return any(limit is not None and limit <= 0 for limit in _criteria(limits))


def _is_more(wanted: Limits, had: Limits) -> bool:
    pairs = zip(_criteria(wanted), _criteria(had), strict=True)
    return any(one is not None and other is not None and one > other for one, other in pairs)
