"""What metrics says reaches the trainings, also through a store that fails now and then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.scheduler.world import UID, World, spec
from tunewright.core.errors import Unavailable
from tunewright.events.v1 import results_pb2
from tunewright.platform.bus.consumer import Received
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Delivered
from tunewright_scheduler import records
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.resources import training_message
from tunewright_scheduler.results import Results


@pytest.fixture
async def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    await world.store.close()


async def test_a_batch_that_was_interrupted_goes_on_where_it_was(world: World) -> None:
    await world.create(spec())
    await world.answer_all()
    claimed = await world.claim("t", await world.open("t"), "r", slots=2)
    batch = [_summarized(training.number) for training in claimed]
    results = Results(world.changes)
    world.store.commits_to_failure, world.store.fails_before = 1, True
    with pytest.raises(Unavailable):
        await results.take_all(batch)
    assert [received.message.number for received in batch] == [claimed[1].number]
    await results.take_all(batch)
    assert [training.summary.objective for training in await world.trainings()] == [0.5, 0.5]


async def _running(world: World) -> Training:
    await world.create(spec())
    await world.answer_all()
    return (await world.claim("t", await world.open("t"), "r"))[0]


async def test_the_error_of_a_mean_and_what_was_no_number_reach_suggester_and_users(world: World) -> None:
    claimed = await _running(world)
    fault = results_pb2.ReadingFault(kind="nan", metric="accuracy", count=3, example="NaN")
    told = results_pb2.TrainingSummarized(
        uid=UID, number=claimed.number, attempt=1, objective_value=0.5, objective_error=0.125, faults=[fault]
    )
    await Results(world.changes).take(told)
    await world.exit(claimed)
    training = await world.training(claimed.number)
    assert training.state.final
    assert records.observation_document(0, training)["error"] == 0.125  # which the asker sends
    shown = training_message(training)
    assert shown.objective_error == 0.125
    assert [(item.kind, item.metric, item.count) for item in shown.faults] == [("nan", "accuracy", 3)]


async def test_a_warning_is_taken_back_for_the_metric_that_came_and_stays_for_the_other(world: World) -> None:
    claimed = await _running(world)
    results = Results(world.changes)
    about = {"uid": UID, "number": claimed.number, "attempt": 1}
    for metric in ("accuracy", "f1", "accuracy"):
        await results.take(results_pb2.MetricNeverMatched(**about, metric=metric, regex="x=(.)", lines_read=200))
    assert [item.metric for item in (await world.training(claimed.number)).silent] == ["accuracy", "f1"]
    await results.take(results_pb2.MetricMatched(**about, metric="f1"))
    left = await world.training(claimed.number)
    assert [item.metric for item in left.silent] == ["accuracy"]
    assert "'accuracy' has matched none of 200 lines" in left.reason
    for _ in range(2):
        await results.take(results_pb2.MetricMatched(**about, metric="accuracy"))
    left = await world.training(claimed.number)
    assert (left.silent, left.reason) == ((), "")


def _summarized(number: int) -> Received:
    message = results_pb2.TrainingSummarized(uid=UID, number=number, attempt=1, objective_value=0.5)
    return Received(message, Delivered(to_record("training.results", UID, message, source="test"), 0, number))
