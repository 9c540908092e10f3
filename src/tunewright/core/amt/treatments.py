"""What becomes of each member of AWS's two create requests: honoured, stored and told again, or refused.

Paths are dotted, without indexes. A structure that is stored or refused as a whole has one row; of one that is
honoured each leaf has its own, so that a member that a new botocore brings has no row, which a test finds.
Refused is what would otherwise do silently something else than was asked for; stored is what matters only inside AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    HONOURED = "honoured"
    STORED = "stored"
    """It changes nothing here, and Describe tells it again."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Treatment:
    """`note` is for people: why a member is stored or refused, or how far it is honoured."""

    kind: Kind
    note: str = ""
    only: tuple[str | int | bool, ...] = ()
    """Of an honoured member: any other value is refused, for the reason in `note`."""


def _stored(note: str) -> Treatment:
    return Treatment(Kind.STORED, note)


def _refused(note: str) -> Treatment:
    return Treatment(Kind.REFUSED, note)


def _only(*values: str | int | bool, note: str) -> Treatment:
    return Treatment(Kind.HONOURED, note, values)


HONOURED: Final = Treatment(Kind.HONOURED)
KEY: Final = _stored("Data stands on your own disks and stores, encrypted as they are")
PLACE: Final = _stored("Says where in AWS a training runs")
FILES: Final = _only("File", "FastFile", note="Data come as files, no pipes: FastFile shows them where they lie")
COUNT: Final = Treatment(Kind.HONOURED, "1 to 100, all on the host of one trainer")
ONE_GROUP: Final = "All instances of a training are of one type; give InstanceType and InstanceCount"
IN_CONFIG: Final = "With one definition it stands in HyperParameterTuningJobConfig"
OF_HUB: Final = "Models of AWS's hub are not here; give a channel with what the program needs"
READ_ONLY: Final = "AWS tells it and does not take it"
DEBUGGER: Final = _stored("SageMaker Debugger and its profiler are not here; SDKs send it unasked")

RANGE: Final = ("Name", "MinValue", "MaxValue", "ScalingType")


def _ranges(path: str) -> dict[str, Treatment]:
    numeric = {f"{path}.{kind}.{end}": HONOURED for kind in NUMERIC for end in RANGE}
    return numeric | {f"{path}.CategoricalParameterRanges.{end}": HONOURED for end in ("Name", "Values")}


NUMERIC: Final = ("IntegerParameterRanges", "ContinuousParameterRanges")
CONFIG: Final = "HyperParameterTuningJobConfig"
CRITERIA: Final = f"{CONFIG}.TuningJobCompletionCriteria"

OF_TUNING_JOB: Final[Mapping[str, Treatment]] = {
    "HyperParameterTuningJobName": HONOURED,
    f"{CONFIG}.Strategy": HONOURED,
    f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig.MinResource": HONOURED,
    f"{CONFIG}.StrategyConfig.HyperbandStrategyConfig.MaxResource": HONOURED,
    f"{CONFIG}.HyperParameterTuningJobObjective.Type": HONOURED,
    f"{CONFIG}.HyperParameterTuningJobObjective.MetricName": HONOURED,
    f"{CONFIG}.ResourceLimits.MaxNumberOfTrainingJobs": HONOURED,
    f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs": HONOURED,
    f"{CONFIG}.ResourceLimits.MaxRuntimeInSeconds": HONOURED,
    **_ranges(f"{CONFIG}.ParameterRanges"),
    f"{CONFIG}.ParameterRanges.AutoParameters.Name": HONOURED,
    f"{CONFIG}.ParameterRanges.AutoParameters.ValueHint": HONOURED,
    f"{CONFIG}.TrainingJobEarlyStoppingType": HONOURED,
    f"{CRITERIA}.TargetObjectiveMetricValue": HONOURED,
    f"{CRITERIA}.BestObjectiveNotImproving.MaxNumberOfTrainingJobsNotImproving": HONOURED,
    f"{CRITERIA}.ConvergenceDetected.CompleteOnConvergence": HONOURED,
    f"{CONFIG}.RandomSeed": HONOURED,
    "WarmStartConfig.ParentHyperParameterTuningJobs.HyperParameterTuningJobName": HONOURED,
    "WarmStartConfig.WarmStartType": HONOURED,
    "Tags.Key": HONOURED,
    "Tags.Value": HONOURED,
    "Autotune.Mode": HONOURED,
    "TrainingJobDefinition.TuningObjective": _refused(IN_CONFIG),
    "TrainingJobDefinition.HyperParameterRanges": _refused(IN_CONFIG),
    "TrainingJobDefinitions.TuningObjective.Type": HONOURED,
    "TrainingJobDefinitions.TuningObjective.MetricName": HONOURED,
    **_ranges("TrainingJobDefinitions.HyperParameterRanges"),
    "TrainingJobDefinitions.HyperParameterRanges.AutoParameters": _refused("Autotune chooses for one definition"),
}
"""Of CreateHyperParameterTuningJob alone."""

TUNING: Final = "HyperParameterTuningResourceConfig"

OF_DEFINITION: Final[Mapping[str, Treatment]] = {
    "DefinitionName": HONOURED,
    "StaticHyperParameters": HONOURED,
    f"{TUNING}.InstanceType": HONOURED,
    f"{TUNING}.InstanceCount": COUNT,
    f"{TUNING}.VolumeSizeInGB": _stored("The disk is the trainer's"),
    f"{TUNING}.VolumeKmsKeyId": KEY,
    f"{TUNING}.AllocationStrategy": _stored("The first of InstanceConfigs is always to be had"),
    f"{TUNING}.InstanceConfigs.InstanceType": Treatment(Kind.HONOURED, "Of several, the first is used"),
    f"{TUNING}.InstanceConfigs.InstanceCount": COUNT,
    f"{TUNING}.InstanceConfigs.VolumeSizeInGB": _stored("The disk is the trainer's"),
}
"""Below TrainingJobDefinition and TrainingJobDefinitions alone."""

