"""Analyses over a store and a real channel: what is read, who may ask, what is asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.callers import gate
from tests.unit.metrics.analysis.histories import SQUARE, cube, definition, history
from tunewright.core.analysis import Analyses, Analysis
from tunewright.core.errors import InvalidSpec, NotFound, Unavailable
from tunewright.core.space import Float
from tunewright.platform.bus.memory import MemoryBus
from tunewright.platform.bus.topics import topics
from tunewright.platform.codec import from_message, to_message
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.store.port import Put
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import metrics_service_pb2_grpc, spec_pb2
from tunewright_metrics.analysing.analyst import Analyst
from tunewright_metrics.analysing.answers import Answers
from tunewright_metrics.analysing.program import task_of
from tunewright_metrics.jobs import Jobs
from tunewright_metrics.main import Metrics

TRAINING = {
    "uid": "u",
    "definition_name": "",
    "created_at": 1.0,
    "provenance": {"source": "random", "mean": None},
    "repeats": None,
    "owner": "ada",
}


class World:
    def __init__(self, store: SqliteStore, stub: metrics_service_pb2_grpc.MetricsServiceStub) -> None:
        self.store, self.stub = store, stub

    async def job(self, deleted: bool = False, owner: str = "ada", revision: int = 1) -> None:
        spec = history([], definition(SQUARE)).spec
        if revision > 1:
            spec = history([], definition(SQUARE | {"x": Float(0.0, 2.0)})).spec
        document = {"uid": "u", "owner": owner, "state": "RUNNING", "deleted": deleted, "spec_revision": revision}
        message = to_message(spec, spec_pb2.TuningJobSpec).SerializeToString()
        await self.store.commit(
            [
                Put("tuning_jobs", "u", document),
                Put("job_names", f"{owner}/job", {"uid": "u"}),
                Put("specs", f"u/{revision:06d}", {"spec": message}),
            ]
        )

    async def trainings(self, count: int, **fields: object) -> None:
        """Store so many ended trainings, with these fields, one that runs, and one that failed."""
        points = cube(0, count, 2).tolist()
        ended = [
            TRAINING
            | {
                "number": number,
                "state": "COMPLETED",
                "configuration": {"x": x, "y": y},
                "objective_value": x + 0.1 * y,
            }
            | {"ended_at": 2.0 * number, "summary": {"steps": 3, "objective_error": None}}
            | fields
            for number, (x, y) in enumerate(points, 1)
        ]
        rest = TRAINING | {"objective_value": None, "configuration": points and {"x": 0.5, "y": 0.5}, "summary": None}
        ended.append(rest | {"number": count + 1, "state": "RUNNING", "ended_at": None})
        ended.append(rest | {"number": count + 2, "state": "FAILED", "ended_at": 3.0})
        await self.store.commit([Put("training_jobs", f"u/{item['number']:06d}", item) for item in ended])

    async def analyses(self, job: str = "Job", **request: object) -> Analyses:
        try:
            return from_message(await self.stub.Analyze(pb.AnalyzeRequest(job=job, **request)), Analyses)
        except grpc.aio.AioRpcError as failed:
            raise error_of(failed) from failed


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store, bus = SqliteStore(tmp_path / "store.db"), MemoryBus(topics().values())
    metrics = Metrics(store, bus)
    collecting = asyncio.create_task(metrics.run())
    server = RpcServer("127.0.0.1", 0, gate({"token": "ada"}))
    add = metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server
    await server.start({"tunewright.v1.MetricsService": lambda at: add(metrics.servicer, at)})
    async with open_channel(f"127.0.0.1:{server.port}", "token") as channel:
        yield World(store, metrics_service_pb2_grpc.MetricsServiceStub(channel))
    await server.stop(grace_s=0)
    collecting.cancel()
    await asyncio.gather(collecting, return_exceptions=True)
    await store.close()


async def test_a_job_is_analysed_from_its_ended_trainings(world: World) -> None:
    await world.job()
    await world.trainings(20)
    told = await world.analyses()
    assert (told.trainings, told.left_out) == (20, 1)
    assert {item.parameter for item in told.importances} == {"x", "y"}
    assert max(told.importances, key=lambda item: item.share).parameter == "x"
    assert told.dependences[0].at[-1] == 1.0
    assert not [one for one in told.refused if one.analysis is not Analysis.ADVICE]


async def test_only_what_is_asked_for_is_told(world: World) -> None:
    await world.job()
    await world.trainings(20)
    told = await world.analyses(analyses=[pb.ANALYSIS_DISTRIBUTION])
    assert len(told.distribution) == 20
    assert (told.importances, told.best_so_far, told.refused) == ((), (), ())


async def test_an_answer_is_made_anew_when_the_job_has_changed(world: World) -> None:
    await world.job()
    await world.trainings(3)
    wanted = [pb.ANALYSIS_BEST_SO_FAR]
    before = await world.analyses(analyses=wanted)
    await world.trainings(9)
    assert await world.analyses(analyses=wanted) == before
    await world.job(revision=2)
    assert (await world.analyses(analyses=wanted)).trainings == 9


async def test_what_hyperband_gave_all_that_one_gets_has_run_to_its_end(world: World) -> None:
    evidence = {"rule": "max_resource", "step": 3, "value": 1.0}
    await world.job()
    await world.trainings(20, state="STOPPED", stopped_early=evidence)
    told = await world.analyses(analyses=[pb.ANALYSIS_IMPORTANCE])
    assert (told.stopped, told.refused) == (0, ())
    await world.job(revision=2)
    await world.trainings(20, state="STOPPED", stopped_early=evidence | {"rule": "rung"})
    assert (await world.analyses(analyses=[pb.ANALYSIS_IMPORTANCE])).stopped == 20


class Counting(Analyst):
    asked = 0

    async def run(self, task: bytes) -> bytes:
        self.asked += 1
        return await super().run(task)


async def test_who_asks_for_the_same_at_the_same_time_is_given_one_answer(world: World) -> None:
    await world.job()
    await world.trainings(3)
    analyst = Counting()
    answers = Answers(world.store, Jobs(world.store), analyst)
    request = pb.AnalyzeRequest(job="job", analyses=[pb.ANALYSIS_DISTRIBUTION])
    told = await asyncio.gather(*(answers.answer(request, "ada") for _ in range(5)))
    assert (analyst.asked, len(told[0].distribution)) == (1, 3)
    await analyst.close()


async def test_ranges_are_those_that_the_job_has_now(world: World) -> None:
    await world.job(revision=2)
    await world.trainings(20)
    told = await world.analyses("u", analyses=[pb.ANALYSIS_PARTIAL_DEPENDENCE])
    assert [item.at[-1] for item in told.dependences] == [2.0, 1.0]


async def test_jobs_of_others_deleted_ones_and_unknown_ones_are_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.analyses("nobody's")
    await world.job(owner="bob")
    with pytest.raises(NotFound):
        await world.analyses("u")
    await world.job(deleted=True)
    with pytest.raises(NotFound):
        await world.analyses("job")


async def test_a_wrong_request_is_refused_by_its_field(world: World) -> None:
    await world.job()
    with pytest.raises(InvalidSpec) as refused:
        await world.analyses(definition_name="large")
    assert refused.value.field == "definition_name"
    with pytest.raises(InvalidSpec) as refused:
        await world.analyses(analyses=[77])
    assert refused.value.field == "analyses"


async def test_a_process_that_dies_over_a_job_is_given_up_and_another_one_started() -> None:
    analyst = Analyst(("-c", "import sys; sys.stdin.buffer.read(5)"))
    task = task_of(history([], definition(SQUARE)), frozenset({Analysis.BEST_SO_FAR}), "")
    with pytest.raises(Unavailable):
        await analyst.run(task)
    await analyst.close()


async def test_a_process_that_nobody_needs_ends() -> None:
    analyst = Analyst(idle_s=0.0)
    task = task_of(history([], definition(SQUARE)), frozenset({Analysis.BEST_SO_FAR}), "")
    first = await analyst.run(task)
    process, leaving = analyst._process, analyst._leaving
    assert process is not None
    assert leaving is not None
    await leaving
    assert process.returncode is not None
    assert await analyst.run(task) == first
    await analyst.close()
