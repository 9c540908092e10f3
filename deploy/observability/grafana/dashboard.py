"""Writes dashboards/tunewright.json: python deploy/observability/grafana/dashboard.py.

A row of panels per question. What every scheduler counts of the whole installation is shown by `max`; what each
process counts of itself, by `sum`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parent / "dashboards" / "tunewright.json"
SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
ACROSS: Final = 24
HEIGHT: Final = 8
Query = tuple[str, str]
"""PromQL, and what its lines are called."""
Panel = tuple[str, str, Sequence[Query]]
"""Title, unit as Grafana calls it, and what is drawn."""


USED: Final = '{state="used"}'
WASTED: Final = "sum by (reason) (rate(tunewright_training_wasted_seconds_total[1h]))"
RAN: Final = "sum(rate(tunewright_training_run_seconds_total[1h]))"


def _slots(which: str = "") -> str:
    return f"sum by (pool, kind) (max by (pool, kind, state) (tunewright_pool_slots{which}))"


def _median_and_slow(metric: str, by: str, name: str) -> list[Query]:
    rate = f"sum by (le, {by}) (rate({metric}_bucket[5m]))"
    return [(f"histogram_quantile({share}, {rate})", f"{name} p{round(share * 100)}") for share in (0.5, 0.95)]


ROWS: Final[Sequence[tuple[str, Sequence[Panel]]]] = (
    (
        "What goes on",
        (
            ("Tuning jobs", "short", [("max by (state) (tunewright_jobs)", "{{state}}")]),
            ("Trainings", "short", [("max by (pool, state) (tunewright_pool_trainings)", "{{pool}} {{state}}")]),
            ("Not ready", "short", [("1 - tunewright_check_ok", "{{job}} {{instance}} {{check}}")]),
        ),
    ),
    (
        "Is there room",
        (
            (
                "Slots in use",
                "percentunit",
                [(f"{_slots(USED)} / ({_slots()} > 0)", "{{pool}} {{kind}}")],
            ),
            ("Oldest in the queue", "s", [("max by (pool) (tunewright_pool_oldest_wait_seconds)", "{{pool}}")]),
            ("Wait for a slot", "s", _median_and_slow("tunewright_training_wait_seconds", "pool", "{{pool}}")),
            ("Trainers' sessions", "short", [("max by (state) (tunewright_sessions)", "{{state}}")]),
        ),
    ),
    (
        "What comes of it",
        (
            (
                "Trainings ended",
                "cpm",
                [("60 * sum by (state) (rate(tunewright_trainings_ended_total[5m]))", "{{state}}")],
            ),
            (
                "Lost, fenced, run again",
                "cpm",
                [
                    ("60 * sum(rate(tunewright_attempts_lost_total[5m]))", "lost"),
                    ("60 * sum(rate(tunewright_attempts_fenced_total[5m]))", "fenced"),
                    ("60 * sum(rate(tunewright_attempts_repeated_total[5m]))", "run again"),
                ],
            ),
            (
                "Share of time wasted",
                "percentunit",
                [(f"{WASTED} / on () group_left () ({RAN} > 0)", "{{reason}}")],
            ),
            ("Spend an hour", "short", [("3600 * sum(rate(tunewright_spend_total[1h]))", "cost")]),
        ),
    ),
    (
        "Suggestions",
        (
            (
                "Asks, as the scheduler sees them",
                "s",
                _median_and_slow("tunewright_ask_seconds", "strategy", "{{strategy}}"),
            ),
            (
                "Answers of the suggester",
                "s",
                _median_and_slow("tunewright_suggest_seconds", "strategy, tier", "{{strategy}} {{tier}}"),
            ),
            (
                "Fits",
                "short",
                [("sum(tunewright_fits_running)", "running"), ("sum(tunewright_fits_waiting)", "waiting")],
            ),
            (
                "Asks failed, fallbacks",
                "cpm",
                [
                    ('60 * sum(rate(tunewright_asks_total{outcome!="answered"}[5m]))', "failed asks"),
                    ("60 * sum by (strategy) (rate(tunewright_fallbacks_total[5m]))", "fallbacks of {{strategy}}"),
                ],
            ),
        ),
    ),
    (
        "Output",
        (
            (
                "Lines and values read",
                "cps",
                [
                    ("sum(rate(tunewright_lines_read_total[5m]))", "lines"),
                    ("sum(rate(tunewright_points_read_total[5m]))", "values"),
                ],
            ),
            (
                "How far behind",
                "s",
                [
                    ("max by (instance) (tunewright_reading_lag_seconds)", "reading, {{instance}}"),
                    ("max(tunewright_oldest_awaited_summary_seconds)", "oldest summary awaited"),
                    ("max(tunewright_outbox_age_seconds)", "outbox"),
                ],
            ),
            (
                "What could not be read",
                "cpm",
                [("60 * sum by (cause) (rate(tunewright_reading_faults_total[5m]))", "{{cause}}")],
            ),
            (
                "Trainers' spools",
                "percentunit",
                [("tunewright_trainer_spool_fullest_bytes / tunewright_trainer_spool_quota_bytes", "{{instance}}")],
            ),
        ),
    ),
    (
        "Calls and records",
        (
            (
                "Calls",
                "reqps",
                [("sum by (job, method) (rate(tunewright_grpc_calls_total[5m]))", "{{job}} {{method}}")],
            ),
            (
                "Calls that fail",
                "reqps",
                [
                    (
                        'sum by (method, code) (rate(tunewright_grpc_calls_total{code!~"OK|CANCELLED"}[5m]))',
                        "{{method}} {{code}}",
                    )
                ],
            ),
            ("Time of calls", "s", _median_and_slow("tunewright_grpc_call_seconds", "method", "{{method}}")),
            (
                "Records",
                "cps",
                [
                    ("sum by (group, topic) (rate(tunewright_handled_records_total[5m]))", "{{group}} {{topic}}"),
                    ("sum by (topic) (rate(tunewright_failed_records_total[5m]))", "put off, {{topic}}"),
                    ("sum by (topic) (rate(tunewright_unreadable_records_total[5m]))", "dead letters, {{topic}}"),
                ],
            ),
            ("Time of a batch", "s", _median_and_slow("tunewright_handling_seconds", "topic", "{{topic}}")),
            (
                "SageMaker door",
                "reqps",
                [("sum by (operation, code) (rate(tunewright_http_requests_total[5m]))", "{{operation}} {{code}}")],
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS:
        panels.append(
            _placed("row", title, len(panels), {"h": 1, "w": ACROSS, "x": 0, "y": y})
            | {"collapsed": False, "panels": []}
        )
        y += 1
        width = ACROSS // min(len(row), 4)
        for index, (name, unit, queries) in enumerate(row):
            line, column = divmod(index, ACROSS // width)
            place = {"h": HEIGHT, "w": width, "x": column * width, "y": y + line * HEIGHT}
            panels.append(_placed("timeseries", name, len(panels), place) | _drawn(unit, queries))
        y += HEIGHT * -(-len(row) // (ACROSS // width))
    return {
        "uid": "tunewright",
        "title": "Tunewright",
        "tags": ["tunewright"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "panels": panels,
    }


def _placed(kind: str, title: str, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {"type": kind, "title": title, "id": number + 1, "gridPos": place}


def _drawn(unit: str, queries: Sequence[Query]) -> dict[str, Any]:
    return {
        "datasource": SOURCE,
        "targets": [
            {"refId": chr(ord("A") + index), "expr": expression, "legendFormat": legend, "datasource": SOURCE}
            for index, (expression, legend) in enumerate(queries)
        ],
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
    }


def text() -> str:
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
