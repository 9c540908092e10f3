"""Wiring of metrics: a collector on the bus, a servicer on the store."""

from __future__ import annotations

from typing import Final

from tunewright.platform.bus.consumer import consume
from tunewright.platform.bus.port import Bus
from tunewright.platform.credentials import Credentials
from tunewright.platform.store.port import Store
from tunewright_metrics.archive import Archive
from tunewright_metrics.collector import Collector
from tunewright_metrics.news import News
from tunewright_metrics.reports import Reports
from tunewright_metrics.servicer import MetricsServicer

GROUP: Final = "metrics"
REPORTS_GROUP: Final = "metrics-reports"
"""Members of one group that read different topics would disturb each other whenever one comes or goes."""
TOPICS: Final = ("training.output", "tuning.events")
REPORTS: Final = "training.reports"


class Metrics:
    def __init__(self, store: Store, bus: Bus) -> None:
        news = News()
        self._bus = bus
        self._collector = Collector(store, bus, news.tell)
        archive = Archive(store, news)
        self._reports = Reports(store, bus, archive)
        self.servicer = MetricsServicer(archive, bus)

    async def run(self) -> None:
        """Collect until cancelled."""
        await consume(self._bus, GROUP, TOPICS, self._collector.handle)

    async def take_reports(self, credentials: Credentials) -> None:
        """Take what other systems report under these credentials, until cancelled."""
        await consume(self._bus, REPORTS_GROUP, [REPORTS], self._reports.take_all, credentials)
