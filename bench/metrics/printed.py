"""What trainings print, as a trainer says it on training.output: messages of 500 lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tunewright.core.states import EndCause
from tunewright.platform.bus.port import Record
from tunewright.v1 import spec_pb2, worker_service_pb2
from tunewright_trainer.core.attempt import End
from tunewright_trainer.core.lines import Lines, Position
from tunewright_trainer.messages import OutputRecords

LINES_A_MESSAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Printed:
    """Trainings of some jobs, each of `points` values, one in every `every` lines."""

    jobs: int
    trainings: int
    """Of each job."""
    points: int
    every: int = 1
    prefix: str = "bench"

    @property
    def all_points(self) -> int:
        return self.jobs * self.trainings * self.points

    @property
    def all_trainings(self) -> int:
        return self.jobs * self.trainings

    def uid(self, job: int) -> str:
        return f"{self.prefix}-{job:03d}"

    def texts(self, number: int) -> list[str]:
        """Return the lines of a training."""
        return [
            f"epoch {at // self.every + 1} loss={1 + number / (at + 1):.6f}"
            if at % self.every == 0
            else f"batch {at}: 32 examples, 0.021 s"
            for at in range(self.points * self.every)
        ]

    def records(self) -> Iterator[Record]:
        """Yield all records; those of trainings that run together are mixed message by message."""
        texts = [self.texts(number) for number in range(1, self.trainings + 1)]
        saying = [
            [OutputRecords(_grant(self.uid(job), number)) for number in range(1, self.trainings + 1)]
            for job in range(self.jobs)
        ]
        yield from (training.started(1.7e9) for job in saying for training in job)
        for first in range(0, self.points * self.every, LINES_A_MESSAGE):
            for job in saying:
                for training, lines in zip(job, texts, strict=True):
                    yield from training.lines(first, Lines(lines[first : first + LINES_A_MESSAGE], [], Position()))
        for job in saying:
            yield from (training.ended(_end(), self.points * self.every) for training in job)


def _grant(uid: str, number: int) -> worker_service_pb2.Grant:
    grant = worker_service_pb2.Grant(training_name=f"{uid}-{number}", owner="bench")
    grant.attempt.training_id, grant.attempt.attempt = f"{uid}/{number}", 1
    metric = spec_pb2.MetricDefinition(name="loss", regex="loss=([0-9.]+)")
    grant.definition.metric_definitions.append(metric)
    grant.objective.metric_name, grant.objective.direction = "loss", spec_pb2.DIRECTION_MINIMIZE
    return grant


def _end() -> End:
    return End(EndCause.EXITED, exit_code=0, started_at=1.7e9, ended_at=1.7e9 + 60, spool_bytes=0)
