"""What aiokafka makes of fetched bytes, but for the one thing that it stumbles over for good.

A header's name is UTF-8 by Kafka's protocol, which brokers do not check. aiokafka raises where it is not, each time
that it reads there: whoever may write one such record stops all who read the partition. Here a record without headers,
key and value stands for it and for what its producer has sent behind it in the same batch, where aiokafka cannot find
the next one; reading goes on behind that batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aiokafka import ConsumerRecord
from aiokafka.consumer import fetcher

LONGEST_NAME: Final = 100
"""Bytes of a name that are told."""


@dataclass
class Undecoded(ConsumerRecord):  # type: ignore[misc]
    """Stands for all from a first offset to its own."""

    why: str = ""


class _Batches:
    """The batches of one answer to a fetch, and which was begun last."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self.begun: Any = None

    def has_next(self) -> bool:
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        self.begun = self._records.next_batch()
        return self.begun


class Records(fetcher.PartitionRecords):  # type: ignore[misc]
    next_fetch_offset: int

    def __init__(self, tp: Any, records: Any, *more: Any) -> None:
        self._batches = _Batches(records)
        super().__init__(tp, self._batches, *more)

    def __next__(self) -> Any:
        try:
            return super().__next__()
        except UnicodeDecodeError as error:
            first, behind = self.next_fetch_offset, self._batches.begun.next_offset
            self.next_fetch_offset = behind
            self._records_iterator = self._unpack_records()
            name = error.object[:LONGEST_NAME]
            why = f"the name of a header, {name!r}, is not UTF-8: unread are offsets {first} to {behind - 1}"
            return Undecoded(self._tp.topic, self._tp.partition, behind - 1, 0, 0, None, None, None, -1, -1, (), why)


def install() -> None:
    """Let aiokafka's consumers use these: it offers no other place for it."""
    fetcher.PartitionRecords = Records
