"""What the job file calls that which a specification holds, so that what is found wrong is named as it was written."""

from __future__ import annotations

from typing import Final

from tunewright.core.program_variables import PYTHON_VARIABLE, WORKDIR_VARIABLE
from tunewright.core.spec import TuningJobSpec

MEMBERS: Final = {
    "limits.max_parallel": "parallel",
    "limits.max_trainings": "trials",
    "limits.max_runtime_s": "max_runtime",
    "limits.max_cost": "max_cost",
    "prices_per_second": "prices",
    "reevaluation": "reevaluate",
    "reevaluation.seed_parameter": "reevaluate.seed",
    "completion.target": "target",
    "completion.max_not_improving": "not_improving",
    "completion.on_convergence": "on_convergence",
    "early_stopping.type": "early_stopping",
    "random_seed": "seed",
    "objective.reading": "reading",
    "objective.last_k": "reading",
    "warm_start.parents": "warm_start",
    "auto_parameters": "autotune",
    "enqueued": "try_first",
    "definitions[0].parameters": "params",
    "definitions[0].static_hyperparameters": "fixed",
    "definitions[0].metric_definitions": "metrics",
    "definitions[0].environment": "environment",
    f"definitions[0].environment.{PYTHON_VARIABLE}": "python",
    f"definitions[0].environment.{WORKDIR_VARIABLE}": "workdir",
    "definitions[0].channels": "channels",
    "definitions[0].output_uri": "output",
    "definitions[0].stopping.max_runtime_s": "max_training_runtime",
    "definitions[0].stopping.max_wait_s": "max_wait",
    "definitions[0].max_retries": "retries",
    "definitions[0].resources.instance_type": "instance",
    "definitions[0].resources.instance_count": "instances",
    "definitions[0].resources.gpus_shared": "share_gpus",
    "definitions[0].checkpoint_uri": "checkpoints",
    "definitions[0].spot": "spot",
    "definitions[0].network_isolation": "network_isolation",
}
"""Where the job file holds what a specification holds, if under another name."""


def members_of(spec: TuningJobSpec) -> dict[str, str]:
    """Return the member of the job file for each path of the specification that may be found wrong."""
    definition = spec.definitions[0]
    members = MEMBERS | {
        "definitions[0].image": "script" if PYTHON_VARIABLE in definition.environment else "image",
        "objective.metric_name": spec.objective.direction.value.lower(),
        "objective.direction": spec.objective.direction.value.lower(),
    }
    for index, parameter in enumerate(definition.parameters):
        path, member = f"definitions[0].parameters[{index}]", f"params.{parameter.name}"
        members |= {path: member, f"{path}.name": member, f"{path}.range": member}
    for index, metric in enumerate(definition.metric_definitions):
        path, member = f"definitions[0].metric_definitions[{index}]", f"metrics.{metric.name}"
        members |= {path: member, f"{path}.name": member, f"{path}.regex": member}
    for index, channel in enumerate(definition.channels):
        path, member = f"definitions[0].channels[{index}]", f"channels.{channel.name}"
        members |= {f"{path}.name": member, f"{path}.uri": member}
    for index in range(len(spec.warm_start.parents) if spec.warm_start is not None else 0):
        members[f"warm_start.parents[{index}]"] = f"warm_start[{index}]"
    for index in range(len(spec.enqueued)):
        members[f"enqueued[{index}].configuration"] = f"try_first[{index}]"
    return members
