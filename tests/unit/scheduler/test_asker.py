"""What the scheduler sends the suggester, and that a short way to say it changes no answer."""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.callers import gate
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.space import Choice, Float
from tunewright.core.spec import Parameter, Strategy
from tunewright.core.states import TrainingState
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.store.port import Insert
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright.v1 import suggestion_service_pb2_grpc as pb_grpc
from tunewright_scheduler import records
from tunewright_scheduler.amendments import Amendments
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.core.amendment import Amendment
from tunewright_scheduler.core.job import Ask, Provenance
from tunewright_scheduler.core.training import Summary, Training
from tunewright_scheduler.tuning_jobs import TuningJobs
from tunewright_suggester.servicer import SuggestionServicer

SERVICE = "tunewright.v1.SuggestionService"


class Replica(SuggestionServicer):
    """A suggester that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(1)
        self.heard: list[pb.SuggestRequest] = []

    async def Suggest(self, request, context):  # noqa: N802
        self.heard.append(pb.SuggestRequest.FromString(request.SerializeToString()))
        return await super().Suggest(request, context)


class Balancer(pb_grpc.SuggestionServiceServicer):
    """Passes each call on to the replica whose turn it is."""

    def __init__(self, replicas: list[Replica]) -> None:
        self.replicas = replicas

    async def Suggest(self, request, context):  # noqa: N802
        self.replicas.append(self.replicas.pop(0))
        return await self.replicas[-1].Suggest(request, context)


@asynccontextmanager
async def served(servicer):
    server = RpcServer("127.0.0.1", 0, gate())
    await server.start({SERVICE: lambda target: pb_grpc.add_SuggestionServiceServicer_to_server(servicer, target)})
    async with open_channel(f"127.0.0.1:{server.port}", "t") as channel:
        yield channel
    await server.stop()


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    await world.create(spec(strategy=Strategy.BAYESIAN))
    yield world
    await world.store.close()


@pytest.fixture
async def replicas():
    replicas = [Replica(), Replica()]
    yield replicas
    for replica in replicas:
        await replica.close()


def ended(number: int) -> Training:
    """Return a training that has ended, with a curve."""
    configuration = {"lr": 10 ** -(1 + number % 3), "epochs": 1 + number % 5, "batch": ("32", "64")[number % 2]}
    objective = 0.1 * (number * 7 % 11)
    summary = Summary(objective, steps=2, objective_error=0.01, curve=(objective + 0.1, objective), curve_steps=(1, 2))
    return Training(
        UID,
        number,
        f"job-{number}",
        "owner",
        configuration,
        1,
        created_at=0.0,
        pool="default",
        claim_order=0.0,
        provenance=Provenance("random"),
        state=TrainingState.COMPLETED,
        objective_value=objective,
        summary=summary,
    )


async def observe(world: World, *trainings: Training, low: int = 0) -> None:
    documents = [records.observation_document(low + place, training) for place, training in enumerate(trainings)]
    await world.store.commit([Insert("observations", f"{one['fold_index']:08d}", one) for one in documents])


async def answer_of(world: World, asker: Asker, watermark: int):
    job = await world.job()
    ask = Ask(UID, watermark, job.spec_revision, 1, watermark, (), watermark, 10, 2)
    return await asker.answer(job, ask)


async def test_curves_and_standard_errors_are_sent(world, replicas):
    without = replace(ended(2), summary=Summary(None), objective_value=None)
    older = records.observation_document(2, ended(3))
    del older["error"], older["curve_steps"]  # as an earlier version stored it
    await observe(world, ended(1), without)
    await world.store.commit([Insert("observations", "00000002", older)])
    async with served(replicas[0]) as channel:
        await answer_of(world, Asker(world.changes, channel), 3)
    observations = replicas[0].heard[0].definitions[0].observations
    assert list(observations.curve_lengths) == [2, 0, 0]
    assert list(observations.curve_steps) == [1, 2]
    assert list(observations.curves) == list(ended(1).summary.curve)
    assert observations.errors[0] == 0.01
    assert all(math.isnan(error) for error in observations.errors[1:])


async def test_what_the_model_holds_best_comes_with_the_answer(world, replicas):
    await observe(world, *map(ended, range(1, 9)))
    async with served(replicas[0]) as channel:
        answered = await answer_of(world, Asker(world.changes, channel), 8)
        assert answered.recommended in range(1, 9)
        assert (await answer_of(world, Asker(world.changes, channel), 0)).recommended is None


async def test_what_a_definition_holds_fixed_is_sent(tmp_path, replicas):
    world = World(tmp_path)
    definition = replace(spec().definitions[0], static_hyperparameters={"solver": "sgd"})
    await world.create(spec(strategy=Strategy.BAYESIAN, definitions=(definition,)))
    async with served(replicas[0]) as channel:
        await answer_of(world, Asker(world.changes, channel), 0)
    assert dict(replicas[0].heard[0].definitions[0].static_hyperparameters) == {"solver": "sgd"}
    await world.store.close()


async def test_after_wider_ranges_all_is_sent_again_in_the_new_ones(world, replicas):
    await observe(world, *map(ended, range(4)))
    wider = Amendment(
        1,
        parameters=(Parameter("batch", Choice(("32", "64", "128"))), Parameter("lr", Float(1e-6, 1.0))),
    )
    jobs = TuningJobs(world.store, world.changes, any_program, world.room)
    async with served(replicas[0]) as channel:
        asker = Asker(world.changes, channel)
        await answer_of(world, asker, 4)
        await Amendments(world.store, world.changes, jobs).amend("owner", "job", wider)
        await answer_of(world, asker, 4)
    before, after = (request.definitions[0] for request in replicas[0].heard)
    assert (replicas[0].heard[1].spec_revision, replicas[0].heard[1].prefix_length) == (2, 0)
    assert list(after.observations.numbers) == list(before.observations.numbers) == [0, 1, 2, 3]
    assert after.observations.columns == before.observations.columns
    assert len(after.parameters[2].choice_range.values) == 3


async def test_what_was_answered_for_is_not_sent_again(world, replicas):
    await observe(world, *map(ended, range(7)))
    async with served(replicas[0]) as channel:
        warm = Asker(world.changes, channel)
        for watermark in (4, 6, 6):
            await answer_of(world, warm, watermark)
        last = await answer_of(world, warm, 7)
        after_a_crash = await answer_of(world, Asker(world.changes, channel), 7)
        an_earlier_ask = await answer_of(world, warm, 4)
    sent = [list(request.definitions[0].observations.numbers) for request in replicas[0].heard]
    assert sent == [[0, 1, 2, 3], [4, 5], [], [6], [0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3]]
    assert last == after_a_crash
    assert an_earlier_ask.suggestions


async def test_a_replica_that_knows_nothing_is_sent_all_and_answers_alike(world, replicas):
    await observe(world, *map(ended, range(7)))
    async with served(replicas[0]) as one, served(Balancer(list(replicas))) as balanced:
        alone, among = Asker(world.changes, one), Asker(world.changes, balanced)
        for watermark in range(4, 8):
            assert await answer_of(world, alone, watermark) == await answer_of(world, among, watermark)
    assert all(len(replica.heard) >= 2 for replica in replicas)
