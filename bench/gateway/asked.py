"""Which request comes when: always the same for a seed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.gateway.hostile import hostile
from bench.gateway.made import Maker
from tunewright_gateway.operations.table import OPERATIONS

ARN: Final = "arn:aws:sagemaker:local:000000000000:hyper-parameter-tuning-job/"
KEPT: Final = "kept"
"""A job that only wrong requests are aimed at."""
REALLY: Final = 100
"""One in so many requests creates a tuning job that runs, and one a training that does."""

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what it is meant as: right, wrong, hostile, or real: a job that can run."""

    operation: str
    kind: str
    body: bytes
    name: str = ""


def asked(seed: int, index: int, folder: Path) -> Asked:
    """Return request number `index`: always the same for a seed."""
    dice = random.Random(f"{seed}/{index}")
    maker = Maker(dice.getrandbits(64))
    operation = dice.choice(sorted(OPERATIONS))
    name = f"made-{index}" if operation.startswith("Create") else f"real-{REALLY * dice.randrange(20)}"
    if index % REALLY == 0:
        made = f"real-{index}"
        return Asked("CreateHyperParameterTuningJob", "real", in_json(real_job(made, folder)), made)
    if index % REALLY == REALLY // 2:
        made = f"alone-{index}"
        return Asked("CreateTrainingJob", "real", in_json(real_training(made, folder)), made)
    kind = dice.choices(("right", "wrong", "hostile"), (9, 9, 2))[0]
    if kind == "right":
        return Asked(operation, kind, in_json(maker.right(operation, **_aimed(operation, name))), name)
    aimed = _aimed(operation, name if operation.startswith("Create") else KEPT)
    if kind == "wrong":
        return Asked(operation, kind, in_json(maker.wrong(operation, **aimed)[0]), name)
    return Asked(operation, kind, hostile(dice, in_json(maker.right(operation, **aimed))), name)


def real_job(name: str, folder: Path) -> Tree:
    """Return a request whose job runs one training that ends at once."""
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": f"file://{folder}",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
            },
            "RoleArn": "arn:aws:iam::000000000000:role/role",
            "OutputDataConfig": {"S3OutputPath": f"file://{folder}/output"},
            "ResourceConfig": {"InstanceType": "local", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
    }


def real_training(name: str, folder: Path) -> Tree:
    """Return a request for one training that ends at once."""
    definition: Tree = real_job(name, folder)["TrainingJobDefinition"]
    return {"TrainingJobName": name, "HyperParameters": {"x": "0.5"}} | definition


def _aimed(operation: str, name: str) -> Tree:
    if operation.endswith("Tags"):
        return {"ResourceArn": f"{ARN}{name}"}
    if operation in {"Search", "ListHyperParameterTuningJobs", "ListTrainingJobs"}:
        return {}
    member = "TrainingJobName" if operation.endswith("TrainingJob") else "HyperParameterTuningJobName"
    return {member: name}


def in_json(tree: Tree) -> bytes:
    return json.dumps(tree).encode()
