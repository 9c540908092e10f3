"""The messages and documents that a version is held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tunewright.platform.bus.messages import KNOWN
from tunewright.v1 import spec_pb2, tuning_service_pb2, worker_service_pb2
from tunewright_metrics.collecting.retention import Contents
from tunewright_metrics.core.stream import Stream
from tunewright_scheduler.core.controls import Order, Quota
from tunewright_scheduler.core.job import Ask, TuningJob
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.training import Training

DOCUMENTS: Final[Mapping[str, type]] = {
    "tuning_jobs": TuningJob,
    "training_jobs": Training,
    "asks": Ask,
    "sessions": Session,
    "streams": Stream,
    "contents": Contents,
    "controls/order": Order,
    "controls/quota": Quota,
}
"""By collection: what is read of it as a whole. The others are read field by field; a store of the version has them."""


def message_types() -> dict[str, type[Message]]:
    """Return what goes over the wire or stands in the store, by full name."""
    modules: list[Any] = [*KNOWN, spec_pb2, tuning_service_pb2, worker_service_pb2]
    return {
        descriptor.full_name: GetMessageClass(descriptor)
        for module in modules
        for descriptor in module.DESCRIPTOR.message_types_by_name.values()
    }
