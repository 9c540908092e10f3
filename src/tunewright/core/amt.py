"""AMT's CreateHyperParameterTuningJob body as a specification, and back.

Bodies are plain trees with AMT's member names; ranges are texts and are echoed exactly as they came. Members that AMT
has and we do not take are refused by name, like any unknown one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members, checked
from tunewright.core.space import Choice, Float, Int, Range, ScalingType, text_of
from tunewright.core.spec import (
    Channel,
    Completion,
    Definition,
    Direction,
    EarlyStopping,
    EarlyStoppingRule,
    HyperbandConfig,
    InputMode,
    Limits,
    MetricDefinition,
    Objective,
    Parameter,
    Resources,
    StoppingCondition,
    Strategy,
    TuningJobSpec,
    WarmStart,
    WarmStartType,
)

Tree = dict[str, Any]
NAME: Final = "HyperParameterTuningJobName"
CONFIG: Final = "HyperParameterTuningJobConfig"
ENABLED: Final = {"Enabled": True, "Disabled": False}


def looks_like_amt(tree: Any) -> bool:
    """Say whether a tree is meant as AMT's body rather than as a job file of ours."""
    return isinstance(tree, dict) and (NAME in tree or CONFIG in tree)


# -- AMT to specification --------------------------------------------------------------------------------------------


def from_amt(tree: Any) -> TuningJobSpec:
    """Read AMT's request body. Raises InvalidSpec with AMT's own path of the member."""
    with Members(tree) as top, top.maps(CONFIG) as config:
        listed = top.has("TrainingJobDefinitions")
        if listed == top.has("TrainingJobDefinition"):
            raise InvalidSpec("TrainingJobDefinition", "give exactly one of it and TrainingJobDefinitions", "")
        limits, hyperband = config.maps("ResourceLimits"), config.maps("StrategyConfig")
        definitions = _definitions(top, config, listed=listed)
        objective = definitions[0].objective
        if objective is None:
            raise InvalidSpec(f"{CONFIG}.HyperParameterTuningJobObjective", "is missing", "Name metric and type")
        with limits, hyperband:
            return TuningJobSpec(
                name=top.take(NAME, str),
                definitions=definitions if listed else (_without_objective(definitions[0]),),
                objective=objective,
                limits=Limits(
                    max_parallel=limits.take("MaxParallelTrainingJobs", int),
                    max_trainings=limits.maybe("MaxNumberOfTrainingJobs", int),
                    max_runtime_s=limits.maybe("MaxRuntimeInSeconds", int),
                ),
                strategy=config.choice("Strategy", {item.value: item for item in Strategy}, Strategy.BAYESIAN),
                hyperband=_hyperband(hyperband),
                completion=_completion(config),
                early_stopping=EarlyStoppingRule(
                    config.choice(
                        "TrainingJobEarlyStoppingType", {item.value: item for item in EarlyStopping}, EarlyStopping.OFF
                    )
                ),
                random_seed=config.maybe("RandomSeed", int),
                warm_start=_warm_start(top),
                autotune=_autotune(top),
                tags={tag.take("Key", str): tag.take("Value", str) for tag in top.each("Tags")},
                listed_definitions=listed,
            )


def _definitions(top: Members, config: Members, *, listed: bool) -> tuple[Definition, ...]:
    if listed:
        return tuple(_listed_definition(members) for members in top.each("TrainingJobDefinitions"))
    with top.maps("TrainingJobDefinition") as members:
        return (_definition(members, _parameters(config.maps("ParameterRanges")), _single_objective(config)),)


def _listed_definition(members: Members) -> Definition:
    with members:
        objective = _objective(members.maps("TuningObjective"))
        return _definition(members, _parameters(members.maps("HyperParameterRanges")), objective)


def _single_objective(config: Members) -> Objective:
    return _objective(config.maps("HyperParameterTuningJobObjective"))


