"""Creates: 50 boto3 clients that make a tuning job every two seconds each, on a server whose one slot is taken.

So every job is checked, stored, asked a suggester for and told of, and its trainings wait: what is measured is the
door and the scheduler, not how fast a machine starts processes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bench.gateway.bare import bare
from bench.gateway.describing import CLIENTS, p95_ms
from bench.gateway.polled import NAME, Polling, polled
from bench.gateway.standing import body, seed, standing
from bench.rows import Row

EVERY_S: Final = 2.0
LASTING_S: Final = 16.0
METHOD: Final = "create_hyper_parameter_tuning_job"
ANSWER: Final = b'{"HyperParameterTuningJobArn": "arn:aws:sagemaker:local:000000000000:hyper-parameter-tuning-job/a"}'
P95_MS: Final = 50.0


def rows(folder: Path) -> list[Row]:
    bodies = [body(folder, f"made-{client}") for client in range(CLIENTS)]
    with standing(folder, slots=1) as door:
        seed(door, folder, 1)
        ours = polled(Polling(door, METHOD, bodies, EVERY_S, LASTING_S, numbered=True))
        client = door.client()
        listed = client.get_paginator("list_hyper_parameter_tuning_jobs").paginate(NameContains="made-")
        made = sum(1 for page in listed for job in page["HyperParameterTuningJobSummaries"] if job[NAME])
    if made != len(ours) + CLIENTS:  # each client's first is not among the latencies
        raise RuntimeError(f"{made} jobs are there, {len(ours) + CLIENTS} were answered")
    with bare(folder, ANSWER, door) as floor:
        floor_ms = p95_ms(polled(Polling(floor, METHOD, bodies, EVERY_S, LASTING_S, numbered=True)))
    ours_ms = p95_ms(ours)
    return [
        Row(
            f"Create, {CLIENTS} boto3 clients, each every {EVERY_S:g} s, p95",
            ours_ms,
            "ms",
            f"floor: bare uvicorn {floor_ms:.1f} ms; {made} jobs created, all wait",
            ours_ms / floor_ms,
            f"≤ {P95_MS:g} ms",
            ours_ms <= P95_MS,
        )
    ]
