"""A specification as AMT's request body."""

from __future__ import annotations

from typing import Any

from tunewright.core.amt.members import CONFIG, NAME
from tunewright.core.amt.ranges import AUTO, hints_tree, ranges_tree
from tunewright.core.spec import (
    Channel,
    Completion,
    Definition,
    EarlyStopping,
    Objective,
    TuningJobSpec,
)

Tree = dict[str, Any]


def to_amt(spec: TuningJobSpec) -> Tree:
    """Write AMT's request body; members that were not given are absent."""
    config: Tree = {
        "Strategy": spec.strategy.value,
        "ResourceLimits": _given(
            MaxNumberOfTrainingJobs=spec.limits.max_trainings,
            MaxParallelTrainingJobs=spec.limits.max_parallel,
            MaxRuntimeInSeconds=spec.limits.max_runtime_s,
        ),
        "TrainingJobEarlyStoppingType": (spec.early_stopping.type or EarlyStopping.OFF).value,
    }
    if spec.hyperband is not None:
        hyperband = _given(MinResource=spec.hyperband.min_resource, MaxResource=spec.hyperband.max_resource)
        config["StrategyConfig"] = {"HyperbandStrategyConfig": hyperband}
    config |= _given(TuningJobCompletionCriteria=_criteria(spec.completion) or None, RandomSeed=spec.random_seed)
    body: Tree = {NAME: spec.name, CONFIG: config}
    if spec.listed_definitions:
        body["TrainingJobDefinitions"] = [_listed_tree(item) for item in spec.definitions]
    else:
        config["HyperParameterTuningJobObjective"] = _objective_tree(spec.objective)
        config["ParameterRanges"] = ranges_tree(spec.definitions[0].parameters)
        if spec.auto_parameters:
            config["ParameterRanges"][AUTO] = hints_tree(spec.auto_parameters)
        body["TrainingJobDefinition"] = _definition_tree(spec.definitions[0])
    if spec.warm_start is not None:
        parents = [{NAME: name} for name in spec.warm_start.parents]
        body["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": parents,
            "WarmStartType": spec.warm_start.type.value,
        }
    if spec.autotune:
        body["Autotune"] = {"Mode": "Enabled"}
    if spec.tags:
        body["Tags"] = [{"Key": key, "Value": value} for key, value in spec.tags.items()]
    return body


def _given(**members: Any) -> Tree:
    return {name: value for name, value in members.items() if value is not None}


def _criteria(completion: Completion) -> Tree:
    tree = _given(TargetObjectiveMetricValue=completion.target)
    if completion.max_not_improving is not None:
        tree["BestObjectiveNotImproving"] = {"MaxNumberOfTrainingJobsNotImproving": completion.max_not_improving}
    if completion.on_convergence is not None:
        tree["ConvergenceDetected"] = {"CompleteOnConvergence": "Enabled" if completion.on_convergence else "Disabled"}
    return tree


def _objective_tree(objective: Objective) -> Tree:
    return {"Type": objective.direction.value, "MetricName": objective.metric_name}


def _listed_tree(definition: Definition) -> Tree:
    tree = {"DefinitionName": definition.name, "HyperParameterRanges": ranges_tree(definition.parameters)}
    if definition.objective is not None:
        tree["TuningObjective"] = _objective_tree(definition.objective)
    return tree | _definition_tree(definition)


def _definition_tree(definition: Definition) -> Tree:
    algorithm = _given(
        TrainingImage=definition.image or None,
        AlgorithmName=definition.algorithm_name or None,
        TrainingInputMode=definition.input_mode.value,
    )
    algorithm["MetricDefinitions"] = [
        {"Name": item.name, "Regex": item.regex} for item in definition.metric_definitions
    ]
    tree: Tree = {
        "StaticHyperParameters": dict(definition.static_hyperparameters),
        "AlgorithmSpecification": algorithm,
        "RoleArn": definition.role_arn,
        "OutputDataConfig": _given(S3OutputPath=definition.output_uri, KmsKeyId=definition.output_kms_key_id or None),
        "ResourceConfig": {
            "InstanceType": definition.resources.instance_type,
            "InstanceCount": definition.resources.instance_count,
            "VolumeSizeInGB": definition.resources.volume_size_gb,
        },
        "StoppingCondition": _given(
            MaxRuntimeInSeconds=definition.stopping.max_runtime_s,
            MaxWaitTimeInSeconds=definition.stopping.max_wait_s,
            MaxPendingTimeInSeconds=definition.stopping.max_pending_s,
        ),
    }
    return tree | _optional_tree(definition)


def _optional_tree(definition: Definition) -> Tree:
    checkpoint = _given(S3Uri=definition.checkpoint_uri or None, LocalPath=definition.checkpoint_path or None)
    return _given(
        Environment=dict(definition.environment) or None,
        InputDataConfig=[_channel_tree(channel) for channel in definition.channels] or None,
        CheckpointConfig=checkpoint or None,
        RetryStrategy={"MaximumRetryAttempts": definition.max_retries} if definition.max_retries else None,
        EnableManagedSpotTraining=definition.spot or None,
        EnableNetworkIsolation=definition.network_isolation or None,
        EnableInterContainerTrafficEncryption=definition.traffic_encryption or None,
    )


def _channel_tree(channel: Channel) -> Tree:
    s3 = {"S3DataType": channel.s3_data_type, "S3Uri": channel.uri, "S3DataDistributionType": channel.distribution}
    tree = {
        "ChannelName": channel.name,
        "DataSource": {"S3DataSource": s3},
        "CompressionType": channel.compression,
        "RecordWrapperType": channel.record_wrapper,
    }
    return tree | _given(ContentType=channel.content_type or None, InputMode=channel.input_mode or None)
