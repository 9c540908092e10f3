"""What happens to one job, drawn from a seed: what is asked for, what fails by chance, and what befalls it when."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from tests.simulation.circle import story
from tests.simulation.wire import WireFaults
from tunewright.core.space import Int
from tunewright.core.spec import (
    BayesianConfig,
    Completion,
    EarlyStopping,
    EarlyStoppingRule,
    HyperbandConfig,
    Limits,
    Parameter,
    Resources,
    StoppingCondition,
    Strategy,
    TuningJobSpec,
)
from tunewright.platform.bus.faulty import BusFaults
from tunewright.platform.store.faulty import StoreFaults

STORE = StoreFaults(beaten=0.05, unavailable=0.02, answer_lost=0.05, late=0.2)
BUS = BusFaults(unavailable=0.05, answer_lost=0.1, redelivered=0.1, late=0.2, unheard=0.2)
WIRE = WireFaults(request_lost=0.03, answer_lost=0.03)
PACES = (0.5, 1.0, 1.0, 2.0, 2.0, 3.0)
"""Factors of a training's pauses: it lasts from no time to half a minute."""
STOPPING = (
    EarlyStoppingRule(EarlyStopping.AUTO),
    EarlyStoppingRule(EarlyStopping.AUTO, patience=9),
    EarlyStoppingRule(percentile=30.0),
    EarlyStoppingRule(threshold=0.1),
)
TAKES_CPUS = ("ml.c5.xlarge", 4)
"""The instance type of trainings where machines have CPUs, and how many it takes."""
STRATEGIES = (Strategy.RANDOM,) * 5 + (Strategy.GRID,) * 4 + (Strategy.BAYESIAN,)


class What(Enum):
    CUT = auto()
    """A trainer reaches no scheduler."""
    KILL = auto()
    """A process dies, `commits` commits later if it makes any, and is started again."""
    CRASH = auto()
    """A trainer's machine goes down with all that runs there, and comes back."""
    STORE_GONE = auto()
    BROKER_GONE = auto()
    BROKER_EMPTIED = auto()
    """It is gone, and comes back empty."""
    PAUSE = auto()
    """The job is paused, and resumed later."""
    AMEND = auto()
    """Two more trainings, one more at once."""
    STOP_JOB = auto()
    STOP_TRAINING = auto()


@dataclass(frozen=True, slots=True)
class Event:
    what: What
    at_s: float
    for_s: float = 0.0
    who: str = ""
    """Name of a process, or number of a training."""
    commits: int = 0
    applied: bool = False
    """Whether the commit at which a process dies counts."""
    within_s: float = 5.0
    """A process that is to die at a commit and makes none so long dies anyway."""


@dataclass(frozen=True, slots=True)
class Story:
    seed: int
    wanted: TuningJobSpec
    slots: tuple[int, ...]
    schedulers: int = 1
    collectors: int = 1
    store: StoreFaults = field(default_factory=StoreFaults)
    bus: BusFaults = field(default_factory=BusFaults)
    wire: WireFaults = field(default_factory=WireFaults)
    suggester_wire: WireFaults | None = None
    """Between schedulers and suggester; as `wire` if None."""
    cpus: tuple[int, ...] = ()
    """Per trainer's machine: what it tells that it has; (): none tells anything, and slots alone are counted."""
    skews_s: tuple[float, ...] = ()
    """Per trainer's machine: by how much its clock is fast."""
    events: tuple[Event, ...] = ()

    @property
    def processes(self) -> list[str]:
        counts = {"scheduler": self.schedulers, "metrics": self.collectors, "trainer": len(self.slots), "suggester": 1}
        return [f"{name}{index}" for name, count in counts.items() for index in range(count)]

    @property
    def may_end_early(self) -> bool:
        """Whether trainings may be stopped before their own end."""
        wanted, asked = self.wanted, {event.what for event in self.events}
        overrun = wanted.definitions[0].stopping.max_runtime_s < StoppingCondition().max_runtime_s
        return overrun or wanted.completion.target is not None or bool(asked & {What.STOP_JOB, What.STOP_TRAINING})

    def happens(self, what: What) -> bool:
        return any(event.what is what for event in self.events)


