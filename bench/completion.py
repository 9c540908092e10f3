"""What completion criteria save: three jobs alike but for the criterion, run by a real server as real trainings.

    python -m bench.completion [--quick]     (make bench-completion)

After the experiment of AMT's announcement of its completion criteria: one regression task on real data, Bayesian search
over two hyperparameters with 200 configurations in all, up to 200 trainings. One job ends when 20 trainings in a row
have not improved on the best, one on convergence, one only when all is tried. The quick form runs up to 60 trainings of
each. Cost is the time that trainings ran, at a price per second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.roundtrip import SLOTS, Served
from bench.rows import Row, report
from tunewright.client import Client, TrainingJob, TuningJob, find
from tunewright.core.jobfile import PYTHON_VARIABLE
from tunewright.core.space import Int
from tunewright.core.spec import (
    Completion,
    Definition,
    Direction,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    TuningJobSpec,
)

SCRIPT: Final = Path(__file__).with_name("completion_training") / "train.py"
PARAMETERS: Final = (Parameter("width", Int(-2, 17)), Parameter("penalty", Int(-8, 1)))
CONFIGURATIONS: Final = 200
QUICK: Final = 60
PRICE: Final = 0.115 / 3600
"""Per second, in dollars: that of a small instance."""
FEW: Final = 0.6
"""Wanted: a criterion ends its job before this share of the trainings without one …"""
NEAR: Final = 0.01
"""… with a best within this share of that job's."""

CRITERIA: Final = {
    "BestObjectiveNotImproving": Completion(max_not_improving=20),
    "CompleteOnConvergence": Completion(on_convergence=True),
    "none": Completion(),
}


@dataclass(frozen=True, slots=True)
class Done:
    """How a job went."""

    criterion: str
    reason: str
    trainings: int
    elapsed_s: float
    trained_s: float
    best: float


def specification(name: str, data: Path, completion: Completion, trainings: int) -> TuningJobSpec:
    definition = Definition(
        image=f"file://{SCRIPT}",
        parameters=PARAMETERS,
        static_hyperparameters={"data": str(data)},
        metric_definitions=(MetricDefinition("rmse", "rmse=([0-9.e+]+)"),),
        environment={PYTHON_VARIABLE: sys.executable, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("rmse", Direction.MINIMIZE),
        limits=Limits(max_parallel=SLOTS, max_trainings=trainings),
        completion=completion,
        random_seed=1,
    )


def run(client: Client, criterion: str, data: Path, trainings: int) -> Done:
    name = f"until-{criterion}"[:32].rstrip("-")
    client.create(specification(name, data, CRITERIA[criterion], trainings))
    return done(criterion, client.wait(name), list(client.trainings(name)))


def done(criterion: str, job: TuningJob, trainings: Sequence[TrainingJob]) -> Done:
    if job.best is None or job.best.objective_value is None or job.ended_at is None:
        sys.exit(f"{criterion}: {job.reason}")
    ran = [(item.started_at, item.ended_at) for item in trainings]
    trained_s = sum(end - start for start, end in ran if start is not None and end is not None)
    value = job.best.objective_value
    return Done(criterion, job.reason, job.trainings.ended, job.ended_at - job.created_at, trained_s, value)


def rows_of(jobs: Sequence[Done]) -> list[Row]:
    whole = jobs[-1]
    rows = []
    for job in jobs:
        share, beside = job.trainings / whole.trainings, job.best / whole.best - 1
        holds = job is whole or (share < FEW and beside <= NEAR)
        target = "" if job is whole else "< 0.6 of none's, best within 1 %"
        text = (
            f"{job.elapsed_s:.0f} s, {1e3 * job.trained_s * PRICE:.2f} thousandths of a dollar, "
            f"best rmse {job.best:.3f} ({100 * beside:+.2f} %)"
        )
        rows.append(Row(f"until {job.criterion}", job.trainings, "runs", text, share, target, holds))
    return rows


def save_data(file: Path) -> None:
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True, scaled=False)
    np.savez(file, X=X, y=y)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.completion")
    parser.add_argument("--quick", action="store_true", help=f"up to {QUICK} trainings a job")
    trainings = QUICK if parser.parse_args().quick else CONFIGURATIONS
    with tempfile.TemporaryDirectory(prefix="tunewright-bench-") as name:
        folder = Path(name)
        save_data(folder / "diabetes.npz")
        with Served(folder, image_root=SCRIPT.parent) as server, Client(find(server.data_dir)) as client:
            jobs = [run(client, criterion, folder / "diabetes.npz", trainings) for criterion in CRITERIA]
    for job in jobs:
        print(f"{job.criterion}: {job.reason}")
    report(rows_of(jobs))


if __name__ == "__main__":
    main()
