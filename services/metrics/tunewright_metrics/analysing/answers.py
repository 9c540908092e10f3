"""Analyses of jobs as they stand now; one that was answered is not made again until a training has ended."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from tunewright.core.analysis import Analysis
from tunewright.core.errors import InvalidSpec
from tunewright.platform.store.port import Store
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright_metrics.analysing.analyst import Analyst
from tunewright_metrics.analysing.histories import read_history
from tunewright_metrics.analysing.program import task_of
from tunewright_metrics.jobs import Jobs

KEPT_BYTES: Final = 8_000_000
Key = tuple[str, int, frozenset[Analysis], str]
"""Uid and version of the job's record, what was asked for, of which definition."""


class Answers:
    def __init__(self, store: Store, jobs: Jobs, analyst: Analyst) -> None:
        self._store, self._jobs, self._analyst = store, jobs, analyst
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    async def answer(self, request: pb.AnalyzeRequest, owner: str) -> pb.AnalyzeResponse:
        """Raises NotFound, InvalidSpec, Unavailable."""
        wanted = _wanted(request)
        job = await self._jobs.job(request.job, owner)
        key = job.uid, job.version, wanted, request.definition_name
        if key not in self._kept:
            async with self._turn:  # one history is in memory at a time, and who waits for the same answer is given it
                if key not in self._kept:
                    history = await read_history(self._store, job)
                    self._keep(key, await self._analyst.run(task_of(history, wanted, request.definition_name)))
        self._kept.move_to_end(key)
        return pb.AnalyzeResponse.FromString(self._kept[key])

    def _keep(self, key: Key, answer: bytes) -> None:
        """Keep an answer in the place of the job's older ones, and of those not asked for longest."""
        for old in [old for old in self._kept if old[0] == key[0] and old[1] != key[1]]:
            del self._kept[old]
        self._kept[key] = answer
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > KEPT_BYTES:
            self._kept.popitem(last=False)


def _wanted(request: pb.AnalyzeRequest) -> frozenset[Analysis]:
    known = {item.number: item.name.removeprefix("ANALYSIS_") for item in pb.Analysis.DESCRIPTOR.values if item.number}
    if any(number not in known for number in request.analyses):
        raise InvalidSpec("analyses", "names one that is not known", "Leave it out for all")
    return frozenset(Analysis[known[number]] for number in request.analyses) or frozenset(Analysis)
