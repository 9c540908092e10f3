"""AMT's CreateHyperParameterTuningJob body as a specification."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from tunewright.core.amt.body import opened
from tunewright.core.amt.definitions import definition_of
from tunewright.core.amt.members import CONFIG, NAME
from tunewright.core.amt.patch import difference, patch_text, without_nulls
from tunewright.core.amt.ranges import hints_of, parameters_of
from tunewright.core.amt.tags import tags_of
from tunewright.core.amt.treatment import TUNING_JOB
from tunewright.core.amt.writing import to_amt
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import Members
from tunewright.core.spec import (
    Completion,
    Definition,
    Direction,
    EarlyStopping,
    EarlyStoppingRule,
    HyperbandConfig,
    Limits,
    Objective,
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
    spec = _read(opened(tree, TUNING_JOB))
    return replace(spec, amt_patch=patch_text(difference(to_amt(spec), without_nulls(tree))))


def _read(body: Members) -> TuningJobSpec:
    with body as top, top.maps(CONFIG) as config:
        listed = top.has("TrainingJobDefinitions")
        if listed == top.has("TrainingJobDefinition"):
            raise InvalidSpec("TrainingJobDefinition", "give exactly one of it and TrainingJobDefinitions", "")
        limits, hyperband = config.maps("ResourceLimits"), config.maps("StrategyConfig")
        definitions = _definitions(top, config, listed=listed)
        objective = definitions[0].objective
        assert objective is not None  # noqa: S101 - each was read with its own
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
                tags=tags_of(top),
                listed_definitions=listed,
            )


def _definitions(top: Members, config: Members, *, listed: bool) -> tuple[Definition, ...]:
    if listed:
        found = tuple(_listed_definition(members) for members in top.each("TrainingJobDefinitions"))
        if not found:
            raise InvalidSpec("TrainingJobDefinitions", "are missing", "Say what to train")
        for name in ("HyperParameterTuningJobObjective", "ParameterRanges"):
            if config.maybe(name, dict):
                raise InvalidSpec(config.at(name), "stands beside TrainingJobDefinitions", "Give each its own")
        return found
    objective = _objective(config, "HyperParameterTuningJobObjective")
    with top.maps("TrainingJobDefinition") as members:
        return (definition_of(members, parameters_of(config.maps("ParameterRanges"), hints=True), objective),)


def _listed_definition(members: Members) -> Definition:
    with members:
        objective = _objective(members, "TuningObjective")
        return definition_of(members, parameters_of(members.maps("HyperParameterRanges")), objective)


def _objective(around: Members, name: str) -> Objective:
    if not around.has(name):  # which botocore's model allows
        raise InvalidSpec(around.at(name), "is missing", "Name metric and type")
    with around.maps(name) as members:
        direction = members.one_of("Type", {item.value: item for item in Direction})
        return Objective(members.take("MetricName", str), direction)


def _without_objective(definition: Definition) -> Definition:
    return replace(definition, objective=None)


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
        return WarmStart(parents, members.one_of("WarmStartType", {item.value: item for item in WarmStartType}))


def _autotune(top: Members) -> bool:
    with top.maps("Autotune") as members:
        return members.choice("Mode", {"Enabled": True}, default=False)
