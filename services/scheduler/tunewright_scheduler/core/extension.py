"""Going on with an ended job: a child job of the same specification that knows what its ancestors have seen.

The child is warm-started from the job and from the job's own parents, as far as they saw the same data and algorithm.
It begins with nothing tried before: values to try first are dropped, configurations that were enqueued and not started
are run, and a seed that was given grows by one, for the same seed would draw the same again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tunewright.core.check import LARGEST_SEED
from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.core.spec import Definition, EnqueuedConfiguration, Strategy, TuningJobSpec, WarmStart, WarmStartType
from tunewright.core.values import replace
from tunewright_scheduler.core.amendment import check_tunes
from tunewright_scheduler.core.job import TuningJob

MAX_PARENTS: Final = 5
LONGEST_NAME: Final = 32
LAST_NUMBER: Final = 9999

REFUSED: Final = {
    Strategy.GRID: "a grid has run each of its configurations: nothing is left to go on with",
    Strategy.HYPERBAND: "Hyperband cannot be warm-started, so a child would begin anew",
}


def check_ended(job: TuningJob, event: str) -> None:
    """Raise IllegalTransition if the job has not ended, or is none that can be gone on with."""
    check_tunes(job, event)
    if not job.state.final:
        remedy = "Amend it: a job that has not ended can be given more"
        raise IllegalTransition(f"tuning job {job.name}", "not in a terminal state", event, remedy)


def extended(
    spec: TuningJobSpec, job: TuningJob, name: str, max_trainings: int | None, ancestors: Sequence[str]
) -> TuningJobSpec:
    """Return the child's specification. `ancestors` are uids, nearest first, that are still there.

    Raises: InvalidSpec: its strategy cannot be extended, or it has several definitions.
    """
    if spec.strategy in REFUSED:
        raise InvalidSpec("job", REFUSED[spec.strategy], "Create a job, with wider ranges or another strategy")
    if len(spec.definitions) > 1:
        why = f"it has {len(spec.definitions)} definitions, and a job of several cannot learn from another one"
        raise InvalidSpec("job", why, "Create a job of the definition that did best, and warm-start it")
    return _child(spec, job, name, max_trainings, ancestors)


def retried_apart(
    spec: TuningJobSpec, job: TuningJob, name: str, failed: Sequence[EnqueuedConfiguration], ancestors: Sequence[str]
) -> TuningJobSpec:
    """Return the specification of a child that runs the failed configurations again, all of them and nothing else.

    Its strategy is never asked; so what cannot be extended can be retried, without being warm-started. What ends a
    search that leads nowhere has no say in it.
    """
    child = _child(spec, job, name, len(failed), ancestors)
    if spec.strategy in REFUSED:
        child = replace(child, strategy=Strategy.RANDOM, hyperband=None, warm_start=None)
    if len(spec.definitions) > 1:
        child = replace(child, warm_start=None)
    completion = replace(spec.completion, max_not_improving=None, on_convergence=None)
    return replace(child, enqueued=tuple(failed), completion=completion, reevaluation=None)


def _child(
    spec: TuningJobSpec, job: TuningJob, name: str, max_trainings: int | None, ancestors: Sequence[str]
) -> TuningJobSpec:
    limits, seed = spec.limits, spec.random_seed
    if max_trainings is not None:
        limits = replace(limits, max_trainings=max_trainings)
    return replace(
        spec,
        name=name,
        definitions=tuple(map(_untried, spec.definitions)),
        limits=limits,
        warm_start=WarmStart((job.uid, *ancestors)[:MAX_PARENTS], WarmStartType.IDENTICAL_DATA_AND_ALGORITHM),
        enqueued=spec.enqueued[job.enqueued :],
        random_seed=None if seed is None else (seed + 1) % (LARGEST_SEED + 1),
        autotune=False,  # what it chose for the parent stands in the specification
        auto_parameters={},
    )


def ancestors(spec: TuningJobSpec, job: TuningJob) -> tuple[str, ...]:
    """Return the uids of the job's own parents, nearest first, that saw the same data and algorithm."""
    same = spec.warm_start is not None and spec.warm_start.type is WarmStartType.IDENTICAL_DATA_AND_ALGORITHM
    return tuple(parent.uid for parent in job.parents) if same else ()


def child_names(job: TuningJob) -> Iterator[str]:
    """Yield names for a child: the job's with -2, -3, … behind; the number of one that is a child itself grows."""
    stem, first = job.name, 2
    if job.extends and (numbered := re.fullmatch(r"(.+)-(\d{1,4})", job.name)):
        stem, first = numbered[1], int(numbered[2]) + 1
    for number in range(first, LAST_NUMBER + 1):
        end = f"-{number}"
        yield stem[: LONGEST_NAME - len(end)].rstrip("-") + end


def _untried(definition: Definition) -> Definition:
    return replace(definition, parameters=tuple(replace(item, hint=None) for item in definition.parameters))