def _objective(members: Members) -> Objective:
    with members:
        direction = Direction(members.choice("Type", {item.value: item.value for item in Direction}, ""))
        return Objective(members.take("MetricName", str), direction)


def _without_objective(definition: Definition) -> Definition:
    return Definition(**{name: getattr(definition, name) for name in Definition.__slots__} | {"objective": None})


def _definition(members: Members, parameters: tuple[Parameter, ...], objective: Objective) -> Definition:
    algorithm, output = members.maps("AlgorithmSpecification"), members.maps("OutputDataConfig")
    checkpoint, retry = members.maps("CheckpointConfig"), members.maps("RetryStrategy")
    with algorithm, output, checkpoint, retry:
        return Definition(
            image=algorithm.take("TrainingImage", str, ""),
            algorithm_name=algorithm.take("AlgorithmName", str, ""),
            input_mode=algorithm.choice("TrainingInputMode", {item.value: item for item in InputMode}, InputMode.FILE),
            metric_definitions=tuple(_metric(item) for item in algorithm.each("MetricDefinitions")),
            name=members.take("DefinitionName", str, ""),
            parameters=parameters,
            objective=objective,
            static_hyperparameters=_texts(members, "StaticHyperParameters"),
            environment=_texts(members, "Environment"),
            role_arn=members.take("RoleArn", str, ""),
            channels=tuple(_channel(item) for item in members.each("InputDataConfig")),
            output_uri=output.take("S3OutputPath", str, ""),
            output_kms_key_id=output.take("KmsKeyId", str, ""),
            resources=_resources(members),
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


def _metric(members: Members) -> MetricDefinition:
    with members:
        return MetricDefinition(members.take("Name", str), members.take("Regex", str))


def _channel(members: Members) -> Channel:
    with members, members.maps("DataSource") as source, source.maps("S3DataSource") as s3:
        return Channel(
            name=members.take("ChannelName", str),
            uri=s3.take("S3Uri", str),
            s3_data_type=s3.take("S3DataType", str, "S3Prefix"),
            distribution=s3.take("S3DataDistributionType", str, "FullyReplicated"),
            content_type=members.take("ContentType", str, ""),
            compression=members.take("CompressionType", str, "None"),
            record_wrapper=members.take("RecordWrapperType", str, "None"),
            input_mode=members.take("InputMode", str, ""),
        )


def _resources(members: Members) -> Resources:
    name = "ResourceConfig" if members.has("ResourceConfig") else "HyperParameterTuningResourceConfig"
    with members.maps(name) as config:
        members.has("HyperParameterTuningResourceConfig")
        return Resources(
            instance_type=config.take("InstanceType", str, "local"),
            instance_count=config.take("InstanceCount", int, 1),
            volume_size_gb=config.take("VolumeSizeInGB", int, 1),
        )


def _stopping(members: Members) -> StoppingCondition:
    with members:
        return StoppingCondition(
            max_runtime_s=members.take("MaxRuntimeInSeconds", int, StoppingCondition().max_runtime_s),
            max_wait_s=members.maybe("MaxWaitTimeInSeconds", int),
            max_pending_s=members.maybe("MaxPendingTimeInSeconds", int),
        )


def _parameters(ranges: Members) -> tuple[Parameter, ...]:
    with ranges:
        return (
            *(_numeric(item, Float, float) for item in ranges.each("ContinuousParameterRanges")),
            *(_numeric(item, Int, int) for item in ranges.each("IntegerParameterRanges")),
            *(_categorical(item) for item in ranges.each("CategoricalParameterRanges")),
        )


def _numeric(members: Members, kind: Callable[..., Range], parse: Callable[[str], float]) -> Parameter:
    with members:
        low, high = members.take("MinValue", str), members.take("MaxValue", str)
        scaling = members.choice("ScalingType", {item.value: item for item in ScalingType}, ScalingType.AUTO)
        try:
            range_ = kind(parse(low), parse(high), scaling)
        except ValueError:
            raise InvalidSpec(members.at("MinValue"), f"{low!r} and {high!r} are not two numbers", "") from None
        except InvalidSpec as error:
            raise InvalidSpec(members.at("MinValue"), error.why, error.remedy) from None
        given = members.has("ScalingType")
        return Parameter(members.take("Name", str), range_, low_text=low, high_text=high, scaling_given=given)


def _categorical(members: Members) -> Parameter:
    with members:
        values = tuple(checked(value, str, path) for path, value in members.items("Values"))
        try:
            return Parameter(members.take("Name", str), Choice(values))
        except InvalidSpec as error:
            raise InvalidSpec(members.at("Values"), error.why, error.remedy) from None


def _hyperband(strategy_config: Members) -> HyperbandConfig | None:
    if not strategy_config.has("HyperbandStrategyConfig"):
        return None
    with strategy_config.maps("HyperbandStrategyConfig") as members:
        return HyperbandConfig(members.maybe("MinResource", int), members.maybe("MaxResource", int))


def _completion(config: Members) -> Completion:
    criteria = config.maps("TuningJobCompletionCriteria")
    with (
        criteria,
        criteria.maps("BestObjectiveNotImproving") as still,
        criteria.maps("ConvergenceDetected") as converged,
    ):
        asked = converged.has("CompleteOnConvergence")
        return Completion(
            target=criteria.maybe("TargetObjectiveMetricValue", float),
            max_not_improving=still.maybe("MaxNumberOfTrainingJobsNotImproving", int),
            on_convergence=converged.choice("CompleteOnConvergence", ENABLED, default=False) if asked else None,
        )


def _warm_start(top: Members) -> WarmStart | None:
    if not top.has("WarmStartConfig"):
        return None
    with top.maps("WarmStartConfig") as members:
        parents = tuple(item.take(NAME, str) for item in members.each("ParentHyperParameterTuningJobs"))
        kind = members.choice("WarmStartType", {item.value: item.value for item in WarmStartType}, "")
        return WarmStart(parents, WarmStartType(kind))


def _autotune(top: Members) -> bool:
    with top.maps("Autotune") as members:
        return members.choice("Mode", {"Enabled": True}, default=False)


# -- Specification to AMT --------------------------------------------------------------------------------------------


def to_amt(spec: TuningJobSpec) -> Tree:
    """Write AMT's request body; members that were not given are absent."""
    config: Tree = {
        "Strategy": spec.strategy.value,
        "ResourceLimits": _given(
            MaxNumberOfTrainingJobs=spec.limits.max_trainings,
            MaxParallelTrainingJobs=spec.limits.max_parallel,
            MaxRuntimeInSeconds=spec.limits.max_runtime_s,
        ),
        "TrainingJobEarlyStoppingType": spec.early_stopping.type.value,
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
        config["ParameterRanges"] = _ranges_tree(spec.definitions[0].parameters)
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


def _ranges_tree(parameters: tuple[Parameter, ...]) -> Tree:
    tree: Tree = {"ContinuousParameterRanges": [], "IntegerParameterRanges": [], "CategoricalParameterRanges": []}
    for parameter in parameters:
        match parameter.range:
            case Choice(values):
                tree["CategoricalParameterRanges"].append({"Name": parameter.name, "Values": list(values)})
            case Float():
                tree["ContinuousParameterRanges"].append(_numeric_tree(parameter, parameter.range))
            case Int():
                tree["IntegerParameterRanges"].append(_numeric_tree(parameter, parameter.range))
    return tree


def _numeric_tree(parameter: Parameter, range_: Float | Int) -> Tree:
    tree = {
        "Name": parameter.name,
        "MinValue": parameter.low_text or text_of(range_.low),
        "MaxValue": parameter.high_text or text_of(range_.high),
    }
    return tree | ({"ScalingType": range_.scaling.value} if parameter.scaling_given else {})


def _listed_tree(definition: Definition) -> Tree:
    tree = {"DefinitionName": definition.name, "HyperParameterRanges": _ranges_tree(definition.parameters)}
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
