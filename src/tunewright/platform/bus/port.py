"""The bus port: topics of bytes, in order per key, delivered at least once.

The promise, which tests/contract/bus_contract.py holds every adapter to:

- A topic has a fixed number of partitions; a key always goes to the same one; within a partition records keep the order
  in which `publish` returned, and the order of the sequence within one call.
- Once `publish` returns, the records outlive this process wherever the adapter is durable (Kafka). The in-process bus
  lives and dies with its process: after a restart it is empty. Nothing may depend on more than that; the store's outbox
  and the trainers' spools bring back what is lost.
- A group's subscriptions share the partitions of its topics: each partition belongs to at most one of them at a time.
  When one closes or dies, the others take over its partitions from the committed offset. A group that never committed
  starts at the oldest record retained.
- `batch` returns records of the partitions assigned now. `commit` says that every record of a batch, and all before
  them in their partitions, are done; what was not committed is delivered again after a restart or a hand-over, in
  order. An adapter may send commits a little later: a crash may bring back the last second's batches.
- Two groups see all records each. Values are bytes on every adapter, also in process.
- Whoever listens hears what is published from then on, beside every other listener, and may miss some of it: for hints
  that are safe to lose. Nothing is committed and nothing is kept for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

LARGEST_RECORD_BYTES: Final = 8 * 1024 * 1024
LARGEST_LETTER_BYTES: Final = LARGEST_RECORD_BYTES + 1024 * 1024
"""A dead letter is the original and more headers."""


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    key: str
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivered:
    record: Record
    partition: int
    offset: int
    unreadable: str = ""
    """Why its bytes could not be taken apart: it then stands for them, empty."""


class Subscription(Protocol):
    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        """Return up to `limit` records as soon as there is one, in order per partition; [] after `wait_s`."""
        ...

    async def commit(self, batch: Sequence[Delivered]) -> None:
        """Move the group's offsets past the batch.

        Offsets of partitions that have been lost meanwhile are left alone.
        """
        ...


class Listening(Protocol):
    async def batch(self, *, limit: int = 500, wait_s: float = 1.0) -> list[Delivered]:
        """Return what has come since the last call, as soon as there is something; [] after `wait_s`."""
        ...


class Bus(Protocol):
    async def publish(self, records: Sequence[Record]) -> None:
        """Return once all are accepted. Raises Unavailable: some may have been accepted; publish all again."""
        ...

    def subscribe(self, group: str, topics: Sequence[str]) -> AbstractAsyncContextManager[Subscription]: ...

    def listen(self, topics: Sequence[str]) -> AbstractAsyncContextManager[Listening]: ...

    async def close(self) -> None: ...
