"""`tunewright local` on a core of its own, and jobs in it that run: a few trainings of each have ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
import psutil
from botocore.config import Config

from bench.gateway.cores import on_servers_core
from bench.roundtrip import Served
from tunewright.platform.credentials import load

ENDED: Final = 3
"""Trainings of each job that end at once. The later ones hold their slots, until the bench's folder is removed."""
PARALLEL: Final = 2
SETTLE_S: Final = 60.0
PROGRAM: Final = f"""#!/bin/sh
echo ran >> "$RAN"
[ "$(wc -l < "$RAN")" -gt {ENDED} ] && while [ -e "$RAN" ]; do sleep 5; done
echo "validation:accuracy=0.$$"
"""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the clients call, and who they are."""

    endpoint: str
    key: str
    secret: str
    process: int
    """Id of the server's."""

    def at(self, endpoint: str, process: int) -> Door:
        """Return another server's, for the same clients."""
        return Door(endpoint, self.key, self.secret, process)

    def busy_s(self) -> float:
        """Return the processor time that the server has used so far."""
        times = psutil.Process(self.process).cpu_times()
        return float(times.user + times.system)

    def client(self) -> Any:
        """Return boto3's client, which tries nothing twice."""
        return boto3.client(
            "sagemaker",
            endpoint_url=self.endpoint,
            region_name="local",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=True),
        )


@contextmanager
def standing(folder: Path, slots: int, data: Path | None = None) -> Iterator[Door]:
    """Serve while the block runs."""
    program = folder / "train"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    with on_servers_core():
        served = Served(data or folder, image_root=folder, slots=slots)
    with served as server:
        found = load(server.data_dir / "credentials")
        yield Door(
            f"http://{found.tunewright_http}", found.aws_access_key_id, found.aws_secret_access_key, server.process
        )


def body(folder: Path, name: str, trainings: int = 20) -> dict[str, Any]:
    """Return CreateHyperParameterTuningJob's, of the case that most people begin with."""
    objective = {"Type": "Maximize", "MetricName": "validation:accuracy"}
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": objective,
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trainings, "MaxParallelTrainingJobs": PARALLEL},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "learning_rate", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"},
                    {"Name": "momentum", "MinValue": "0.0", "MaxValue": "0.99", "ScalingType": "Auto"},
                ],
                "IntegerParameterRanges": [
                    {"Name": "epochs", "MinValue": "10", "MaxValue": "50", "ScalingType": "Linear"}
                ],
                "CategoricalParameterRanges": [{"Name": "batch_size", "Values": ["32", "64", "128"]}],
            },
            "TrainingJobEarlyStoppingType": "Off",
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"optimizer": "adam"},
            "AlgorithmSpecification": {
                "TrainingImage": f"file://{folder}",
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    {"Name": "validation:accuracy", "Regex": "validation:accuracy=([0-9.]+)"},
                ],
            },
            "RoleArn": "arn:aws:iam::000000000000:role/tuning",
            "OutputDataConfig": {"S3OutputPath": f"file://{folder}/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "Environment": {"RAN": f"{folder}/ran-{name}"},
        },
    }


def seed(door: Door, folder: Path, count: int) -> list[str]:
    """Make jobs and return their names, once ENDED trainings of each have ended; they hold two slots each from then."""
    client, names = door.client(), [f"seeded-{number:03d}" for number in range(count)]
    for name in names:
        client.create_hyper_parameter_tuning_job(**body(folder, name))
    until = time.monotonic() + SETTLE_S
    for name in names:
        while _ended(client, name) < ENDED - 1:  # two that run at once may both be the last
            if time.monotonic() > until:
                raise RuntimeError(f"{name}: {_ended(client, name)} trainings have ended")
            time.sleep(0.05)
    return names


def _ended(client: Any, name: str) -> int:
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    return int(described["TrainingJobStatusCounters"]["Completed"])
