"""Between messages and core values: what a grant means, and the records that say what an attempt printed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from google.protobuf.message import Message

from tunewright.core.instances import Need
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Record
from tunewright.platform.codec import from_message, instant_to_timestamp
from tunewright.v1 import worker_service_pb2
from tunewright_trainer.core.attempt import Attempt, End, Launch
from tunewright_trainer.core.capacity import Free, Inventory
from tunewright_trainer.core.lines import Lines

OUTPUT: Final = "training.output"
SOURCE: Final = "trainer"
BATCH_LINES: Final = 500


def attempt_of(message: worker_service_pb2.Attempt) -> Attempt:
    """Raises InvalidSpec."""
    return from_message(message, Attempt)


def attempt_message(attempt: Attempt) -> worker_service_pb2.Attempt:
    return worker_service_pb2.Attempt(training_id=attempt.training_id, attempt=attempt.attempt)


def launch_of(grant: worker_service_pb2.Grant) -> Launch:
    """Raises InvalidSpec."""
    return from_message(grant, Launch)


def need_of(grant: worker_service_pb2.Grant) -> tuple[Need, int]:
    """Return what an instance needs, and of how many instances."""
    return from_message(grant.need, Need), max(grant.definition.resources.instance_count, 1)


def inventory_message(has: Inventory, *, only_gpus: bool = False) -> worker_service_pb2.Capacity:
    """Return what a host has; with `only_gpus` nothing else of it is counted."""
    if only_gpus:
        return worker_service_pb2.Capacity(gpus=len(has.gpus), only_gpus=len(has.gpus))
    return worker_service_pb2.Capacity(cpus=has.cpus, memory_bytes=has.memory_bytes, gpus=len(has.gpus))


def free_message(free: Free) -> worker_service_pb2.Capacity:
    return worker_service_pb2.Capacity(
        cpus=free.cpus,
        memory_bytes=free.memory_bytes,
        gpus=free.gpus,
        gpus_shared=free.gpus_shared,
        only_gpus=free.only_gpus,
    )


def end_cause(end: End) -> str:
    """Return the name of the message's enum value."""
    return f"END_CAUSE_{end.cause.name}"


class OutputRecords:
    """Makes the records of one attempt on training.output, keyed by the tuning job's uid."""

    def __init__(self, grant: worker_service_pb2.Grant) -> None:
        self._grant = grant
        self._attempt = attempt_of(grant.attempt)
        self.instances = max(grant.definition.resources.instance_count, 1)
        """Those that print. The lines of the metrics file are those of the one after the last."""

    def started(self, at: float) -> Record:
        grant = self._grant
        return self._record(
            output_pb2.TrainingStarted(
                uid=self._attempt.uid,
                number=self._attempt.number,
                attempt=self._attempt.attempt,
                training_name=grant.training_name,
                owner=grant.owner,
                metric_definitions=grant.definition.metric_definitions,
                objective=grant.objective if grant.HasField("objective") else None,
                early_stopping=grant.early_stopping,
                rungs=grant.rungs,
                instance_count=self.instances,
                at=instant_to_timestamp(at),
                bracket=grant.bracket,
                definition_name=grant.definition.name,
                metrics_file=True,
            )
        )

    def lines(self, instance: int, first_line: int, lines: Lines) -> Iterator[Record]:
        """Yield the records of consecutive lines of an instance, the first of which has the index `first_line`."""
        at = instant_to_timestamp(time.time())
        for start in range(0, len(lines.texts), BATCH_LINES):
            stop = start + BATCH_LINES
            yield self._record(
                output_pb2.OutputLines(
                    uid=self._attempt.uid,
                    number=self._attempt.number,
                    attempt=self._attempt.attempt,
                    instance=instance,
                    first_line=first_line + start,
                    lines=lines.texts[start:stop],
                    cut=[index - start for index in lines.cut if start <= index < stop],
                    at=at,
                )
            )

    def ended(self, end: End, line_counts: Sequence[int], metrics_file_fault: str) -> Record:
        """Return the record of the end: how many lines each instance has printed, and how many the file holds."""
        return self._record(
            output_pb2.TrainingEnded(
                uid=self._attempt.uid,
                number=self._attempt.number,
                attempt=self._attempt.attempt,
                line_counts=line_counts,
                cause=end_cause(end),
                exit_code=end.exit_code,
                at=instant_to_timestamp(end.ended_at),
                metrics_file_fault=metrics_file_fault,
            )
        )

    def _record(self, message: Message) -> Record:
        return to_record(OUTPUT, self._attempt.uid, message, source=SOURCE)
