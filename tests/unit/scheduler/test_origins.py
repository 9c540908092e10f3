"""Which ask gave a training its configuration, counted from what was given out; and what is other when asked again."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.callers import anybody
from tests.unit.scheduler.test_asker import Replica, served
from tests.unit.scheduler.world import UID, World, any_program, spec
from tunewright.core.errors import NotFound
from tunewright.core.names import training_name
from tunewright.core.spec import Strategy
from tunewright.platform.rpc.server import _caller
from tunewright.v1 import explanation_service_pb2 as pb
from tunewright_scheduler import records
from tunewright_scheduler.asker import Asker
from tunewright_scheduler.core.job import Ask, Provenance, Suggestion
from tunewright_scheduler.core.origins import difference, origins
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.explaining import ExplanationServicer
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs

new = partial(Training, UID, spec_revision=1, created_at=0.0, pool="p", claim_order=0.0, owner="o")


def given(*sources: str) -> list[Training]:
    return [
        new(number=number, name=f"t{number}", configuration={"x": number}, provenance=Provenance(source))
        for number, source in enumerate(sources, 1)
    ]


def ask(number: int, started: int, count: int) -> Ask:
    return Ask(UID, number, 1, count, 0, (), started, None, 2)


def found(trainings: list[Training], *asks: Ask) -> dict[int, tuple[int, int]]:
    return {number: (origin.ask.number, origin.index) for number, origin in origins(trainings, asks).items()}


def test_what_was_given_out_is_counted():
    assert found(given(*["random"] * 5), ask(0, 0, 3), ask(1, 3, 3)) == {
        1: (0, 0), 2: (0, 1), 3: (0, 2), 4: (1, 0), 5: (1, 1),
    }  # fmt: skip


def test_what_nobody_took_was_proposed_anew():
    """An ask for four of which one was taken, one that was given up, and the one that held."""
    asks = (ask(0, 0, 4), ask(1, 1, 2), ask(2, 1, 2))
    assert found(given("initial", "explore", "explore"), *asks) == {1: (0, 0), 2: (2, 0), 3: (2, 1)}


def test_what_no_strategy_has_suggested_has_no_ask_and_a_fallback_takes_a_place():
    trainings = given("enqueued", "initial", "fallback", "explore", "repeat")
    assert found(trainings, ask(0, 0, 1), ask(1, 1, 1), ask(2, 2, 1)) == {2: (0, 0), 4: (2, 0)}


def test_an_ask_that_is_open_is_nobodys():
    assert found(given("random"), ask(0, 0, 1), ask(1, 1, 5)) == {1: (0, 0)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"configuration": {"x": 2}}, "training 1: x was 1 and is 2 now"),
        ({"definition_name": "large"}, "training 1: definition was '' and is 'large' now"),
        ({"rungs": (1, 9)}, "training 1: rungs was ((1, 3)) and is ((1, 9)) now"),
    ],
)
def test_the_first_difference_is_named(change, said):
    (training,) = given("initial")
    training = replace(training, rungs=(1, 3))
    again = replace(Suggestion({"x": 1}, Provenance("initial"), rungs=(1, 3)), **change)
    assert difference(training, again) == said.replace("((1, 3))", "(1, 3)").replace("((1, 9))", "(1, 9)")


def test_what_the_model_thought_must_be_the_same_to_the_bit():
    (training,) = given("explore")
    thought = replace(training, provenance=Provenance("explore", 0.1))
    assert "provenance" in difference(thought, Suggestion({"x": 1}, Provenance("explore", 0.1 + 1e-17 + 2e-17)))


class Desk:
    def __init__(self, world: World, channel: grpc.aio.Channel) -> None:
        self.world, self.asker = world, Asker(world.changes, channel)
        jobs = TuningJobs(world.store, world.changes, any_program, world.room)
        front = TuningServicer(world.store, world.changes, world.bells, jobs, world.doctor)
        self.front: Any = ExplanationServicer(world.store, front, jobs, self.asker, channel)

    async def answer(self) -> None:
        """Let the suggester answer all that is asked."""
        while self.world.asked:
            number = self.world.asked.pop()
            asked = await records.read_ask(self.world.store, UID, number)
            await self.world.changes.send(UID, await self.asker.answer(await self.world.job(), asked))

    async def replay(self) -> list[tuple[int, list[int], str]]:
        answers = self.front.ReplayTuningJob(pb.ReplayTuningJobRequest(job="job"), None)
        told = [item.replayed async for item in answers]
        return [(item.ask_number, list(item.trainings), item.difference) for item in told]

    async def explain(self, number: int) -> pb.Explanation:
        request = pb.ExplainTrainingJobRequest(training=training_name("job", UID, number))
        return (await self.front.ExplainTrainingJob(request, None)).explanation


@pytest.fixture
async def desk(tmp_path: Path):
    _caller.set(anybody("owner"))
    world, replica = World(tmp_path), Replica()
    async with served(replica) as channel:
        yield Desk(world, channel)
    await replica.close()
    await world.store.close()


async def test_what_is_asked_again_is_the_same(desk):
    await desk.world.create(spec(strategy=Strategy.BAYESIAN))
    await desk.answer()
    await desk.world.run_one()
    await desk.answer()
    told = await desk.replay()
    assert [difference for _, _, difference in told] == [""] * len(told)
    assert [number for _, trainings, _ in told for number in trainings] == [1, 2, 3]
    first, third = await desk.explain(1), await desk.explain(3)
    assert (first.text, first.ask_number, first.observations) == ("the default point comes first", 0, 0)
    assert (third.observations, list(third.pending)) == (1, [2])
    assert third.training.number == 3


async def test_what_is_other_is_told_with_its_first_difference(desk):
    await desk.world.create(spec())
    await desk.world.answer_all()  # with configurations that the suggester would not give
    ((number, trainings, said),) = await desk.replay()
    assert (number, trainings[:2]) == (0, [1, 2])
    assert said.startswith("training 1: lr was 0.01 and is ")


async def test_only_its_owner_asks_about_a_job(desk):
    await desk.world.create(spec())
    await desk.answer()
    _caller.set(anybody("somebody else"))
    with pytest.raises(NotFound):
        await desk.explain(1)
    with pytest.raises(NotFound):
        await desk.replay()
