"""Trainers of containers beside a fleet, and trainings for them that say what befalls them."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

from tests.servers.engine import Engine
from tests.wire.fleet import Fleet, until
from tunewright.client import Client, TrainingJob
from tunewright.core.space import Float
from tunewright.core.spec import (
    Definition,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    StoppingCondition,
    Strategy,
    TuningJobSpec,
)

STEPS: Final = 5
GOES_ON: Final = f"""
import os, pathlib, time
folder = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints")
saved = folder / "step"
begin = int(saved.read_text()) if saved.exists() else 0
print("from", begin, flush=True)
for step in range(begin + 1, begin + {STEPS} + 1):
    (folder / "step.part").write_text(str(step))
    (folder / "step.part").rename(saved)
    print("step", step, flush=True)
if begin == 0:
    time.sleep(600)
print("score=1", flush=True)
"""
"""The first attempt saves some steps and then stands still until it is ended; what goes on from there comes to its end.
"""
WENT_ON: Final = [f"from {STEPS}", *(f"step {STEPS + step}" for step in range(1, STEPS + 1)), "score=1"]


def of_containers(engine: Engine, **more: str) -> dict[str, str]:
    """Return the variables of a trainer that runs images of the tests' engine."""
    return {
        "TUNEWRIGHT_RUNNER": "docker",
        "TUNEWRIGHT_DOCKER_HOST": engine.url,
        "TUNEWRIGHT_IMAGES": "test/*",
        "TUNEWRIGHT_DOCKER_PULL": "never",
        **more,
    }


def one_by_one(image: str, name: str, pool: str, trainings: int = 1, **fields: object) -> TuningJobSpec:
    """Return a job of trainings for a pool; `fields` are its definition's."""
    definition = Definition(
        image,
        parameters=(Parameter("x", Float(0.0, 1.0)),),
        metric_definitions=(MetricDefinition("score", "score=([-+0-9.e]+)"),),
        stopping=StoppingCondition(120),
        pool=pool,
        **fields,  # type: ignore[arg-type] - the test knows them
    )
    return TuningJobSpec(
        name=name,
        definitions=(definition,),
        objective=Objective("score"),
        limits=Limits(max_parallel=1, max_trainings=trainings),
        strategy=Strategy.RANDOM,
        random_seed=3,
    )


def training_of(client: Client, job: str) -> TrainingJob:
    """Return the job's only training, once there is one."""
    until(lambda: list(client.trainings(job)) != [], f"{job} has a training")
    (training,) = client.trainings(job)
    return training


def containers(fleet: Fleet, trainer: str, engine: Engine) -> list[str]:
    """Return the names of the containers that a trainer beside the fleet has on the engine, running or not."""
    trainer_id = (fleet.folder / f"beside-{trainer}" / "trainer-id").read_text()
    filters = quote(json.dumps({"label": [f"tunewright.trainer={trainer_id}"]}))
    return [item["Names"][0] for item in engine.get(f"/containers/json?all=1&filters={filters}")]
