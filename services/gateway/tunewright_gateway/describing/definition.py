"""A training definition as Describe tells it: what AMT adds to the request, fills in and leaves out."""

from __future__ import annotations

from typing import Any, Final

from tunewright.core.amt.definitions import INSTANCES, RESOURCES, SIZES, STATIC, TUNING_RESOURCES

Tree = dict[str, Any]

TUNING_METRIC: Final = "_tuning_objective_metric"
"""The static hyperparameter by which a program knows that it is tuned, and for what."""
ALIAS: Final = "ObjectiveMetric"
"""Under this name the objective is defined once more, behind all that was asked for."""
SWITCHES: Final = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
CHANNEL_DEFAULTS: Final = {"CompressionType": "None", "RecordWrapperType": "None"}
SOURCE_DEFAULTS: Final = {"S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated"}


def definition_told(asked: Tree, written: Tree, metric: str) -> Tree:
    """Return a definition of a tuning job; `written` is what its specification alone says, `metric` its objective."""
    definition = filled(asked, written)
    definition[STATIC] = {**definition.get(STATIC, {}), TUNING_METRIC: metric}
    definition["AlgorithmSpecification"] = _with_alias(definition["AlgorithmSpecification"], metric)
    definition["OutputDataConfig"] = _without(definition["OutputDataConfig"], "CompressionType")
    definition["StoppingCondition"] = _without(definition["StoppingCondition"], "MaxPendingTimeInSeconds")
    return definition


def filled(asked: Tree, written: Tree) -> Tree:
    """Return what was asked for with what AWS always tells, of a definition or of a training alone."""
    tree = dict(asked)
    resources = tree.get(TUNING_RESOURCES, {})
    if len(resources.get(INSTANCES, ())) <= 1:
        tree.pop(TUNING_RESOURCES, None)
    tree[RESOURCES] = tree.get(RESOURCES) or _classic(resources, written[RESOURCES])
    mode = {"TrainingInputMode": written["AlgorithmSpecification"]["TrainingInputMode"]}
    tree["AlgorithmSpecification"] = mode | tree.get("AlgorithmSpecification", {})
    tree["StoppingCondition"] = written["StoppingCondition"] | tree.get("StoppingCondition", {})
    tree["OutputDataConfig"] = tree.get("OutputDataConfig") or written["OutputDataConfig"]
    if "InputDataConfig" in tree:
        tree["InputDataConfig"] = [_channel(channel) for channel in tree["InputDataConfig"]]
    return dict.fromkeys(SWITCHES, False) | tree


def _classic(resources: Tree, written: Tree) -> Tree:
    """Return the tuning job's form of resources in the classic one; SDKs send the one and read the other."""
    given = resources.get(INSTANCES) or [resources]
    kept = {name: value for name, value in resources.items() if name == "VolumeKmsKeyId"}
    return {name: given[0].get(name, written[name]) for name in SIZES} | kept


def _channel(channel: Tree) -> Tree:
    source = channel.get("DataSource", {})
    if "S3DataSource" in source:
        s3 = _without(SOURCE_DEFAULTS | source["S3DataSource"], "InstanceGroupNames")
        channel = channel | {"DataSource": {**source, "S3DataSource": s3}}
    return CHANNEL_DEFAULTS | channel


def _with_alias(algorithm: Tree, metric: str) -> Tree:
    metrics = algorithm.get("MetricDefinitions", [])
    regex = {item["Name"]: item["Regex"] for item in metrics}.get(metric, "")
    alias = [] if any(item["Name"] == ALIAS for item in metrics) else [{"Name": ALIAS, "Regex": regex}]
    return algorithm | {"MetricDefinitions": [*metrics, *alias]}


def _without(tree: Tree, name: str) -> Tree:
    return {member: value for member, value in tree.items() if member != name}
