"""The messages that the bench folds make a whole job; and a job's value does not grow with its trainings."""

from __future__ import annotations

import msgspec
from bench.scheduler import subject
from bench.scheduler.folding import PARALLEL, recorded

from tunewright.core.states import JobState
from tunewright_scheduler.core.decide import decide
from tunewright_scheduler.records import job_document

TRAININGS = 2_000
FULL = 600
"""By then, everything that is kept of so many trainings at most is full."""


def test_the_recorded_messages_run_every_training_of_the_job_and_its_value_stays_as_small_as_it_was() -> None:
    spec = subject.spec("folding", trainings=TRAININGS, parallel=PARALLEL)
    job, messages = recorded(spec)
    sizes = []
    for message, now in messages:
        job = decide(job, spec, message, now).job
        sizes.append((job.started, len(msgspec.msgpack.encode(job_document(job)))))
    assert job.state is JobState.COMPLETED
    assert job.observations == TRAININGS
    assert job.trainings.non_retryable_error == TRAININGS // 50
    early = max(size for started, size in sizes if started <= FULL)
    late = max(size for started, size in sizes if started > FULL)
    assert late <= early * 1.02  # numbers get longer
