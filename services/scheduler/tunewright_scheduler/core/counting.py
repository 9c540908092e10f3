"""How an ended training counts in its job: by how it ended, by its objective, and as the first to have failed."""

from __future__ import annotations

from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import TrainingState
from tunewright.core.values import replace
from tunewright_scheduler.core.improvement import with_objective
from tunewright_scheduler.core.job import Ending, TuningJob


def counted(job: TuningJob, spec: TuningJobSpec, ending: Ending) -> TuningJob:
    """Take an ended training into the counters and, with its objective, into what is known of the best."""
    trainings, objectives = job.trainings, job.objectives
    match ending.state:
        case TrainingState.COMPLETED:
            trainings = replace(trainings, completed=trainings.completed + 1)
        case TrainingState.STOPPED:
            trainings = replace(trainings, stopped=trainings.stopped + 1)
        case _ if ending.retryable:
            trainings = replace(trainings, retryable_error=trainings.retryable_error + 1)
        case _:
            trainings = replace(trainings, non_retryable_error=trainings.non_retryable_error + 1)
    if ending.objective is None:
        objectives = replace(objectives, failed=objectives.failed + (not spec.alone))
        first = _first_failure(job, ending)
        return replace(job, trainings=trainings, objectives=objectives, first_failure=first)
    objectives = replace(objectives, succeeded=objectives.succeeded + 1)
    with_it = replace(job, trainings=trainings, objectives=objectives)
    return with_objective(with_it, spec.objective.direction, ending, ending.objective)


def _first_failure(job: TuningJob, ending: Ending) -> str:
    """Keep the first failure of the algorithm's own; until there is one, the first that was not its fault."""
    if ending.state is not TrainingState.FAILED:
        return job.first_failure
    first_real = not ending.retryable and not job.trainings.non_retryable_error
    return ending.reason if first_real or not job.first_failure else job.first_failure
