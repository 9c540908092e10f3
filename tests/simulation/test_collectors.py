"""Metrics is away for longer than a summary is waited for: no objective is lost, and the doctor says who is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.simulation.circle import NAME, Trainers, ask, circle, create, finished, story
from tests.simulation.timeless import TimelessStore, play
from tests.simulation.verdict import judge, settled
from tests.simulation.wire import Wire
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.v1 import operations_service_pb2 as pb
from tunewright.v1.operations_service_pb2_grpc import OperationsServiceStub

NAMED_WITHIN_S = 30.0
AWAY_S = 3 * 600.0


def test_summaries_wait_for_metrics_however_long_it_is_away(tmp_path: Path) -> None:
    play(_tell(tmp_path))


async def _tell(folder: Path) -> None:
    wanted = story(2, 4)
    trainers = Trainers.in_folder(folder, [2])
    store, wire = TimelessStore(folder / "store.db"), Wire()
    bus = MemoryBus(topics().values())
    await create(store, wanted)
    async with circle(store, bus, [wire], trainers, metrics_from_s=AWAY_S) as front:
        doctor = OperationsServiceStub(wire)
        await asyncio.sleep(NAMED_WITHIN_S)
        found = await ask(doctor.Diagnose, pb.DiagnoseRequest(job=NAME))
        assert [finding.cause for finding in found.findings] == ["COLLECTOR_UNREACHABLE"]
        await asyncio.sleep(AWAY_S - NAMED_WITHIN_S)
        await finished(front)
        await settled(store, trainers)
        found = await ask(doctor.Diagnose, pb.DiagnoseRequest(job=NAME))
        assert not found.findings
    await judge(store, trainers, wanted)
    await store.close()
