"""Points per second of `tunewright local`: real processes print, their spools are tailed, all is stored in SQLite."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from bench.roundtrip import Served
from tunewright.client import Client, find
from tunewright.core.space import Float
from tunewright.core.spec import Definition, Limits, MetricDefinition, Objective, Parameter, Strategy, TuningJobSpec

PROGRAM: Final = """#!/usr/bin/env python3
import os, time
with open(os.environ["STAMPS"], "a") as stamps:
    stamps.write(f"{time.time()}\\n")
print("\\n".join(f"epoch {at} loss={1 / at:.6f}" for at in range(1, int(os.environ["POINTS"]) + 1)))
"""


def points_per_s(folder: Path, trainings: int, points: int) -> float:
    """Run trainings at once; return points a second from the first line printed to the job's end, all stored."""
    folder.mkdir()
    program, stamps = folder / "train", folder / "stamps"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    name = f"prints-{trainings}"
    definition = Definition(
        image=f"file://{program.parent}",
        parameters=(Parameter("x", Float(0, 1)),),
        metric_definitions=(MetricDefinition("loss", "loss=([0-9.]+)"),),
        environment={"STAMPS": str(stamps), "POINTS": str(points)},
    )
    spec = TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("loss"),
        limits=Limits(max_parallel=trainings, max_trainings=trainings),
        strategy=Strategy.RANDOM,
    )
    with Served(folder, slots=trainings) as server, Client(find(server.data_dir)) as client:
        client.create(spec)
        client.wait(name)
        took_s = time.time() - min(map(float, stamps.read_text().split()))
        (first, *_) = client.trainings(name)
    if first.steps != points:
        raise RuntimeError(f"{first.steps} of {points} points have been read")
    return trainings * points / took_s
