"""Request bodies of AWS as hypothesis makes them: every member that may be absent sometimes is, and lists are empty."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6)
TEXTS = st.text(max_size=8)
QUOTED = st.sampled_from(['"adam"', '"sgd"', '["a", 1]', "plain", "", "3", "true"])
"""Values of the SageMaker SDK's framework estimators are JSON."""
ENDS = [("0.0000100", "1E-1"), ("-1", "+1.50"), ("0", "1e3"), (".5", "0.90")]
WHOLE_ENDS = [("1", "10"), ("-3", "+4"), ("007", "7")]
SCALINGS = st.sampled_from(["Auto", "Linear"])
SWITCHES = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")


def some(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Structures with the members required, and any of the others; those may also be null."""
    return st.fixed_dictionaries(required, optional={name: member | st.none() for name, member in optional.items()})


def _ranges(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    def numeric(name: str, ends: list[tuple[str, str]]) -> st.SearchStrategy[dict[str, Any]]:
        return st.sampled_from(ends).flatmap(
            lambda pair: some(
                {"Name": st.just(name), "MinValue": st.just(pair[0]), "MaxValue": st.just(pair[1])},
                ScalingType=SCALINGS,
            )
        )

    third = max(1, len(names) // 3)
    categorical = [
        st.fixed_dictionaries({"Name": st.just(name), "Values": st.lists(QUOTED, min_size=1, max_size=3, unique=True)})
        for name in names[2 * third :]
    ]
    return some(
        {},
        ContinuousParameterRanges=st.tuples(*(numeric(name, ENDS) for name in names[:third])).map(list),
        IntegerParameterRanges=st.tuples(*(numeric(name, WHOLE_ENDS) for name in names[third : 2 * third])).map(list),
        CategoricalParameterRanges=st.tuples(*categorical).map(list),
    )


RANGES = st.lists(NAMES, max_size=6, unique=True).flatmap(_ranges)
OBJECTIVE = st.fixed_dictionaries({"Type": st.sampled_from(["Maximize", "Minimize"]), "MetricName": NAMES})
MAPS = st.dictionaries(NAMES, TEXTS, max_size=3)
VPC = st.fixed_dictionaries({"SecurityGroupIds": st.lists(NAMES, max_size=2), "Subnets": st.lists(NAMES, max_size=2)})
CLASSIC = some(
    {},
    InstanceType=NAMES,
    InstanceCount=st.just(1),
    VolumeSizeInGB=st.integers(0, 9),
    VolumeKmsKeyId=TEXTS,
    KeepAlivePeriodInSeconds=st.integers(0, 9),
)
INSTANCE = st.fixed_dictionaries(
    {"InstanceType": NAMES, "InstanceCount": st.just(1), "VolumeSizeInGB": st.integers(1, 9)}
)
TUNING = some(
    {}, InstanceType=NAMES, InstanceCount=st.just(1), VolumeSizeInGB=st.integers(0, 9), VolumeKmsKeyId=TEXTS
) | some(
    {"InstanceConfigs": st.lists(INSTANCE, min_size=1, max_size=3)},
    VolumeKmsKeyId=TEXTS,
    AllocationStrategy=st.just("Prioritized"),
)
CHANNEL = some(
    {
        "ChannelName": NAMES,
        "DataSource": st.fixed_dictionaries(
            {
                "S3DataSource": some(
                    {"S3Uri": NAMES, "S3DataType": st.just("S3Prefix")},
                    S3DataDistributionType=st.sampled_from(["FullyReplicated", "ShardedByS3Key"]),
                    AttributeNames=st.just([]),
                )
            }
        ),
    },
    ContentType=TEXTS,
    CompressionType=st.just("None"),
    RecordWrapperType=st.just("None"),
    InputMode=st.just("File"),
    ShuffleConfig=st.fixed_dictionaries({"Seed": st.integers(0, 2**40)}),
)
METRICS = st.lists(st.fixed_dictionaries({"Name": NAMES, "Regex": TEXTS}), max_size=3)
SHARED: dict[str, Any] = {
    "VpcConfig": VPC,
    "InputDataConfig": st.lists(CHANNEL, max_size=2),
    "RetryStrategy": st.fixed_dictionaries({"MaximumRetryAttempts": st.integers(1, 30)}),
    "Environment": MAPS,
    "CheckpointConfig": st.just({}),
    **{switch: st.just(value=False) for switch in SWITCHES[::2]},
    SWITCHES[1]: st.booleans(),
}
REQUIRED: dict[str, Any] = {
    "RoleArn": TEXTS,
    "OutputDataConfig": some({"S3OutputPath": NAMES}, KmsKeyId=TEXTS, CompressionType=st.just("GZIP")),
    "StoppingCondition": some({}, MaxRuntimeInSeconds=st.integers(1, 10**6), MaxPendingTimeInSeconds=st.integers(1, 9)),
}
ALGORITHM = some({"TrainingInputMode": st.just("File")}, TrainingImage=NAMES, MetricDefinitions=METRICS)
RESOURCES = [{"ResourceConfig": CLASSIC}, {"HyperParameterTuningResourceConfig": TUNING}, {}]


def _definitions(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    required = {**REQUIRED, "AlgorithmSpecification": ALGORITHM, **required}
    return st.one_of(
        *(some(required, StaticHyperParameters=MAPS, **SHARED, **resources, **optional) for resources in RESOURCES)
    )


def _config(**members: Any) -> st.SearchStrategy[dict[str, Any]]:
    limits = some(
        {"MaxParallelTrainingJobs": st.integers(1, 9)},
        MaxNumberOfTrainingJobs=st.integers(1, 9),
        MaxRuntimeInSeconds=st.integers(120, 999),
    )
    criteria = some(
        {},
        TargetObjectiveMetricValue=st.floats(-9, 9) | st.integers(-9, 9),
        BestObjectiveNotImproving=some({}, MaxNumberOfTrainingJobsNotImproving=st.integers(3, 9)),
        ConvergenceDetected=some({}, CompleteOnConvergence=st.sampled_from(["Enabled", "Disabled"])),
    )
    hyperband = some({}, HyperbandStrategyConfig=some({}, MinResource=st.integers(1, 9), MaxResource=st.integers(1, 9)))
    return some(
        {
            "Strategy": st.sampled_from(["Bayesian", "Random", "Hyperband", "Grid"]),
            "ResourceLimits": limits,
            **members,
        },
        StrategyConfig=hyperband,
        TrainingJobEarlyStoppingType=st.sampled_from(["Off", "Auto"]),
        TuningJobCompletionCriteria=criteria,
        RandomSeed=st.integers(0, 2**31),
    )


TAGS = st.dictionaries(NAMES, TEXTS, max_size=3).map(
    lambda tags: [{"Key": key, "Value": value} for key, value in tags.items()]
)
WARM_START = st.fixed_dictionaries(
    {
        "ParentHyperParameterTuningJobs": st.lists(
            st.fixed_dictionaries({"HyperParameterTuningJobName": NAMES}), max_size=2
        ),
        "WarmStartType": st.sampled_from(["IdenticalDataAndAlgorithm", "TransferLearning"]),
    }
)
BESIDE: dict[str, Any] = {"WarmStartConfig": WARM_START, "Tags": TAGS}

TUNING_JOBS = some(
    {
        "HyperParameterTuningJobName": NAMES,
        "HyperParameterTuningJobConfig": _config(HyperParameterTuningJobObjective=OBJECTIVE, ParameterRanges=RANGES),
        "TrainingJobDefinition": _definitions({}, DefinitionName=NAMES, TuningObjective=st.just({})),
    },
    **BESIDE,
    Autotune=st.just({"Mode": "Enabled"}),
) | some(
    {
        "HyperParameterTuningJobName": NAMES,
        "HyperParameterTuningJobConfig": _config(),
        "TrainingJobDefinitions": st.lists(
            _definitions({"DefinitionName": NAMES, "TuningObjective": OBJECTIVE}, HyperParameterRanges=RANGES),
            min_size=1,
            max_size=2,
        ),
    },
    **BESIDE,
)
"""Bodies of CreateHyperParameterTuningJob, in both forms."""

TRAININGS = some(
    {"TrainingJobName": NAMES, **REQUIRED},
    HyperParameters=MAPS,
    AlgorithmSpecification=some(
        {"TrainingInputMode": st.just("File")},
        TrainingImage=NAMES,
        MetricDefinitions=METRICS,
        ContainerEntrypoint=st.lists(TEXTS, max_size=2),
        ContainerArguments=st.lists(TEXTS, max_size=2),
        EnableSageMakerMetricsTimeSeries=st.booleans(),
    ),
    ResourceConfig=CLASSIC,
    **SHARED,
    Tags=TAGS,
    ExperimentConfig=some({}, ExperimentName=NAMES, TrialName=NAMES),
    DebugHookConfig=some({"S3OutputPath": NAMES}, HookParameters=MAPS),
    ProfilerConfig=some({}, DisableProfiler=st.booleans(), ProfilingParameters=MAPS),
    ProfilerRuleConfigurations=st.lists(some({"RuleConfigurationName": NAMES}, RuleParameters=MAPS), max_size=2),
)
"""Bodies of CreateTrainingJob."""
