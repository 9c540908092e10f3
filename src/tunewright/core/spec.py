"""What a user asks for: the tuning job's specification, as values.

Field names equal those of proto/tunewright/v1/spec.proto, so that one codec carries them (a test compares the two).
`check` is the only judge of a specification: the command line, the services and the gateway all call it.
Durations are seconds, times are Unix seconds, sizes are bytes; None means not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tunewright.core.space import Range, Value


class Direction(StrEnum):
    MAXIMIZE = "Maximize"
    MINIMIZE = "Minimize"

    def better(self, one: float, other: float) -> bool:
        """Say whether objective `one` is strictly better than `other`."""
        return one > other if self is Direction.MAXIMIZE else one < other


class Strategy(StrEnum):
    BAYESIAN = "Bayesian"
    RANDOM = "Random"
    GRID = "Grid"
    HYPERBAND = "Hyperband"


class EarlyStopping(StrEnum):
    OFF = "Off"
    AUTO = "Auto"


class WarmStartType(StrEnum):
    IDENTICAL_DATA_AND_ALGORITHM = "IdenticalDataAndAlgorithm"
    TRANSFER_LEARNING = "TransferLearning"


class ObjectiveReading(StrEnum):
    """Which emitted value of a training counts: AMT takes the last."""

    LAST = "Last"
    BEST = "Best"
    MEAN_OF_LAST = "MeanOfLast"


class InputMode(StrEnum):
    FILE = "File"
    PIPE = "Pipe"
    FAST_FILE = "FastFile"


@dataclass(frozen=True, slots=True)
class Objective:
    metric_name: str
    direction: Direction = Direction.MAXIMIZE
    reading: ObjectiveReading = ObjectiveReading.LAST
    last_k: int = 1
    """How many values MEAN_OF_LAST averages."""


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    name: str
    regex: str = ""
    """Group 1 captures the number. Empty: it is named in JSON lines, in the metrics file or in reports."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tunable hyperparameter. `text` keeps the ends as the user wrote them, for an exact echo."""

    name: str
    range: Range
    low_text: str = ""
    high_text: str = ""
    scaling_given: bool = True
    hint: Value | None = None
    """A value to try first."""


@dataclass(frozen=True, slots=True)
class Channel:
    name: str
    uri: str = ""
    s3_data_type: str = "S3Prefix"
    distribution: str = "FullyReplicated"
    content_type: str = ""
    compression: str = "None"
    record_wrapper: str = "None"
    input_mode: str = ""
    shuffle_seed: int | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What one training needs.

    `instance_type` names a row of the installation's table (docs/instances.md); `local` is a slot and nothing more.
    """

    instance_type: str = "local"
    instance_count: int = 1
    volume_size_gb: int = 1
    gpus_shared: bool = False


@dataclass(frozen=True, slots=True)
class StoppingCondition:
    max_runtime_s: int = 86_400
    max_wait_s: int | None = None
    max_pending_s: int | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """One training algorithm: image, fixed hyperparameters, ranges, what it emits, where it runs."""

    image: str
    name: str = ""
    parameters: tuple[Parameter, ...] = ()
    static_hyperparameters: Mapping[str, str] = field(default_factory=dict)
    objective: Objective | None = None
    """Of this definition, in jobs of several; else the job's."""
    metric_definitions: tuple[MetricDefinition, ...] = ()
    algorithm_name: str = ""
    input_mode: InputMode = InputMode.FILE
    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    role_arn: str = ""
    channels: tuple[Channel, ...] = ()
    output_uri: str = ""
    """Folder for model.tar.gz; empty means the trainer's own data folder."""
    output_kms_key_id: str = ""
    resources: Resources = Resources()
    stopping: StoppingCondition = StoppingCondition()
    pool: str = "default"
    """Which trainers may run it."""
    checkpoint_uri: str = ""
    checkpoint_path: str = ""
    max_retries: int = 0
    spot: bool = False
    network_isolation: bool = False
    traffic_encryption: bool = False

    @property
    def space(self) -> dict[str, Range]:
        return {parameter.name: parameter.range for parameter in self.parameters}


@dataclass(frozen=True, slots=True)
class HyperbandConfig:
    min_resource: int | None = None
    max_resource: int | None = None


@dataclass(frozen=True, slots=True)
class BayesianConfig:
    effort: str = ""
    """Named tier of work per ask; empty is the service's default."""


@dataclass(frozen=True, slots=True)
class Limits:
    max_parallel: int = 1
    max_trainings: int | None = None
    max_runtime_s: int | None = None
    max_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """Criteria beside the limits; the first that is met ends the job."""

    target: float | None = None
    max_not_improving: int | None = None
    on_convergence: bool | None = None


@dataclass(frozen=True, slots=True)
class EarlyStoppingRule:
    """What stops a hopeless training. AUTO is AMT's median rule; the others are extensions that add to it."""

    type: EarlyStopping | None = None
    """None: nobody has said; then it is off, unless autotune chooses."""
    percentile: float | None = None
    """A training goes on while its value is among the best so many % of the others' running means at that step."""
    patience: int | None = None
    """So many values may pass without one that is better than its own best."""
    threshold: float | None = None
    """What a value may not be worse than."""


@dataclass(frozen=True, slots=True)
class WarmStart:
    parents: tuple[str, ...]
    type: WarmStartType


@dataclass(frozen=True, slots=True)
class Reevaluation:
    """The last trainings of the job's limit repeat its best configurations, to tell the good from the lucky."""

    top: int
    repeats: int
    seed_parameter: str = ""
    """The hyperparameter that gets a new whole number each time; empty: they are run as they were."""

    @property
    def trainings(self) -> int:
        return self.top * self.repeats


@dataclass(frozen=True, slots=True)
class EnqueuedConfiguration:
    """A configuration to run before the strategy is asked."""

    configuration: Mapping[str, Value]
    definition_name: str = ""


@dataclass(frozen=True, slots=True)
class TuningJobSpec:
    name: str
    definitions: tuple[Definition, ...]
    objective: Objective
    """In jobs of several definitions: the first one's."""
    limits: Limits = Limits()
    strategy: Strategy = Strategy.BAYESIAN
    hyperband: HyperbandConfig | None = None
    bayesian: BayesianConfig | None = None
    completion: Completion = Completion()
    early_stopping: EarlyStoppingRule = EarlyStoppingRule()
    random_seed: int | None = None
    warm_start: WarmStart | None = None
    autotune: bool = False
    auto_parameters: Mapping[str, str] = field(default_factory=dict)
    """Name to value hint, for autotune to choose ranges for."""
    enqueued: tuple[EnqueuedConfiguration, ...] = ()
    priority: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    prices_per_second: Mapping[str, float] = field(default_factory=dict)
    """Instance type to price of an instance per second, in any currency."""
    listed_definitions: bool = False
    """The request used AMT's list form, and is echoed in it."""
    summary_due_s: float = 600.0
    suggest_wait_s: float = 2.0
    reevaluation: Reevaluation | None = None
    alone: bool = False
    """One training asked for by itself: nothing is tuned, and lists of tuning jobs leave it out."""
    amt_patch: str = ""
    """JSON: where AMT's request said more than stands here, or otherwise (tunewright.core.amt.patch)."""

    def definition(self, name: str) -> Definition:
        """Return the definition of that name; the only one if there is one. Raises KeyError."""
        if len(self.definitions) == 1:
            return self.definitions[0]
        return {definition.name: definition for definition in self.definitions}[name]

    def objective_of(self, name: str) -> Objective:
        """Return what is optimised in the definition of that name. Raises KeyError."""
        return self.definition(name).objective or self.objective
