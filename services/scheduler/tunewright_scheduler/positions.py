"""Where somebody stands who has been told of a job's trainings: which of them may have changed since.

All others had ended by then, and what has ended does not change. So nothing is missed, whatever clocks say, and it
costs as much as runs at a time:

    UID/NUMBER OF THE LAST TRAINING/NUMBERS THAT HAD NOT ENDED, AS 3,7-9
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Self

from tunewright.core.errors import InvalidSpec
from tunewright_scheduler.core.job import TuningJob

WRITTEN: Final = re.compile(r"([^/]+)/(\d{1,9})/((?:\d{1,9}(?:-\d{1,9})?(?:,(?=\d)|$))*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Position:
    uid: str
    started: int
    """Trainings that there were."""
    open: frozenset[int]
    """Those of them that had not ended, as far as was known."""

    @classmethod
    def at(cls, job: TuningJob) -> Self:
        return cls(job.uid, job.started, frozenset(job.in_flight))

    @classmethod
    def read(cls, text: str, job: TuningJob) -> Self:
        """Raises InvalidSpec: it is not one of this job's."""
        written = WRITTEN.fullmatch(text)
        if written is None or written[1] != job.uid or int(written[2]) > job.started:
            raise InvalidSpec("since", "is no position in this tuning job", "List its trainings anew")
        started = int(written[2])
        return cls(job.uid, started, frozenset(_numbers(written[3], started)))

    def __str__(self) -> str:
        return f"{self.uid}/{self.started}/{','.join(_ranges(self.open))}"


def _ranges(numbers: Collection[int]) -> Iterable[str]:
    for _, run in groupby(enumerate(sorted(numbers)), lambda item: item[1] - item[0]):
        first, *rest = [number for _, number in run]
        yield f"{first}-{rest[-1]}" if rest else str(first)


def _numbers(ranges: str, most: int) -> Iterable[int]:
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        yield from range(max(1, int(first)), min(most, int(last or first)) + 1)
