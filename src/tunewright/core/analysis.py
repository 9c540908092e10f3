"""What analyses of a tuning job answer, as values; docs/analysis.md says what each figure means.

Field names equal those of proto/tunewright/v1/metrics_service.proto, so that one codec carries them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tunewright.core.space import Value
from tunewright.core.spec import Parameter


class Analysis(StrEnum):
    IMPORTANCE = "importance"
    PARTIAL_DEPENDENCE = "partial dependence"
    BEST_SO_FAR = "best so far"
    DISTRIBUTION = "distribution"
    ADVICE = "advice"


class Method(StrEnum):
    """How importance is measured."""

    PED_ANOVA = "ped_anova"
    SOBOL = "sobol"
    SOBOL_TOTAL = "sobol_total"


@dataclass(frozen=True, slots=True)
class Importance:
    """A hyperparameter's share by one method, within an interval of 90 %."""

    parameter: str
    method: str
    """A Method; newer servers may know more."""
    share: float
    low: float
    high: float
    definition_name: str = ""


@dataclass(frozen=True, slots=True)
class PartialDependence:
    """The model's mean of the objective at values of one hyperparameter, all others averaged out."""

    parameter: str
    at: tuple[Value, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    """Standard deviations of the means."""
    definition_name: str = ""


@dataclass(frozen=True, slots=True)
class BestStep:
    """A training whose objective was the best so far when it ended."""

    number: int
    at: float
    """Unix seconds."""
    value: float
    trainings: int
    """How many had ended by then, this one included."""


@dataclass(frozen=True, slots=True)
class Share:
    """So large a share of the objectives is this good or better."""

    value: float
    share: float


class AdviceKind(StrEnum):
    """Stable names for programs, in the order in which advice is given: what matters most first."""

    FAILS_IN_REGION = "FAILS_IN_REGION"
    BEST_AT_EDGE = "BEST_AT_EDGE"
    NOISE_LARGER_THAN_GAIN = "NOISE_LARGER_THAN_GAIN"
    PARALLELISM_TOO_HIGH = "PARALLELISM_TOO_HIGH"
    PLATEAU = "PLATEAU"
    NO_EFFECT = "NO_EFFECT"


@dataclass(frozen=True, slots=True)
class Advice:
    """What could be done better."""

    kind: str
    """An AdviceKind; newer servers may know more."""
    text: str
    remedy: str = ""
    definition_name: str = ""
    suggested: Parameter | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A hyperparameter with another range than the job has: what a next job should search."""

    parameter: Parameter
    """A range of one value: fixed."""
    reason: str
    definition_name: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An analysis that has too little to rest on."""

    analysis: Analysis
    reason: str
    definition_name: str = ""


@dataclass(frozen=True, slots=True)
class Analyses:
    importances: tuple[Importance, ...] = ()
    dependences: tuple[PartialDependence, ...] = ()
    best_so_far: tuple[BestStep, ...] = ()
    distribution: tuple[Share, ...] = ()
    advice: tuple[Advice, ...] = ()
    refused: tuple[Refusal, ...] = ()
    trainings: int = 0
    """Objectives that all this rests on."""
    stopped: int = 0
    """How many of them are of trainings that were stopped early."""
    left_out: int = 0
    """Ended trainings without an objective."""
    narrowed: tuple[Narrowed, ...] = ()
    """With advice."""
