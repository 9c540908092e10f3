"""AMT's container contract as data: the configuration files, the arguments and the environment of a training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from tunewright.core.arns import Account
from tunewright.core.spec import Channel
from tunewright_trainer.core.attempt import Launch

METRICS_FILE: Final = "output/metrics.jsonl"
"""Under /opt/ml; the variable TUNEWRIGHT_METRICS_FILE names it."""

SUBMIT_DIRECTORY: Final = "sagemaker_submit_directory"
"""The hyperparameter of script mode that says where the user's code is."""

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


def submitted_code(hyperparameters: Mapping[str, str]) -> str:
    """Return the URI of the user's code in script mode, empty if there is none or it lies in the image.

    Programs take a hyperparameter for JSON where they can; AWS's SDK writes strings as such, with their quotes.
    """
    value = hyperparameters.get(SUBMIT_DIRECTORY, "")
    try:
        decoded = json.loads(value)
    except ValueError:
        decoded = value
    return decoded if isinstance(decoded, str) and "://" in decoded else ""


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a training sees of the trainer's own environment."""
    return {name: value for name, value in variables.items() if name in INHERITED or name.startswith("LC_")}


def environment(
    launch: Launch,
    base: PurePath,
    kept: Mapping[str, str],
    account: Account,
    instance: int = 0,
    gpus: int = 0,
) -> dict[str, str]:
    """Return an instance's whole environment.

    `base` stands for /opt/ml, `kept` is what it inherits, `gpus` how many it has where the launch names none.
    """
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "AWS_REGION": account.region,
        "SAGEMAKER_BASE_DIR": str(base),
        **_host_variables(launch, instance),
        "SM_NUM_GPUS": str(len(launch.gpus[instance]) if launch.gpus else gpus),
        **_channel_variables(launch.definition.channels, base / "input" / "data"),
        "SM_MODEL_DIR": str(base / "model"),
        "SM_OUTPUT_DATA_DIR": str(base / "output" / "data"),
        "TUNEWRIGHT_METRICS_FILE": str(base / METRICS_FILE),
        "TRAINING_JOB_NAME": launch.training_name,
        "TRAINING_JOB_ARN": account.training_job(launch.training_name),
        **launch.tracing,
        **launch.definition.environment,
    }


def _host_variables(launch: Launch, instance: int) -> dict[str, str]:
    """Return what the sagemaker-training toolkit sets: programs that do without it need no less to find each other."""
    return {"SM_CURRENT_HOST": launch.hosts[instance], "SM_HOSTS": _compact(sorted(launch.hosts))}


def _compact(names: Sequence[str]) -> str:
    return json.dumps(names, separators=(",", ":"))


def _channel_variables(channels: Sequence[Channel], data: PurePath) -> dict[str, str]:
    """Return what the sagemaker-training toolkit sets: the names as JSON, and the folder of each."""
    names = sorted(channel.name for channel in channels)
    folders = {f"SM_CHANNEL_{name.upper()}": str(data / name) for name in names}
    return {"SM_CHANNELS": _compact(names), **folders}


def _channel_file(channel: Channel, input_mode: str) -> dict[str, str]:
    """Return a channel's part of inputdataconfig.json, AMT's defaults filled in."""
    told = {
        "TrainingInputMode": channel.input_mode or input_mode,
        "S3DistributionType": channel.distribution or "FullyReplicated",
        "RecordWrapperType": channel.record_wrapper or "None",
    }
    return told | ({"ContentType": channel.content_type} if channel.content_type else {})


def configuration_files(launch: Launch, instance: int = 0, interface: str = "lo") -> dict[str, object]:
    """Return what stands in an instance's input/config, by file name, ready for JSON.

    `interface` is the network interface on which the instances reach each other.
    """
    definition, hosts = launch.definition, list(launch.hosts)
    instance_type = definition.resources.instance_type
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": sorted(hosts)}
    return {
        "hyperparameters.json": dict(launch.hyperparameters),
        "resourceconfig.json": {
            "current_host": hosts[instance],
            "hosts": sorted(hosts),
            "network_interface_name": interface,
            "current_instance_type": instance_type,
            "current_group_name": "homogeneousCluster",
            "instance_groups": [group],
        },
        "inputdataconfig.json": {
            channel.name: _channel_file(channel, str(definition.input_mode)) for channel in definition.channels
        },
    }
