"""Tuning jobs as they were told of last, for as long as the scheduler says that nothing of them has changed.

Each request asks it: what is kept here only spares reading and writing again what would be the same.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tunewright.core.arns import Account
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_gateway.core.json_text import in_json
from tunewright_gateway.describing.tuning_job import described, runtime_s

KEPT: Final = 128


class KnownJob:
    """A job as the scheduler has told it; `etag` is its name for that state, empty: it has none."""

    def __init__(self, etag: str, job: pb.TuningJob) -> None:
        self.etag, self.job = etag, job
        self._ran_s = -1
        self._described = b""
        """What Describe answers while it has run for so long: nothing else of it depends on the time."""

    def described(self, account: Account, now: float) -> bytes:
        """Return Describe's members in JSON; the account is always the same."""
        ran_s = runtime_s(self.job, now)
        if ran_s != self._ran_s:
            self._described = in_json(described(self.job, account, now))
            self._ran_s = ran_s
        return self._described


class KnownJobs:
    """The jobs that were asked for last, by name; those of one owner."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, KnownJob] = OrderedDict()

    def get(self, name: str) -> KnownJob | None:
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.move_to_end(name)
        return kept

    def keep(self, name: str, job: KnownJob) -> KnownJob:
        """Keep a job that has an etag, and return it."""
        if job.etag:
            self._kept[name] = job
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return job
