"""Describes: 50 boto3 clients that poll, a steady thousand a second on one core, and the most that one core answers."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any, Final

from bench.gateway.bare import bare
from bench.gateway.polled import NAME, Polling, polled
from bench.gateway.standing import PARALLEL, Door, seed, standing
from bench.gateway.steady import Stream, Streamed, streamed
from bench.rows import Row

CLIENTS: Final = 50
JOBS: Final = 10
"""Each polled by five clients; two trainings of each run, ten times what most machines have cores for."""
POLL_EVERY_S: Final = 1.0
"""SageMaker's SDK asks every few seconds. With 50 clients on one core, boto3's own work takes a quarter of it."""
POLL_FOR_S: Final = 15.0
RATE: Final = 1000.0
RATE_FOR_S: Final = 10.0
MOST_FOR_S: Final = 5.0
OPERATION: Final = "DescribeHyperParameterTuningJob"
METHOD: Final = "describe_hyper_parameter_tuning_job"
P95_MS, P99_MS = 15.0, 100.0


def rows(folder: Path) -> list[Row]:
    with standing(folder, slots=PARALLEL * JOBS) as door:
        names = seed(door, folder, JOBS)
        bodies = [{NAME: names[client % JOBS]} for client in range(CLIENTS)]
        answer = _answer(door, bodies[0])
        with bare(folder, answer, door) as floor:
            return [_polled_row(door, floor, bodies), *_stream_rows(door, floor, bodies)]


def _polled_row(door: Door, floor: Door, bodies: list[dict[str, Any]]) -> Row:
    ours, bare_ms = (p95_ms(polled(Polling(at, METHOD, bodies, POLL_EVERY_S, POLL_FOR_S))) for at in (door, floor))
    name = f"Describe, {CLIENTS} boto3 clients, each every {POLL_EVERY_S:g} s, p95"
    beside = f"floor: bare uvicorn {bare_ms:.1f} ms"
    return Row(name, ours, "ms", beside, ours / bare_ms, f"≤ {P95_MS:g} ms", ours <= P95_MS)


def _stream_rows(door: Door, floor: Door, bodies: list[dict[str, Any]]) -> list[Row]:
    ours, busy_ms = _steadily(door, bodies)
    bare_one, bare_busy_ms = _steadily(floor, bodies)
    p99_ms, bare_ms = _p99_ms(ours), _p99_ms(bare_one)
    beside = f"floor: bare uvicorn {bare_ms:.1f} ms; answered {_rate(ours):.0f}/s: {ours.statuses}"
    most, bare_most = (_rate(streamed(Stream(at, OPERATION, bodies, 0.0, MOST_FOR_S))) for at in (door, floor))
    return [
        Row(
            f"Describe, {RATE:,.0f}/s on one core, p99",
            p99_ms,
            "ms",
            beside,
            p99_ms / bare_ms,
            f"≤ {P99_MS:g} ms",
            p99_ms <= P99_MS and set(ours.statuses) == {"200"},
        ),
        Row(
            "Describe, the server's processor time",
            busy_ms,
            "ms",
            f"floor: bare uvicorn {bare_busy_ms:.2f} ms; what else the server does in the meantime counts",
            busy_ms / bare_busy_ms,
            f"≤ {1e3 / RATE:g} ms, for {RATE:,.0f}/s",
            busy_ms <= 1e3 / RATE,
        ),
        Row(
            "Describe, most on one core",
            most,
            "/s",
            f"floor: bare uvicorn {bare_most:.0f}/s, {CLIENTS} connections without a pause",
            most / bare_most,
            f"≥ {RATE:,.0f}/s",
            most >= RATE,
        ),
    ]


def _steadily(at: Door, bodies: list[dict[str, Any]]) -> tuple[Streamed, float]:
    """Return what became of RATE requests a second, and the server's processor time of each in milliseconds."""
    before = at.busy_s()
    done = streamed(Stream(at, OPERATION, bodies, RATE, RATE_FOR_S))
    return done, 1e3 * (at.busy_s() - before) / sum(done.statuses.values())


def _answer(door: Door, body: dict[str, Any]) -> bytes:
    """Return what the door answers, as bytes on the wire."""
    found: list[bytes] = []
    client = door.client()
    client.meta.events.register("before-parse.*", lambda response_dict, **_: found.append(response_dict["body"]))
    getattr(client, METHOD)(**body)
    return found[0]


def _rate(done: Streamed) -> float:
    return len(done.latencies) / done.took_s


def p95_ms(latencies: list[float]) -> float:
    return 1e3 * statistics.quantiles(latencies, n=20)[-1]


def _p99_ms(done: Streamed) -> float:
    return 1e3 * statistics.quantiles(done.latencies, n=100)[-1]
