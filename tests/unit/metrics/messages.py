"""What a trainer says of one training, as messages and as a batch from the bus."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tunewright.core.spec import EarlyStoppingRule
from tunewright.events.v1 import output_pb2
from tunewright.platform.bus.consumer import Received
from tunewright.platform.bus.messages import to_record
from tunewright.platform.bus.port import Delivered
from tunewright.platform.codec import to_message
from tunewright.v1 import spec_pb2, tuning_service_pb2
from tunewright_metrics.core.judging import OFF

UID = "uid-1"
NOW = 1_700_000_000
ACCURACY = ("accuracy", r"accuracy=(\S+)")
LOSS = ("loss", r"\bloss=(\S+)")


def at(second: float) -> Timestamp:
    return Timestamp(seconds=NOW + int(second), nanos=int(second % 1 * 1e9))


def started(
    metrics: Sequence[tuple[str, str]] = (ACCURACY, LOSS),
    *,
    number: int = 1,
    attempt: int = 1,
    instances: int = 1,
    reading: str = "LAST",
    last_k: int = 1,
    early_stopping: EarlyStoppingRule = OFF,
    rungs: Sequence[int] = (),
    definition: str = "",
) -> output_pb2.TrainingStarted:
    return output_pb2.TrainingStarted(
        uid=UID,
        number=number,
        attempt=attempt,
        metric_definitions=[spec_pb2.MetricDefinition(name=name, regex=regex) for name, regex in metrics],
        objective=spec_pb2.Objective(
            metric_name=metrics[0][0],
            direction=spec_pb2.DIRECTION_MAXIMIZE,
            reading=spec_pb2.ObjectiveReading.Value(f"OBJECTIVE_READING_{reading}"),
            last_k=last_k,
        ),
        instance_count=instances,
        early_stopping=to_message(early_stopping, spec_pb2.EarlyStoppingRule),
        rungs=rungs,
        definition_name=definition,
        at=at(0),
    )


def lines(
    first: int, texts: Sequence[str], *, number: int = 1, attempt: int = 1, instance: int = 0, second: float = 1
) -> output_pb2.OutputLines:
    return output_pb2.OutputLines(
        uid=UID, number=number, attempt=attempt, instance=instance, first_line=first, lines=texts, at=at(second)
    )


def reported(
    report_id: str, *values: tuple[str, float], number: int = 1, attempt: int = 1, second: float = 1
) -> output_pb2.MetricsReported:
    return output_pb2.MetricsReported(
        uid=UID,
        number=number,
        attempt=attempt,
        report_id=report_id,
        values=[output_pb2.ReportedValue(metric=metric, value=value) for metric, value in values],
        at=at(second),
    )


def ended(
    *line_counts: int, number: int = 1, attempt: int = 1, cause: str = "EXITED", code: int = 0
) -> output_pb2.TrainingEnded:
    return output_pb2.TrainingEnded(
        uid=UID,
        number=number,
        attempt=attempt,
        line_counts=line_counts,
        cause=tuning_service_pb2.EndCause.Value(f"END_CAUSE_{cause}"),
        exit_code=code,
        at=at(99),
    )


def batch(*messages: Message, topic: str = "training.output") -> list[Received]:
    return [
        Received(message, Delivered(to_record(topic, UID, message, source="test"), 0, offset))
        for offset, message in enumerate(messages)
    ]
