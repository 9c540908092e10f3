"""Tunewright's Bayesian optimisation as a sampler for Optuna's studies.

    from tunewright.optuna import TunewrightSampler

    study = optuna.create_study(sampler=TunewrightSampler(seed=0))

A study keeps its trials; the sampler keeps an optimizer beside them, which is told each trial once, and is made anew
where trials turn out other than it knew them. It goes on from a stored study: with the same seed, and trials run one by
one, it suggests what it would have suggested had it never been away.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tunewright.core.errors import InvalidSpec, SpaceExhausted
from tunewright.core.space import MAX_EXACT_INT
from tunewright.platform.extras import require
from tunewright.platform.parts import load

require("optuna", "optuna", "tunewright.optuna")

from optuna.distributions import (  # noqa: E402 - its absence is told first
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, TPESampler  # noqa: E402
from optuna.search_space import IntersectionSearchSpace  # noqa: E402
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import FrozenTrial, TrialState  # noqa: E402

if TYPE_CHECKING:
    from optuna import Study

CONSTRAINTS: Final = "constraints"
"""What the names of a trial's system attributes begin with in which Optuna keeps its constraints."""

SearchSpace = Mapping[str, BaseDistribution]
Inside = Mapping[str, Any]
"""A configuration as the optimizer has it: floats, and whole numbers for steps and the places of categories."""


class Unsuited(InvalidSpec, ValueError):  # noqa: N818 - as in tunewright.core.errors
    """The study asks for what this sampler has not; a ValueError too, as with Optuna's own samplers."""


class TunewrightSampler(BaseSampler):
    """Samples the parameters that all trials share together, by a Gaussian process, and the others one by one.

    What is sampled together are the parameters that every completed trial has, with the same distribution. Those of the
    first trial, and conditional ones, `independent_sampler` samples (TPESampler), and all of them where a finite space
    has been tried out. Running trials are accounted for, failed ones are not tried again, and what a pruned one would
    have reached is foretold from its intermediate values and the curves of the others. With the same seed and the same
    trials the answers are the same.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        independent_sampler: BaseSampler | None = None,
        constraints_func: None = None,
    ) -> None:
        """Raises: Unsuited: there are constraints."""
        if constraints_func is not None:
            raise _constrained("constraints_func")
        self._seed = secrets.randbits(63) if seed is None else seed
        self._independent = TPESampler(seed=seed) if independent_sampler is None else independent_sampler
        self._shared = IntersectionSearchSpace(include_pruned=True)
        self._follower: Follower | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the lock, and what can be made anew from the study."""
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_follower")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock(), _follower=None)

    def reseed_rng(self) -> None:
        """Take another seed: a copy of this sampler elsewhere would suggest the same."""
        with self._lock:
            self._seed = secrets.randbits(63)
            if self._follower is not None:
                self._follower.reseed(self._seed)
        self._independent.reseed_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002
        with self._lock:
            shared = self._shared.calculate(study)
        return {name: known for name, known in shared.items() if not known.single() and _is_exact(known)}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: SearchSpace) -> dict[str, Any]:
        """Raises: Unsuited: there are several objectives, or constraints."""
        _require_one_objective(study)
        if not search_space:
            return {}
        with self._lock:
            follower = self._following(search_space, study.direction)
            try:
                return follower.suggest(study.get_trials(deepcopy=False), trial.number)
            except SpaceExhausted:
                again = self._independent.sample_independent
        return {name: again(study, trial, name, known) for name, known in search_space.items()}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Raises: Unsuited: there are several objectives."""
        _require_one_objective(study)
        return self._independent.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._independent.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._independent.after_trial(study, trial, state, values)

    def _following(self, space: SearchSpace, direction: StudyDirection) -> Follower:
        """Return the follower of this search space; the one before, unless the space has changed."""
        if self._follower is None or (self._follower.space, self._follower.direction) != (space, direction):
            self._follower = Follower(dict(sorted(space.items())), direction, self._seed)  # as Optuna has them
        return self._follower


class Differs(Exception):  # noqa: N818 - it is no error
    """A trial has other parameters than were suggested for it: somebody has fixed or enqueued them."""


@dataclass(slots=True)
class Follower:
    """An optimizer of one search space that keeps up with a study's trials."""

    space: SearchSpace
    direction: StudyDirection
    seed: int
    _optimizer: Any = None
    _told: set[int] = field(default_factory=set)
    """Numbers of the trials that have ended and been taken in."""
    _pending: dict[int, Any] = field(default_factory=dict)
    """Number of a running trial to what the optimizer has given out for it."""

    def __post_init__(self) -> None:
        self._begin()

    def reseed(self, seed: int) -> None:
        self.seed = self._optimizer.seed = seed

    def suggest(self, trials: Sequence[FrozenTrial], number: int) -> dict[str, Any]:
        """Return values for trial `number`. Raises: SpaceExhausted."""
        others = [trial for trial in trials if trial.number != number and trial.number not in self._told]
        try:
            if number in self._pending:
                raise Differs
            self._take_in(others)
        except Differs:
            self._begin()
            self._take_in([trial for trial in trials if trial.number != number])
        asked = self._pending[number] = self._optimizer.ask()
        return {name: _outward(self.space[name], value) for name, value in asked.items()}

    def _begin(self) -> None:
        self._optimizer = load("optimizer")(
            {name: _range(known) for name, known in self.space.items()},
            direction=self.direction.name.lower(),
            seed=self.seed,
        )
        self._told, self._pending = set(), {}

    def _take_in(self, trials: Sequence[FrozenTrial]) -> None:
        """Raises: Differs: what was suggested for a trial is not what it has."""
        for trial in trials:
            if trial.state is TrialState.WAITING:
                continue
            if any(name.startswith(CONSTRAINTS) for name in trial.system_attrs):
                raise _constrained(f"trial {trial.number}")
            configuration = self._inward(trial)
            asked = self._pending.get(trial.number)
            ended = trial.state.is_finished()
            if asked is not None and not _agree(asked, configuration, ended=ended):
                raise Differs
            if asked is None and len(configuration) == len(self.space):
                asked = self._pending[trial.number] = self._optimizer.expect(configuration)
            if ended:
                self._told.add(trial.number)
                if asked is not None:
                    self._tell(self._pending.pop(trial.number), trial)

    def _inward(self, trial: FrozenTrial) -> Inside:
        """Return as much of a configuration of the search space as the trial has.

        An enqueued value may lie outside its range: Optuna warns, and runs it. It is no part of this space.
        """
        return {
            name: _inward(known, trial.params[name])
            for name, known in self.space.items()
            if trial.distributions.get(name) == known and _contains(known, trial.params[name])
        }

    def _tell(self, asked: Any, trial: FrozenTrial) -> None:
        steps = sorted(trial.intermediate_values)
        for step in steps:
            self._optimizer.report(asked, step + 1, trial.intermediate_values[step])  # Optuna counts from 0
        if trial.state is TrialState.FAIL or trial.value is None:
            self._optimizer.tell(asked, failed="it failed, or was pruned before it had reported anything")
        elif trial.state is TrialState.PRUNED and steps:
            self._optimizer.tell(asked, trial.value, step=steps[-1] + 1)
        else:
            self._optimizer.tell(asked, trial.value)


