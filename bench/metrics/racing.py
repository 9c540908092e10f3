"""Points per second from Kafka into MongoDB: a collector, and the floor, from the same topics to the same server.

The floor reads the same records of the same partitions through aiokafka, in batches of the same size, and inserts,
through motor and acknowledged in the same way, the points in them, parsed beforehand, and the lines. It decodes
nothing, keeps no stream's record, and tells nobody. Nor does it care for what comes twice, or is read back: another
floor of the same documents inserts them in transactions, and keeps the index that a training is found by.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import InsertOne, WriteConcern

from bench.metrics.printed import Printed
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.consumer import Received, consume
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.mongodb import MongoStore
from tunewright.platform.store.port import Put
from tunewright_metrics.collecting.buckets import Point, lines_of, points_in
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.collecting.fold import Fold, Kept, key_of
from tunewright_metrics.collecting.records import StreamKey
from tunewright_metrics.core.stream import Stream
from tunewright_metrics.main import GROUP, TOPICS

BATCH: Final = 500
"""Records that consume() asks for at most."""
TOPIC: Final = "training.output"
PUBLISHED_TOGETHER: Final = 200
TRANSACTED_TOGETHER: Final = 100
"""Documents of a transaction: about as many as the collector writes in one."""
BUCKETS: Final = ("output", "measurements")
BY_TRAINING: Final = [("uid", 1), ("number", 1), ("order", 1), ("_id", 1)]
MAJORITY: Final = WriteConcern("majority", j=True)


Documents = dict[str, dict[bytes, list[dict[str, Any]]]]
"""What a bare consumer inserts for a record, by collection."""


class Race:
    """One workload in one set of topics, for each to read from its start."""

    def __init__(self, kafka: str, mongodb: str, name: str, printed: Printed) -> None:
        self._kafka, self._mongodb, self._prefix, self._printed = kafka, mongodb, f"{name}-", printed
        self._records = list(printed.records())

    async def publish(self) -> None:
        bus = KafkaBus(self._kafka, topics().values(), prefix=self._prefix)
        await bus.open()
        for first in range(0, len(self._records), PUBLISHED_TOGETHER):
            await bus.publish(self._records[first : first + PUBLISHED_TOGETHER])
        await bus.close()

    async def collected(self) -> float:
        """Return the points that a collector takes in a second, from its first batch to its last."""
        bus = KafkaBus(self._kafka, topics().values(), prefix=self._prefix)
        store = MongoStore(self._mongodb)
        await store.create_schema()
        collector = Collector(store, bus, lambda _uid, _number: None)
        done = asyncio.Event()
        began: list[float] = []
        ended = 0

        async def handle(batch: list[Received]) -> None:
            nonlocal ended
            began.append(time.perf_counter())
            await collector.handle(batch)
            ended += sum(isinstance(item.message, output_pb2.TrainingEnded) for item in batch)
            if ended == self._printed.all_trainings:
                done.set()

        task = asyncio.create_task(consume(bus, GROUP, TOPICS, handle))
        await done.wait()
        took_s = time.perf_counter() - began[0]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()
        await store.close()
        return self._printed.all_points / took_s

    async def floor(self, like: str, documents: Documents, *, transacted: bool = False) -> float:
        """Return the points that the bare consumer inserts in a second, as these documents."""
        client: Any = AsyncIOMotorClient(self._mongodb)
        database = client.get_default_database()
        targets = {name: database.get_collection(f"{like}_{name}", write_concern=MAJORITY) for name in BUCKETS}
        for target in targets.values() if transacted else ():
            await target.create_index(BY_TRAINING)
        insert = _transactions if transacted else _insertions
        consumer = AIOKafkaConsumer(bootstrap_servers=self._kafka, enable_auto_commit=False)
        await consumer.start()
        places = [TopicPartition(self._prefix + TOPIC, number) for number in range(topics()[TOPIC].partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        count, began = 0, 0.0
        while count < len(self._records):
            fetched = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
            began = began or time.perf_counter()
            batch = [message for messages in fetched.values() for message in messages]
            count += len(batch)
            found = {
                name: [document for message in batch for document in documents[name].get(message.value, ())]
                for name in BUCKETS
            }
            await insert(client, {targets[name]: wanted for name, wanted in found.items() if wanted})
        took_s = time.perf_counter() - began
        await consumer.stop()
        client.close()
        return self._printed.all_points / took_s

    def as_points(self) -> Documents:
        """Return a document for each point, and one for the lines of each message."""
        return self._documents(lambda points: [point._asdict() for point in points])

    def as_lists(self) -> Documents:
        """Return a document for the points of each message, as plain lists, and one for its lines."""
        return self._documents(lambda points: [{"points": [list(point) for point in points]}])

    def _documents(self, plain: Callable[[list[Point]], list[dict[str, Any]]]) -> Documents:
        found: Documents = {"output": {}, "measurements": {}}
        for value, writes in self._folded():
            for write in writes:
                document = write.document
                whose = {"uid": document["uid"], "number": document["number"], "order": document["order"]}
                if write.collection == "output":
                    found["output"][value] = [whose | {"lines": lines_of(document)}]
                else:
                    found["measurements"][value] = [whose | made for made in plain(list(points_in(document)))]
        return found

    def _folded(self) -> Iterator[tuple[bytes, list[Put]]]:
        """Yield each record and the buckets that it makes."""
        streams: dict[StreamKey, Stream] = {}
        for record in self._records:
            message: Any = read(record)
            key = key_of(message)
            fold = Fold({key: Kept(streams.get(key, Stream(*key)))})
            fold.take(message)
            writes, after = fold.close(0.0)
            yield record.value, [write for write in writes if isinstance(write, Put) and write.collection in BUCKETS]
            streams[key] = after[key].stream


async def _insertions(_client: Any, wanted: Mapping[Any, list[dict[str, Any]]]) -> None:
    for target, documents in wanted.items():
        await target.insert_many(documents, ordered=False)


async def _transactions(client: Any, wanted: Mapping[Any, list[dict[str, Any]]]) -> None:
    """Insert as our store does: in bulk writes, each of which is a transaction."""
    models = [InsertOne(document, target.full_name) for target, documents in wanted.items() for document in documents]
    for start in range(0, len(models), TRANSACTED_TOGETHER):
        async with await client.start_session(causal_consistency=False) as session:
            session.start_transaction(write_concern=MAJORITY)
            await client.bulk_write(models[start : start + TRANSACTED_TOGETHER], session=session)
            await session.commit_transaction()