def drawn(seed: int) -> Story:
    """Draw a story: half of the seeds know small faults only, half of them also what befalls a whole process."""
    chance = random.Random(seed)  # noqa: S311 - to replay
    strategy = chance.choice(STRATEGIES)
    parallel = chance.randint(1, 2 if strategy is Strategy.BAYESIAN else 3)
    wanted = story(parallel, chance.randint(3, 6), strategy)
    wanted = _stopping(_varied(wanted, chance), seed)
    told = Story(
        seed,
        wanted,
        slots=tuple(chance.randint(1, 3) for _ in range(chance.randint(1, 3))),
        schedulers=chance.randint(1, 2),
        collectors=chance.randint(1, 2),
        store=STORE,
        bus=BUS,
        wire=WIRE,
    )
    told = replace(told, skews_s=tuple(chance.choice([0.0, -40.0, 40.0]) for _ in told.slots))
    return _sized(replace(told, events=_events(told, chance) if chance.random() < 0.6 else ()))


def _sized(told: Story) -> Story:
    """Let the machines of one story in four have CPUs for fewer trainings than they have slots, most often."""
    chance = random.Random(f"{told.seed}/sized")  # noqa: S311 - to replay, and apart from what else is drawn
    if chance.random() > 0.25:
        return told
    (definition,) = told.wanted.definitions
    wanted = replace(told.wanted, definitions=(replace(definition, resources=Resources(TAKES_CPUS[0])),))
    return replace(told, wanted=wanted, cpus=tuple(chance.choice([4, 6, 8]) for _ in told.slots))


def _stopping(wanted: TuningJobSpec, seed: int) -> TuningJobSpec:
    """Let one story in four stop its trainings early: more of them then, that emit more."""
    chance = random.Random(f"{seed}/stopping")  # noqa: S311 - to replay, and apart from what else is drawn
    if wanted.strategy is Strategy.GRID or chance.random() > 0.25:
        return wanted
    limits = replace(wanted.limits, max_trainings=wanted.limits.max_trainings and chance.randint(10, 14))
    wanted = replace(wanted, limits=limits)
    (definition,) = wanted.definitions
    learning, _ = definition.parameters
    definition = replace(definition, parameters=(learning, Parameter("epochs", Int(4, 12))))
    wanted = replace(wanted, definitions=(definition,))
    if wanted.strategy is Strategy.RANDOM and chance.random() < 0.4:
        resources, fast = HyperbandConfig(1, chance.choice([3, 9])), BayesianConfig(effort="fast")
        return replace(wanted, strategy=Strategy.HYPERBAND, hyperband=resources, bayesian=fast)
    return replace(wanted, early_stopping=chance.choice(STOPPING))


def without_faults(told: Story) -> Story:
    """Return its twin, to which nothing happens."""
    return replace(told, store=StoreFaults(), bus=BusFaults(), wire=WireFaults(), suggester_wire=None, events=())


def _varied(wanted: TuningJobSpec, chance: random.Random) -> TuningJobSpec:
    (definition,) = wanted.definitions
    pace = chance.choice(PACES)
    definition = replace(definition, static_hyperparameters={"pace": str(pace)})
    if chance.random() < 0.15:
        definition = replace(definition, stopping=StoppingCondition(max_runtime_s=max(1, round(4 * pace))))
    if chance.random() < 0.15:
        wanted = replace(wanted, completion=Completion(target=chance.choice([0.05, 0.2, 0.3])))
    if chance.random() < 0.05:
        wanted = replace(wanted, limits=Limits(wanted.limits.max_parallel, None, max_runtime_s=chance.randint(5, 20)))
    return replace(wanted, definitions=(definition,))


def _events(told: Story, chance: random.Random) -> tuple[Event, ...]:
    return tuple(sorted((_event(told, chance) for _ in range(chance.randint(1, 3))), key=lambda event: event.at_s))


def _event(told: Story, chance: random.Random) -> Event:
    trainer = f"trainer{chance.randrange(len(told.slots))}"
    at_s = chance.choice([0.5, 2.0, 5.0, 15.0]) * chance.uniform(0.5, 2.0)
    for_s = chance.choice([1.0, 8.0, 30.0])
    match chance.choice(list(What)):
        case What.CUT | What.CRASH as what:
            return Event(what, at_s, for_s, trainer)
        case What.KILL:
            who = chance.choice(told.processes)
            return Event(What.KILL, at_s, for_s, who, chance.randint(0, 6), chance.random() < 0.5)
        case What.STOP_TRAINING:
            return Event(What.STOP_TRAINING, at_s, who=str(chance.randint(1, 4)))
        case What.STOP_JOB:
            return Event(What.STOP_JOB, at_s * 3)
        case what:
            return Event(what, at_s, for_s)
