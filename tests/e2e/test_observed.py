"""What an operator's own tools see of a job: a collector of traces, and Prometheus."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served, job
from tests.servers.otlp import Collector, collecting
from tests.servers.prometheus import scraping
from tunewright.core.spec import Limits, Strategy
from tunewright.platform.credentials import load

WITHIN_S = 120
ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "observability" / "grafana" / "dashboards" / "tunewright.json"
CREATE = "tunewright.v1.TuningService/CreateTuningJob"
STATIONS = {
    CREATE,
    "ask",
    "tunewright.v1.SuggestionService/Suggest",
    "grant",
    "attempt",
    "tunewright.v1.WorkerService/Exited",
    "handle TrainingStarted",
    "handle TrainingEnded",
    "handle TrainingSummarized",
}

pytestmark = pytest.mark.timeout(300)


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield collector


@pytest.fixture
def served(tmp_path: Path, collector: Collector) -> Iterator[Served]:
    assert collector.endpoint  # the server inherits where it is
    served = Served(tmp_path)
    served.start()
    yield served
    served.end()


def test_a_job_is_one_trace_into_its_programs_and_prometheus_answers_the_dashboard(
    tmp_path: Path, served: Served, collector: Collector
) -> None:
    seen = tmp_path / "seen"
    image = served.program(f'echo "$TRACEPARENT" >> {seen}; echo score=0.5')
    limits = Limits(max_parallel=1, max_trainings=2)
    with (
        served.client() as client,
        scraping(tmp_path, load(served.data_dir / "credentials").tunewright_http) as prometheus,
    ):
        client.create(job(image, strategy=Strategy.BAYESIAN, limits=limits))
        client.wait("job")
        until(prometheus.answers, "Prometheus is up")
        until(lambda: bool(prometheus.ask("tunewright_jobs_ended_total > 0")), "the end of the job is scraped")
        panels = json.loads(DASHBOARD.read_text())["panels"]
        queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
        for query in queries:
            prometheus.ask(query)
        until(
            lambda: (
                {one["metric"]["state"]: one["value"][1] for one in prometheus.ask("tunewright_pool_trainings")}
                == {"queued": "0", "withheld": "0", "running": "0"}
            ),
            "nothing waits or runs any more",
        )
        (ended,) = prometheus.ask('tunewright_trainings_ended_total{state="COMPLETED"}')
        assert ended["value"][1] == "2"
    until(lambda: {span.name for span in collector.trace_of(CREATE)} >= STATIONS, "all have told of the job")
    trace = collector.trace_of(CREATE)
    ids = {span.span_id for span in trace}
    assert [span for span in trace if span.name != CREATE and span.parent_id not in ids] == []
    assert {span.service for span in trace} == {"tunewright-local"}
    attempts = {(span.trace_id, span.span_id) for span in trace if span.name == "attempt"}
    assert len(attempts) == 2
    assert {tuple(line.split("-")[1:3]) for line in seen.read_text().split()} == attempts
