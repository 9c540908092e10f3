"""Wiring of metrics: a collector on the bus, a servicer on the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tunewright.platform.access import KeyOf
from tunewright.platform.bus.consumer import Received, consume
from tunewright.platform.bus.port import Bus
from tunewright.platform.keeping import KeepingSettings
from tunewright.platform.store.port import Store
from tunewright_metrics.analysing.analyst import Analyst
from tunewright_metrics.analysing.answers import Answers
from tunewright_metrics.collecting.collector import Collector
from tunewright_metrics.collecting.pulse import Pulse, no_check
from tunewright_metrics.collecting.retention import Retention
from tunewright_metrics.jobs import Jobs
from tunewright_metrics.reading_back.archive import Archive
from tunewright_metrics.reading_back.curves import Curves
from tunewright_metrics.reading_back.news import News
from tunewright_metrics.reading_back.searching import Search
from tunewright_metrics.reports import Reports
from tunewright_metrics.servicer import MetricsServicer

GROUP: Final = "metrics"
REPORTS_GROUP: Final = "metrics-reports"
"""Members of one group that read different topics would disturb each other whenever one comes or goes."""
TOPICS: Final = ("training.output", "tuning.events")
REPORTS: Final = "training.reports"
DEFAULTS: Final = KeepingSettings()


class Metrics:
    def __init__(
        self,
        store: Store,
        bus: Bus,
        reach_bus: Callable[[], Awaitable[None]] = no_check,
        keeping: KeepingSettings = DEFAULTS,
    ) -> None:
        """`reach_bus` raises Unavailable if the bus cannot be reached."""
        news = News()
        self._bus = bus
        self._collector = Collector(store, bus, news.tell)
        self._retention = Retention(store, keeping)
        self._pulse = Pulse(store, reach_bus)
        jobs = Jobs(store)
        self._reports = Reports(store, bus, jobs)
        self._analyst = Analyst()
        archive = Archive(store, jobs, news)
        self.servicer = MetricsServicer(
            store,
            bus,
            jobs,
            archive,
            Curves(store, jobs, archive, news),
            Search(store, archive),
            Answers(store, jobs, self._analyst),
        )

    async def run(self) -> None:
        """Collect until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(consume(self._bus, GROUP, TOPICS, self._handle, on_read=self._on_read))
                group.create_task(self._pulse.run())
                group.create_task(self._retention.run())
        finally:
            await self._analyst.close()

    async def _handle(self, batch: list[Received]) -> None:
        await self._collector.handle(batch)
        await self._retention.take(batch)

    def _on_read(self, asked_at: float, count: int) -> None:
        self._pulse.read(asked_at, count)
        if not count:
            self._collector.idle()

    async def take_reports(self, key_of: KeyOf) -> None:
        """Take what other systems report under keys that are known, until cancelled."""
        await consume(self._bus, REPORTS_GROUP, [REPORTS], self._reports.take_all, key_of)
