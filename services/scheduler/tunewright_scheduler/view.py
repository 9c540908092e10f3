"""What a watcher is shown of a job: each training when it has changed, and none for long after it has ended."""

from __future__ import annotations

import re
from typing import Final, Self

from tunewright.core.errors import InvalidSpec
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.core.job import TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.resources import training_message

TOKEN: Final = re.compile(r"(\d{1,9}):((?:\d{1,9},)*)", re.ASCII)


class View:
    """What one watcher has been shown of a job."""

    def __init__(self) -> None:
        self.version = 0
        self._known: int | None = None
        """Trainings that the job had when last looked at."""
        self._followed: set[int] = set()
        self._shown: dict[int, pb.TrainingJob] = {}

    @classmethod
    def of(cls, token: str) -> Self:
        """Return the view that a watcher had, by what `token` gave it. Raises InvalidSpec: it was not given out."""
        view = cls()
        if token:
            match = TOKEN.fullmatch(token)
            if match is None:
                raise InvalidSpec("page_token", "is not one that was given out", "Start again without it")
            view._known = int(match[1])
            view._followed = {int(number) for number in match[2].split(",")[:-1]}
        return view

    def token(self) -> str:
        """Return what a watcher hands back after a lost connection: how many trainings, and which have not ended."""
        return f"{self._known or 0}:" + "".join(f"{number}," for number in sorted(self._followed))

    def follow(self, job: TuningJob) -> set[int]:
        """Return the numbers to look at: those in flight, and those that were, or began, since the last look."""
        self._followed.update(job.in_flight)
        if self._known is not None:
            self._followed.update(range(self._known + 1, job.started + 1))
        self._known = job.started
        return self._followed

    def changed(self, trainings: list[Training]) -> list[pb.TrainingJob]:
        """Return the trainings that differ from what was shown; an ended one is shown once more, then left."""
        changed = []
        for training in trainings:
            message = training_message(training)
            if self._shown.get(training.number) != message:
                self._shown[training.number] = message
                changed.append(message)
            if training.state.final:
                self._followed.discard(training.number)
                del self._shown[training.number]
        return changed
