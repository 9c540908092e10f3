"""Where AMT's body holds what a specification holds, so that what `check` refuses is named as its writer knows it."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tunewright.core.amt.ranges import AUTO, CATEGORICAL, CONTINUOUS, INTEGER
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Definition, TuningJobSpec

NAME: Final = "HyperParameterTuningJobName"
CONFIG: Final = "HyperParameterTuningJobConfig"
KIND_OF: Final = {Float: CONTINUOUS, Int: INTEGER, Choice: CATEGORICAL}

OF_JOB: Final = {
    "name": NAME,
    "strategy": f"{CONFIG}.Strategy",
    "limits": f"{CONFIG}.ResourceLimits",
    "limits.max_parallel": f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs",
    "limits.max_trainings": f"{CONFIG}.ResourceLimits.MaxNumberOfTrainingJobs",
    "limits.max_runtime_s": f"{CONFIG}.ResourceLimits.MaxRuntimeInSeconds",
    "completion.target": f"{CONFIG}.TuningJobCompletionCriteria.TargetObjectiveMetricValue",
    "completion.max_not_improving": (
        f"{CONFIG}.TuningJobCompletionCriteria.BestObjectiveNotImproving.MaxNumberOfTrainingJobsNotImproving"
    ),
    "completion.on_convergence": (f"{CONFIG}.TuningJobCompletionCriteria.ConvergenceDetected.CompleteOnConvergence"),
    "early_stopping.type": f"{CONFIG}.TrainingJobEarlyStoppingType",
    "hyperband": f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig",
    "hyperband.min_resource": f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig.MinResource",
    "hyperband.max_resource": f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig.MaxResource",
    "random_seed": f"{CONFIG}.RandomSeed",
    "warm_start": "WarmStartConfig",
    "warm_start.parents": "WarmStartConfig.ParentHyperParameterTuningJobs",
    "autotune": "Autotune",
    "tags": "Tags",
    "auto_parameters": f"{CONFIG}.ParameterRanges.{AUTO}",
}
OF_CHANNEL: Final = {
    "name": "ChannelName",
    "uri": "DataSource.S3DataSource.S3Uri",
    "s3_data_type": "DataSource.S3DataSource.S3DataType",
    "distribution": "DataSource.S3DataSource.S3DataDistributionType",
    "compression": "CompressionType",
    "record_wrapper": "RecordWrapperType",
    "input_mode": "InputMode",
}
OF_DEFINITION: Final = {
    "image": "AlgorithmSpecification.TrainingImage",
    "algorithm_name": "AlgorithmSpecification.AlgorithmName",
    "input_mode": "AlgorithmSpecification.TrainingInputMode",
    "metric_definitions": "AlgorithmSpecification.MetricDefinitions",
    "static_hyperparameters": "StaticHyperParameters",
    "environment": "Environment",
    "channels": "InputDataConfig",
    "output_uri": "OutputDataConfig.S3OutputPath",
    "resources.instance_type": "ResourceConfig.InstanceType",
    "resources.instance_count": "ResourceConfig.InstanceCount",
    "stopping.max_runtime_s": "StoppingCondition.MaxRuntimeInSeconds",
    "stopping.max_wait_s": "StoppingCondition.MaxWaitTimeInSeconds",
    "checkpoint_uri": "CheckpointConfig.S3Uri",
    "checkpoint_path": "CheckpointConfig.LocalPath",
    "max_retries": "RetryStrategy.MaximumRetryAttempts",
    "spot": "EnableManagedSpotTraining",
    "network_isolation": "EnableNetworkIsolation",
}


def members_of(spec: TuningJobSpec) -> dict[str, str]:
    """Return the member of AMT's body for each path of the specification that may be found wrong."""
    if spec.listed_definitions:
        members = OF_JOB | {
            "definitions": "TrainingJobDefinitions",
            "objective.metric_name": "TrainingJobDefinitions[0].TuningObjective.MetricName",
            "objective.direction": "TrainingJobDefinitions[0].TuningObjective.Type",
        }
        for index, definition in enumerate(spec.definitions):
            here = f"TrainingJobDefinitions[{index}]"
            path = f"definitions[{index}]"
            members |= {
                f"{path}.name": f"{here}.DefinitionName",
                f"{path}.objective.metric_name": f"{here}.TuningObjective.MetricName",
                f"{path}.objective.direction": f"{here}.TuningObjective.Type",
            }
            members |= _of_definition(path, here, f"{here}.HyperParameterRanges", definition)
        return members
    members = OF_JOB | {
        "definitions": "TrainingJobDefinition",
        "objective.metric_name": f"{CONFIG}.HyperParameterTuningJobObjective.MetricName",
        "objective.direction": f"{CONFIG}.HyperParameterTuningJobObjective.Type",
    }
    return members | _of_definition(
        "definitions[0]", "TrainingJobDefinition", f"{CONFIG}.ParameterRanges", spec.definitions[0]
    )


def _of_definition(path: str, here: str, ranges: str, definition: Definition) -> dict[str, str]:
    members = {f"{path}.{field}": f"{here}.{member}" for field, member in OF_DEFINITION.items()}
    members[f"{path}.parameters"] = ranges
    places: Counter[str] = Counter()
    for index, parameter in enumerate(definition.parameters):
        kind = KIND_OF[type(parameter.range)]
        member = f"{ranges}.{kind}[{places[kind]}]"
        places[kind] += 1
        members |= {
            f"{path}.parameters[{index}].name": f"{member}.Name",
            f"{path}.parameters[{index}].range": member,
        }
    members |= channel_members(path, f"{here}.InputDataConfig", definition)
    return members | metric_members(path, f"{here}.AlgorithmSpecification", definition)


def metric_members(path: str, algorithm: str, definition: Definition) -> dict[str, str]:
    """Return the members for the metric definitions at `path`; `algorithm` is the member that holds them."""
    members: dict[str, str] = {}
    for index in range(len(definition.metric_definitions)):
        metric = f"{algorithm}.MetricDefinitions[{index}]"
        members |= {
            f"{path}.metric_definitions[{index}].name": f"{metric}.Name",
            f"{path}.metric_definitions[{index}].regex": f"{metric}.Regex",
        }
    return members


def channel_members(path: str, channels: str, definition: Definition) -> dict[str, str]:
    """Return the members for the channels at `path`; `channels` is the member that lists them."""
    return {
        f"{path}.channels[{index}].{field}": f"{channels}[{index}].{member}"
        for index in range(len(definition.channels))
        for field, member in OF_CHANNEL.items()
    }
