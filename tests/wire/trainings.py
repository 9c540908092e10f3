"""Trainings that write down when they begin and end, and what that record must say of a finished tuning job."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tunewright.client import Client
from tunewright.core.space import Choice, Float
from tunewright.core.spec import (
    Definition,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Strategy,
    TuningJobSpec,
)
from tunewright.core.states import JobState, TrainingState

PROGRAM: Final = r"""#!/bin/sh
# Prints its hyperparameter x as its score, after $STEPS steps of $STEP_S seconds.
echo "$TRAINING_JOB_NAME b $(date +%s.%N)" >> "$STAMPS"
x=$(sed 's/.*"x": "\([^"]*\)".*/\1/' "$SAGEMAKER_BASE_DIR/input/config/hyperparameters.json")
step=0
while [ "$step" -lt "$STEPS" ]; do
  sleep "$STEP_S"
  step=$((step + 1))
  echo "step $step loss=0.$((9 - step % 9))" || exit 1
done
echo "score=$x" || exit 1
echo "$TRAINING_JOB_NAME e $(date +%s.%N) $x" >> "$STAMPS"
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tuning job of such trainings, and the file that they stamp."""

    spec: TuningJobSpec
    stamps: Path


def job(
    folder: Path,
    name: str,
    *,
    strategy: Strategy = Strategy.RANDOM,
    trainings: int = 12,
    parallel: int = 2,
    steps: int = 3,
    step_s: float = 0.3,
) -> Wanted:
    program, stamps = folder / "program.sh", folder / f"{name}.stamps"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    stamps.touch()
    grid = strategy is Strategy.GRID
    x = Choice(tuple(map(str, range(1, trainings + 1)))) if grid else Float(0.0, 1.0)
    definition = Definition(
        image=f"file://{program}",
        parameters=(Parameter("x", x),),
        metric_definitions=(MetricDefinition("score", "score=([-+0-9.e]+)"),),
        environment={"STAMPS": str(stamps), "STEPS": str(steps), "STEP_S": str(step_s)},
    )
    limits = Limits(max_parallel=parallel, max_trainings=trainings)
    spec = TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("score"),
        limits=limits,
        strategy=strategy,
        random_seed=3,
    )
    return Wanted(spec, stamps)


def ended(wanted: Wanted) -> int:
    """Return how many trainings have run to their end."""
    return sum(" e " in line for line in wanted.stamps.read_text().splitlines())


def judge(client: Client, wanted: Wanted, *, leases_ran_out: bool = False) -> None:
    """Hold a finished job to what the trainings themselves have written down.

    `leases_ran_out`: schedulers were away for about a lease, so what ended meanwhile may have run once more.
    """
    spec = wanted.spec
    told, trainings = client.describe(spec.name), list(client.trainings(spec.name))
    stamps = [line.split() for line in wanted.stamps.read_text().splitlines()]
    scores = {name: float(rest[1]) for name, kind, *rest in stamps if kind == "e"}
    assert told.state is JobState.COMPLETED, told
    assert len(trainings) == spec.limits.max_trainings == told.trainings.completed
    assert all(training.state is TrainingState.COMPLETED for training in trainings)
    assert {training.name: training.objective_value for training in trainings} == scores
    ends = Counter(name for name, kind, *_ in stamps if kind == "e")
    assert leases_ran_out or set(ends.values()) == {1}, "a finished one ran again"
    assert told.best is not None
    assert told.best.objective_value == max(scores.values())
    assert most_at_once(stamps) <= spec.limits.max_parallel
    for training in trainings[:2]:
        lines = [line.text for line in client.output(training.name)]
        assert float(lines[-1].removeprefix("score=")) == training.objective_value
        assert len(lines) == int(spec.definitions[0].environment["STEPS"]) + 1


def most_at_once(stamps: list[list[str]]) -> int:
    """Return how many ran at the same time, at most; a training's later attempt takes the place of the one before."""
    running: defaultdict[str, bool] = defaultdict(bool)
    most = 0
    for name, kind, *_ in sorted(stamps, key=lambda words: float(words[2])):
        running[name] = kind == "b"
        most = max(most, sum(running.values()))
    return most
