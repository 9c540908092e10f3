"""A specification as AMT's request body."""

from __future__ import annotations

from typing import Any

from tunewright.core.amt.definitions import definition_tree, given
from tunewright.core.amt.members import CONFIG, NAME
from tunewright.core.amt.patch import patched, read_patch
from tunewright.core.amt.ranges import AUTO, hints_tree, ranges_tree
from tunewright.core.amt.tags import TAGS, tags_tree
from tunewright.core.spec import Completion, Definition, EarlyStopping, Objective, TuningJobSpec

Tree = dict[str, Any]


def to_amt(spec: TuningJobSpec) -> Tree:
    """Write AMT's request body; members that were not given are absent."""
    config: Tree = {
        "Strategy": spec.strategy.value,
        "ResourceLimits": given(
            MaxNumberOfTrainingJobs=spec.limits.max_trainings,
            MaxParallelTrainingJobs=spec.limits.max_parallel,
            MaxRuntimeInSeconds=spec.limits.max_runtime_s,
        ),
        "TrainingJobEarlyStoppingType": (spec.early_stopping.type or EarlyStopping.OFF).value,
    }
    if spec.hyperband is not None:
        hyperband = given(MinResource=spec.hyperband.min_resource, MaxResource=spec.hyperband.max_resource)
        config["StrategyConfig"] = {"HyperbandStrategyConfig": hyperband}
    config |= given(TuningJobCompletionCriteria=_criteria(spec.completion) or None, RandomSeed=spec.random_seed)
    body: Tree = {NAME: spec.name, CONFIG: config}
    if spec.listed_definitions:
        body["TrainingJobDefinitions"] = [_listed_tree(item) for item in spec.definitions]
    else:
        config["HyperParameterTuningJobObjective"] = _objective_tree(spec.objective)
        config["ParameterRanges"] = ranges_tree(spec.definitions[0].parameters)
        if spec.auto_parameters:
            config["ParameterRanges"][AUTO] = hints_tree(spec.auto_parameters)
        body["TrainingJobDefinition"] = definition_tree(spec.definitions[0])
    if spec.warm_start is not None:
        parents = [{NAME: name} for name in spec.warm_start.parents]
        body["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": parents,
            "WarmStartType": spec.warm_start.type.value,
        }
    if spec.autotune:
        body["Autotune"] = {"Mode": "Enabled"}
    if spec.tags:
        body[TAGS] = tags_tree(spec.tags)
    return body


def told(spec: TuningJobSpec) -> Tree:
    """Write AMT's request body as it was given, with what has changed since."""
    return patched(to_amt(spec), read_patch(spec.amt_patch))


def _criteria(completion: Completion) -> Tree:
    tree = given(TargetObjectiveMetricValue=completion.target)
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
    return tree | definition_tree(definition)
