"""What AMT says of one training algorithm, in the definitions of a tuning job and in CreateTrainingJob, and back."""

from __future__ import annotations

from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members, checked
from tunewright.core.spec import (
    Channel,
    Definition,
    InputMode,
    MetricDefinition,
    Objective,
    Parameter,
    Resources,
    StoppingCondition,
)

Tree = dict[str, Any]
STATIC: Final = "StaticHyperParameters"
HYPERPARAMETERS: Final = "HyperParameters"
ENTRYPOINT: Final = "ContainerEntrypoint"
ARGUMENTS: Final = "ContainerArguments"
RESOURCES: Final = "ResourceConfig"
TUNING_RESOURCES: Final = "HyperParameterTuningResourceConfig"
INSTANCES: Final = "InstanceConfigs"
SIZES: Final = ("InstanceType", "InstanceCount", "VolumeSizeInGB")


def definition_of(
    members: Members,
    parameters: tuple[Parameter, ...] = (),
    objective: Objective | None = None,
    *,
    alone: bool = False,
) -> Definition:
    """Read a definition, or what CreateTrainingJob says of a training alone. Raises InvalidSpec with AMT's path."""
    algorithm, output = members.maps("AlgorithmSpecification"), members.maps("OutputDataConfig")
    checkpoint, retry = members.maps("CheckpointConfig"), members.maps("RetryStrategy")
    with algorithm, output, checkpoint, retry:
        return Definition(
            image=algorithm.take("TrainingImage", str, ""),
            algorithm_name=algorithm.take("AlgorithmName", str, ""),
            input_mode=algorithm.choice("TrainingInputMode", {item.value: item for item in InputMode}, InputMode.FILE),
            metric_definitions=tuple(_metric(item) for item in algorithm.each("MetricDefinitions")),
            parameters=parameters,
            objective=objective,
            name="" if alone else members.take("DefinitionName", str, ""),
            static_hyperparameters=_texts(members, HYPERPARAMETERS if alone else STATIC),
            entrypoint=_list(algorithm, ENTRYPOINT) if alone else (),
            arguments=_list(algorithm, ARGUMENTS) if alone else (),
            environment=_texts(members, "Environment"),
            role_arn=members.take("RoleArn", str, ""),
            channels=tuple(_channel(item) for item in members.each("InputDataConfig")),
            output_uri=output.take("S3OutputPath", str, ""),
            output_kms_key_id=output.take("KmsKeyId", str, ""),
            resources=_resources(members, (RESOURCES,) if alone else (RESOURCES, TUNING_RESOURCES)),
            stopping=_stopping(members.maps("StoppingCondition")),
            checkpoint_uri=checkpoint.take("S3Uri", str, ""),
            checkpoint_path=checkpoint.take("LocalPath", str, ""),
            max_retries=retry.take("MaximumRetryAttempts", int, 0),
            spot=members.take("EnableManagedSpotTraining", bool, default=False),
            network_isolation=members.take("EnableNetworkIsolation", bool, default=False),
            traffic_encryption=members.take("EnableInterContainerTrafficEncryption", bool, default=False),
        )


def _texts(members: Members, name: str) -> dict[str, str]:
    """Take a mapping of texts as AMT does: a number is refused."""
    tree: Tree = members.take(name, dict, {})
    return {key: checked(value, str, f"{members.at(name)}.{key}") for key, value in tree.items()}


def _list(members: Members, name: str) -> tuple[str, ...]:
    return tuple(checked(item, str, path) for path, item in members.items(name))


def _metric(members: Members) -> MetricDefinition:
    with members:
        return MetricDefinition(members.take("Name", str), members.take("Regex", str))


