"""AMT's request body as a specification; a member that AMT has and we do not take is refused like any unknown one."""

from __future__ import annotations

from typing import Any, Final

from tunewright.core.amt.members import CONFIG, NAME
from tunewright.core.amt.ranges import hints_of, parameters_of
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members, checked
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
ENABLED: Final = {"Enabled": True, "Disabled": False}


def looks_like_amt(tree: Any) -> bool:
    """Say whether a tree is meant as AMT's body rather than as a job file of ours."""
    return isinstance(tree, dict) and (NAME in tree or CONFIG in tree)


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
                early_stopping=EarlyStoppingRule(_early_stopping(config)),
                random_seed=config.maybe("RandomSeed", int),
                warm_start=_warm_start(top),
                autotune=_autotune(top),
                auto_parameters={} if listed else hints_of(config.maps("ParameterRanges")),
                tags={tag.take("Key", str): tag.take("Value", str) for tag in top.each("Tags")},
                listed_definitions=listed,
            )


def _definitions(top: Members, config: Members, *, listed: bool) -> tuple[Definition, ...]:
    if listed:
        found = tuple(_listed_definition(members) for members in top.each("TrainingJobDefinitions"))
        if not found:
            raise InvalidSpec("TrainingJobDefinitions", "are missing", "Say what to train")
        return found
    with top.maps("TrainingJobDefinition") as members:
        return (
            _definition(members, parameters_of(config.maps("ParameterRanges"), hints=True), _single_objective(config)),
        )


def _listed_definition(members: Members) -> Definition:
    with members:
        objective = _objective(members.maps("TuningObjective"))
        return _definition(members, parameters_of(members.maps("HyperParameterRanges")), objective)


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
    given = [name for name in ("ResourceConfig", "HyperParameterTuningResourceConfig") if members.has(name)]
    if len(given) == 2:
        raise InvalidSpec(members.at(given[1]), "stands beside ResourceConfig", "Give one of the two")
    with members.maps(given[0] if given else "ResourceConfig") as config:
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


def _hyperband(strategy_config: Members) -> HyperbandConfig | None:
    if not strategy_config.has("HyperbandStrategyConfig"):
        return None
    with strategy_config.maps("HyperbandStrategyConfig") as members:
        return HyperbandConfig(members.maybe("MinResource", int), members.maybe("MaxResource", int))


def _early_stopping(config: Members) -> EarlyStopping | None:
    options: dict[str, EarlyStopping | None] = {item.value: item for item in EarlyStopping}
    return config.choice("TrainingJobEarlyStoppingType", options, None)


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
