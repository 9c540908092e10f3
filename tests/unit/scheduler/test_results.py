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


def _summarized(number: int) -> Received:
    message = results_pb2.TrainingSummarized(uid=UID, number=number, attempt=1, objective_value=0.5)
    return Received(message, Delivered(to_record("training.results", UID, message, source="test"), 0, number))
