"""Collectors that share the partitions of a real broker: one is killed among many trainings, and a third one joins.

Everything stored is compared with everything printed, line by line and point by point.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.message import Message

from tests.servers.kafka import KafkaServer
from tests.servers.mongodb import MongoServer
from tests.wire.fleet import Fleet
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.mongodb import MongoStore
from tunewright.platform.store.port import Query
from tunewright.v1 import spec_pb2
from tunewright_metrics.collecting import records
from tunewright_metrics.collecting.buckets import lines_in, points_in

PREFIX = "collectors-"
JOBS = [f"job-{number}" for number in range(12)]
NUMBERS = range(1, 5)
ROUNDS, LINES = 30, 4
"""Each training prints so often so many lines."""
TAKEN_OVER_WITHIN_S = 20.0
"""The group waits for one that died as long as its session lasts, 6 s."""


@pytest.fixture
def collectors(kafka: KafkaServer, mongodb: MongoServer, tmp_path: Path) -> Iterator[Fleet]:
    """Metrics alone; the test says what trainers would."""
    fleet = Fleet(tmp_path, kafka.bootstrap, mongodb.database("collectors"), prefix=PREFIX)
    try:
        for _ in range(2):
            fleet.add("metrics")
        yield fleet
    finally:
        fleet.close()


def started(uid: str, number: int) -> Message:
    metric = spec_pb2.MetricDefinition(name="loss", regex=r"loss=(\S+)")
    objective = spec_pb2.Objective(metric_name="loss", direction=spec_pb2.DIRECTION_MINIMIZE)
    return output_pb2.TrainingStarted(
        uid=uid, number=number, attempt=1, metric_definitions=[metric], objective=objective, instance_count=1
    )


def texts(number: int, turn: int) -> list[str]:
    return [f"turn {turn}.{line} loss={number + turn / 8}" for line in range(LINES)]


class Trainers:
    """Say on Kafka what all trainings print, turn by turn."""

    def __init__(self, bus: KafkaBus, store: MongoStore) -> None:
        self._bus, self._store = bus, store
        self.turns = 0

    async def say(self, *messages: Message) -> None:
        await self._bus.publish([to_record("training.output", m.uid, m, source="test") for m in messages])  # type: ignore[attr-defined]

    async def print(self, turns: int) -> None:
        for turn in range(self.turns, self.turns + turns):
            await self.say(
                *(
                    output_pb2.OutputLines(
                        uid=uid, number=number, attempt=1, first_line=turn * LINES, lines=texts(number, turn)
                    )
                    for number in NUMBERS
                    for uid in JOBS
                )
            )
        self.turns += turns

    async def read(self) -> float:
        """Return once all that was printed is stored, and how long that took, in seconds."""
        clock = asyncio.get_running_loop().time
        began = clock()
        keys = [records.stream_name((uid, number, 1)) for uid in JOBS for number in NUMBERS]
        while clock() < began + TAKEN_OVER_WITHIN_S:
            found = await self._store.get_many("streams", keys)
            if len(found) == len(keys) and all(
                stored.document["next_lines"] == [self.turns * LINES] for stored in found.values()
            ):
                return clock() - began
            await asyncio.sleep(0.1)
        raise AssertionError(f"not all is stored within {TAKEN_OVER_WITHIN_S:g} s")


async def test_one_is_killed_and_another_joins_and_nothing_is_lost_or_doubled(
    collectors: Fleet, kafka: KafkaServer, mongodb: MongoServer
) -> None:
    bus = KafkaBus(kafka.bootstrap, topics().values(), prefix=PREFIX)
    await bus.open()
    store = MongoStore(mongodb.database("collectors"))
    trainers = Trainers(bus, store)
    try:
        await trainers.say(*(started(uid, number) for uid in JOBS for number in NUMBERS))
        await trainers.print(ROUNDS // 3)
        await trainers.read()
        printing = asyncio.create_task(trainers.print(ROUNDS // 3))
        collectors.of("metrics")[0].kill()  # in the middle of what is printed
        await printing
        await trainers.read()
        joining = asyncio.create_task(asyncio.to_thread(collectors.add, "metrics"))
        await trainers.print(ROUNDS // 3)
        await joining
        await trainers.read()
        counts = [ROUNDS * LINES]
        await trainers.say(
            *(
                output_pb2.TrainingEnded(uid=uid, number=number, attempt=1, line_counts=counts)
                for uid in JOBS
                for number in NUMBERS
            )
        )
        await trainers.read()
        for uid in JOBS:
            for number in NUMBERS:
                await judge(store, uid, number)
    except AssertionError as failure:
        failure.add_note(collectors.logs())
        raise
    finally:
        await bus.close()
        await store.close()


async def judge(store: MongoStore, uid: str, number: int) -> None:
    """Hold what is stored to what was printed."""
    printed = [text for turn in range(ROUNDS) for text in texts(number, turn)]
    whose = {"uid": uid, "number": number}
    output = (await store.find(Query("output", "by_training", whose, limit=1000))).items
    lines = [(line.line, line.text) for item in output for line in lines_in(item.document)]
    assert lines == list(enumerate(printed))
    measured = (await store.find(Query("measurements", "by_training", whose, limit=1000))).items
    points = [(point.line, point.step, point.value) for item in measured for point in points_in(item.document)]
    assert points == [(line, line + 1, float(text.partition("loss=")[2])) for line, text in enumerate(printed)]
    assert len(output) + len(measured) <= 2 * 4, "each collector that takes over begins a bucket, not more"
