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
END: Final = End(EndCause.EXITED, exit_code=0, started_at=1.7e9, ended_at=1.7e9 + 60, spool_bytes=(0,))


@dataclass(frozen=True, slots=True)
class Printed:
    """Trainings of some jobs, each of `points` values, one in every `every` lines."""

    jobs: int
    trainings: int
    """Of each job."""
    points: int
    every: int = 1
    together: int = LINES_A_MESSAGE
    """Lines of a message."""

    @property
    def all_points(self) -> int:
        return self.jobs * self.trainings * self.points

    @property
    def all_trainings(self) -> int:
        return self.jobs * self.trainings

    def uid(self, job: int) -> str:
        return f"bench-{job:03d}"

    def started(self) -> Iterator[Record]:
        """Yield what starts the trainings."""
        for says in self._trainings():
            yield says.started(1.7e9)

    def said(self, first: int, last: int) -> Iterator[Record]:
        """Yield what all trainings print from one line to another, message by message in turn."""
        for line in range(first, last, self.together):
            for number, says in enumerate(self._trainings()):
                texts = [self._text(number, at) for at in range(line, min(line + self.together, last))]
                yield from says.lines(0, line, Lines(texts, [], Position()))

    def ended(self) -> Iterator[Record]:
        for says in self._trainings():
            yield says.ended(END, [self.points * self.every, 0], "")

    def records(self) -> Iterator[Record]:
        yield from self.started()
        yield from self.said(0, self.points * self.every)
        yield from self.ended()

    def _trainings(self) -> Iterator[OutputRecords]:
        for number in range(1, self.trainings + 1):
            for job in range(self.jobs):
                yield OutputRecords(_grant(self.uid(job), number))

    def _text(self, number: int, at: int) -> str:
        if at % self.every:
            return f"batch {at}: 32 examples, 0.021 s"
        return f"epoch {at // self.every + 1} loss={1 + number / (at + 1):.6f}"


def _grant(uid: str, number: int) -> worker_service_pb2.Grant:
    grant = worker_service_pb2.Grant(training_name=f"{uid}-{number}", owner="bench")
    grant.attempt.training_id, grant.attempt.attempt = f"{uid}/{number}", 1
    metric = spec_pb2.MetricDefinition(name="loss", regex="loss=([0-9.]+)")
    grant.definition.metric_definitions.append(metric)
    grant.objective.metric_name, grant.objective.direction = "loss", spec_pb2.DIRECTION_MINIMIZE
    return grant