def _channel(members: Members) -> Channel:
    shuffle = members.maps("ShuffleConfig")
    with members, shuffle, members.maps("DataSource") as source, source.maps("S3DataSource") as s3:
        return Channel(
            name=members.take("ChannelName", str),
            uri=s3.take("S3Uri", str),
            s3_data_type=s3.take("S3DataType", str, "S3Prefix"),
            distribution=s3.take("S3DataDistributionType", str, "FullyReplicated"),
            content_type=members.take("ContentType", str, ""),
            compression=members.take("CompressionType", str, "None"),
            record_wrapper=members.take("RecordWrapperType", str, "None"),
            input_mode=members.take("InputMode", str, ""),
            shuffle_seed=shuffle.maybe("Seed", int),
        )


def _resources(members: Members, forms: tuple[str, ...]) -> Resources:
    found = [name for name in forms if members.has(name)]
    if len(found) == 2:
        raise InvalidSpec(members.at(TUNING_RESOURCES), f"stands beside {RESOURCES}", "Give one of the two")
    with members.maps(found[0] if found else RESOURCES) as config:
        preferred = config.maybe(INSTANCES, list) if found == [TUNING_RESOURCES] else None
        if not preferred:
            return _sizes(config)
        for name in SIZES:
            if config.has(name):
                raise InvalidSpec(config.at(name), f"stands beside {INSTANCES}", "Give one of the two")
        first, *_ = [_sizes(item) for item in config.each(INSTANCES)]
        return first


def _sizes(config: Members) -> Resources:
    with config:
        return Resources(
            instance_type=config.take("InstanceType", str, Resources().instance_type),
            instance_count=config.take("InstanceCount", int, Resources().instance_count),
            volume_size_gb=config.take("VolumeSizeInGB", int, Resources().volume_size_gb),
        )


def _stopping(members: Members) -> StoppingCondition:
    with members:
        return StoppingCondition(
            max_runtime_s=members.take("MaxRuntimeInSeconds", int, StoppingCondition().max_runtime_s),
            max_wait_s=members.maybe("MaxWaitTimeInSeconds", int),
            max_pending_s=members.maybe("MaxPendingTimeInSeconds", int),
        )


def definition_tree(definition: Definition, *, alone: bool = False) -> Tree:
    """Write what `definition_of` reads; members that were not given are absent."""
    algorithm = given(
        TrainingImage=definition.image or None,
        AlgorithmName=definition.algorithm_name or None,
        TrainingInputMode=definition.input_mode.value,
    )
    if alone:
        entry = {ENTRYPOINT: list(definition.entrypoint), ARGUMENTS: list(definition.arguments)}
        algorithm |= {name: texts for name, texts in entry.items() if texts}
    algorithm["MetricDefinitions"] = [
        {"Name": item.name, "Regex": item.regex} for item in definition.metric_definitions
    ]
    tree: Tree = {
        HYPERPARAMETERS if alone else STATIC: dict(definition.static_hyperparameters),
        "AlgorithmSpecification": algorithm,
        "RoleArn": definition.role_arn,
        "OutputDataConfig": given(S3OutputPath=definition.output_uri, KmsKeyId=definition.output_kms_key_id or None),
        RESOURCES: {
            "InstanceType": definition.resources.instance_type,
            "InstanceCount": definition.resources.instance_count,
            "VolumeSizeInGB": definition.resources.volume_size_gb,
        },
        "StoppingCondition": given(
            MaxRuntimeInSeconds=definition.stopping.max_runtime_s,
            MaxWaitTimeInSeconds=definition.stopping.max_wait_s,
            MaxPendingTimeInSeconds=definition.stopping.max_pending_s,
        ),
    }
    return tree | _optional_tree(definition)


def _optional_tree(definition: Definition) -> Tree:
    checkpoint = given(S3Uri=definition.checkpoint_uri or None, LocalPath=definition.checkpoint_path or None)
    return given(
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
    shuffle = None if channel.shuffle_seed is None else {"Seed": channel.shuffle_seed}
    return tree | given(
        ContentType=channel.content_type or None, InputMode=channel.input_mode or None, ShuffleConfig=shuffle
    )


def given(**members: Any) -> Tree:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}
