"""AMT's container contract as data: the configuration files, the arguments and the environment of a training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from tunewright_trainer.core.attempt import Launch

HOST: Final = "algo-1"
METRICS_FILE: Final = "output/metrics.jsonl"
"""Under /opt/ml; the variable TUNEWRIGHT_METRICS_FILE names it."""

INHERITED: Final = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "no_proxy"),
    }
)
"""Of the trainer's own environment a training sees these and LC_*; tokens and settings of the service it never sees."""


def arguments(hyperparameters: Mapping[str, str]) -> list[str]:
    """Return `--name value` for each hyperparameter, sorted, as script mode does, without reserved names.

    A value that begins with a hyphen is written `--name=value`: argparse would take -1e-05 for an option.
    """
    words: list[str] = []
    for name, value in sorted(hyperparameters.items()):
        if name.startswith(("_", "sagemaker_")):
            continue
        words += [f"--{name}={value}"] if value.startswith("-") else [f"--{name}", value]
    return words


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a training sees of the trainer's own environment."""
    return {name: value for name, value in variables.items() if name in INHERITED or name.startswith("LC_")}


def environment(launch: Launch, base: PurePath, kept: Mapping[str, str]) -> dict[str, str]:
    """Return a training's whole environment. `base` stands for /opt/ml, `kept` is what it inherits."""
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "SAGEMAKER_BASE_DIR": str(base),
        "SM_MODEL_DIR": str(base / "model"),
        "SM_OUTPUT_DATA_DIR": str(base / "output" / "data"),
        "TUNEWRIGHT_METRICS_FILE": str(base / METRICS_FILE),
        "TRAINING_JOB_NAME": launch.training_name,
        "TRAINING_JOB_ARN": f"arn:aws:sagemaker:local:000000000000:training-job/{launch.training_name.lower()}",
        **launch.definition.environment,
    }


def configuration_files(launch: Launch) -> dict[str, object]:
    """Return what stands in input/config, by file name, ready for JSON."""
    instance_type = launch.definition.resources.instance_type
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": [HOST]}
    return {
        "hyperparameters.json": dict(launch.hyperparameters),
        "resourceconfig.json": {
            "current_host": HOST,
            "hosts": [HOST],
            "network_interface_name": "lo",
            "current_instance_type": instance_type,
            "current_group_name": "homogeneousCluster",
            "instance_groups": [group],
        },
        "inputdataconfig.json": {},
    }
