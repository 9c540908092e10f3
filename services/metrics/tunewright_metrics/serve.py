"""Metrics as a process of its own; any number of collectors share the partitions of the output."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from tunewright.platform.backends import kafka_bus, mongo_store
from tunewright.platform.keeping import KeepingSettings
from tunewright.platform.service import Service, Wired
from tunewright.platform.settings import KafkaSettings, MongoSettings, ServerSettings, setting
from tunewright.v1.metrics_service_pb2_grpc import add_MetricsServiceServicer_to_server
from tunewright_metrics.main import Metrics


@dataclass(frozen=True, kw_only=True)
class MetricsSettings(ServerSettings, KafkaSettings, MongoSettings, KeepingSettings):
    reports: bool = setting(default=False, tells="Take metrics of other systems from the topic training.reports.")


@asynccontextmanager
async def wired(settings: MetricsSettings) -> AsyncIterator[Wired]:
    async with mongo_store(settings) as store, kafka_bus(settings, "metrics") as bus:
        metrics = Metrics(store, bus, bus.ping, settings)
        yield Wired(
            parts=[metrics.run(), *([metrics.take_reports(settings.known().key_pair)] if settings.reports else [])],
            grpc={"tunewright.v1.MetricsService": partial(add_MetricsServiceServicer_to_server, metrics.servicer)},
            checks={"store": store.ping, "bus": bus.ping},
        )


SERVICE: Final = Service("metrics", MetricsSettings, wired)