CHANNEL: Final = "InputDataConfig"
S3: Final = f"{CHANNEL}.DataSource.S3DataSource"

SHARED: Final[Mapping[str, Treatment]] = {
    "AlgorithmSpecification.TrainingImage": HONOURED,
    "AlgorithmSpecification.AlgorithmName": _refused("AWS's own and its Marketplace's algorithms are not here"),
    "AlgorithmSpecification.TrainingInputMode": FILES,
    "AlgorithmSpecification.MetricDefinitions.Name": HONOURED,
    "AlgorithmSpecification.MetricDefinitions.Regex": HONOURED,
    "RoleArn": _stored("There are no roles here: a program has the rights of the trainer's user"),
    f"{CHANNEL}.ChannelName": HONOURED,
    f"{S3}.S3DataType": _only("S3Prefix", "ManifestFile", note="Augmented manifests come by pipes, which are not here"),
    f"{S3}.S3Uri": HONOURED,
    f"{S3}.S3DataDistributionType": HONOURED,
    f"{S3}.AttributeNames": _refused("Of augmented manifests, which come by pipes"),
    f"{S3}.InstanceGroupNames": _refused(ONE_GROUP),
    f"{S3}.ModelAccessConfig": _refused(OF_HUB),
    f"{S3}.HubAccessConfig": _refused(OF_HUB),
    f"{CHANNEL}.DataSource.FileSystemDataSource": _refused("Mount it on the trainer's host, and give file:///folder"),
    f"{CHANNEL}.DataSource.DatasetSource": _refused("AWS's datasets are not here"),
    f"{CHANNEL}.ContentType": HONOURED,
    f"{CHANNEL}.CompressionType": HONOURED,
    f"{CHANNEL}.RecordWrapperType": _only("None", note="Of pipes, which are not here"),
    f"{CHANNEL}.InputMode": FILES,
    f"{CHANNEL}.ShuffleConfig": _stored("Files in a folder have no order"),
    "VpcConfig": PLACE,
    "OutputDataConfig.KmsKeyId": KEY,
    "OutputDataConfig.S3OutputPath": HONOURED,
    "OutputDataConfig.CompressionType": _only("GZIP", note="Models are kept as model.tar.gz"),
    "ResourceConfig.InstanceType": HONOURED,
    "ResourceConfig.InstanceCount": COUNT,
    "ResourceConfig.VolumeSizeInGB": _stored("The disk is the trainer's"),
    "ResourceConfig.VolumeKmsKeyId": KEY,
    "ResourceConfig.KeepAlivePeriodInSeconds": _stored("There is no instance to keep warm"),
    "ResourceConfig.InstanceGroups": _refused(ONE_GROUP),
    "ResourceConfig.TrainingPlanArn": PLACE,
    "ResourceConfig.InstancePlacementConfig": PLACE,
    "ResourceConfig.InstancePreferences": _refused("Give one InstanceType"),
    "ResourceConfig.SelectedInstanceType": _refused(READ_ONLY),
    "ResourceConfig.SelectedInstanceCount": _refused(READ_ONLY),
    "StoppingCondition.MaxRuntimeInSeconds": HONOURED,
    "StoppingCondition.MaxWaitTimeInSeconds": HONOURED,
    "StoppingCondition.MaxPendingTimeInSeconds": _stored("Trainings wait for a free slot, not for capacity of AWS"),
    "EnableNetworkIsolation": Treatment(
        Kind.HONOURED, "In containers; a program of the trainer's host has that host's network, and is refused"
    ),
    "EnableInterContainerTrafficEncryption": _stored("Instances of a training are on one host"),
    "EnableManagedSpotTraining": Treatment(
        Kind.HONOURED, "Once taken back with its host, a training goes on elsewhere from its checkpoint"
    ),
    "CheckpointConfig.S3Uri": Treatment(Kind.HONOURED, "Each training has a folder of its name there, never another's"),
    "CheckpointConfig.LocalPath": HONOURED,
    "RetryStrategy.MaximumRetryAttempts": HONOURED,
    "Environment": HONOURED,
}
"""Below a definition, and of CreateTrainingJob."""

OF_TRAINING: Final[Mapping[str, Treatment]] = {
    "TrainingJobName": HONOURED,
    "HyperParameters": HONOURED,
    "AlgorithmSpecification.EnableSageMakerMetricsTimeSeries": _stored("Every value is kept anyway"),
    "AlgorithmSpecification.ContainerEntrypoint": HONOURED,
    "AlgorithmSpecification.ContainerArguments": HONOURED,
    "AlgorithmSpecification.TrainingImageConfig": _stored("Says how AWS reaches a registry"),
    "DebugHookConfig": DEBUGGER,
    "DebugRuleConfigurations": _refused("SageMaker Debugger is not here: nothing would judge by the rules"),
    "TensorBoardOutputConfig": _refused("Nothing would copy the files; write them into the model's folder"),
    "ExperimentConfig": _stored("There are no experiments here; tags group jobs"),
    "ProfilerConfig": DEBUGGER,
    "ProfilerRuleConfigurations": DEBUGGER,
    "RemoteDebugConfig": _stored("The trainer's host is yours to log in to"),
    "InfraCheckConfig": PLACE,
    "SessionChainingConfig": PLACE,
    "ServerlessJobConfig": _refused(OF_HUB),
    "MlflowConfig": _refused("Give the program MLFLOW_TRACKING_URI in Environment"),
    "ModelPackageConfig": _refused("There is no registry of models here"),
}
"""Of CreateTrainingJob alone."""