def _agree(asked: Inside, configuration: Inside, *, ended: bool) -> bool:
    """Say whether a trial has what was suggested for it; one that runs may have less as yet."""
    complete = len(configuration) == len(asked) or not ended
    return complete and all(asked[name] == value for name, value in configuration.items())


def _is_exact(known: BaseDistribution) -> bool:
    """Say whether a model can tell its values apart."""
    ends = (known.low, known.high) if isinstance(known, IntDistribution) else ()
    return all(abs(end) <= MAX_EXACT_INT for end in ends)


def _contains(known: BaseDistribution, value: Any) -> bool:
    return known._contains(known.to_internal_repr(value))  # noqa: SLF001 - Optuna has no other word for it


def _range(known: BaseDistribution) -> Any:
    """Return the range of a distribution: of steps and categories their places are counted, from 0."""
    match known:
        case CategoricalDistribution():
            return load("choice")(list(range(len(known.choices))))
        case FloatDistribution() | IntDistribution() if _is_stepped(known):
            return load("int")(0, _place(known, known.high), log=False)
        case FloatDistribution():
            return load("float")(known.low, known.high, log=known.log)
        case IntDistribution():
            return load("int")(known.low, known.high, log=known.log)
        case _:
            raise Unsuited("search_space", f"{known!r} is not known", "Use float, int or categorical parameters")


def _inward(known: BaseDistribution, value: Any) -> Any:
    match known:
        case CategoricalDistribution():
            return int(known.to_internal_repr(value))
        case FloatDistribution() | IntDistribution() if _is_stepped(known):
            return _place(known, value)
        case _:
            return value


def _outward(known: BaseDistribution, value: Any) -> Any:
    match known:
        case CategoricalDistribution():
            return known.to_external_repr(value)
        case FloatDistribution(low=low, high=high, step=step) | IntDistribution(low=low, high=high, step=step) if (
            _is_stepped(known)
        ):
            return min(low + value * step, high)
        case _:
            return value


def _is_stepped(known: FloatDistribution | IntDistribution) -> bool:
    return known.step is not None if isinstance(known, FloatDistribution) else known.step > 1


def _place(known: FloatDistribution | IntDistribution, value: float) -> int:
    """Return how many steps a value is above the lowest."""
    return round((value - known.low) / (known.step or 1))


def _require_one_objective(study: Study) -> None:
    if len(study.directions) > 1:
        why = f"the study has {len(study.directions)} objectives, and TunewrightSampler takes one"
        raise Unsuited("directions", why, "Combine them into one value, or use optuna.samplers.NSGAIISampler")


def _constrained(named: str) -> Unsuited:
    remedy = "Give what breaks a constraint a bad value or let it fail, or use optuna.samplers.TPESampler"
    return Unsuited(named, "TunewrightSampler takes no constraints", remedy)
