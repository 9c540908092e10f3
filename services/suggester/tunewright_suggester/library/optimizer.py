"""The library's front door: ask for configurations, tell what they gave.

    optimizer = Optimizer({"lr": Float(1e-4, 1e-1), "batch": Choice(32, 64, 128)}, direction="maximize")
    for _ in range(30):
        configuration = optimizer.ask()
        optimizer.tell(configuration, train(**configuration))
    print(optimizer.best())

A training that reports how it goes may hear that it should stop (Hyperband), and where it was stopped, what it would
have reached is foretold from the curves of the others:

    optimizer = Optimizer(space, strategy="Hyperband", max_resource=27)
    configuration = optimizer.ask()
    for epoch in range(1, 28):
        value = train_one_epoch(**configuration)
        if optimizer.report(configuration, epoch, value):
            break
    optimizer.tell(configuration, value)

An optimiser holds only what it was told and what it has given out; every answer is the core's function of that. It is
not to be shared between threads.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from statistics import stdev
from typing import Any, TypeVar

from tunewright.core.errors import InvalidSpec, NotFound, SpaceExhausted
from tunewright.core.rungs import resources_of
from tunewright.core.space import Value, check_configuration, check_part, size
from tunewright.core.spec import Direction, HyperbandConfig, Strategy, WarmStartType
from tunewright_suggester.core.ask import Ask, DefinitionAsk, Explanation, Observations, Parent
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.library.asked import Asked, Told
from tunewright_suggester.library.ranges import TypedSpace
from tunewright_suggester.library.reading import mapping, pair, real, whole
from tunewright_suggester.library.reports import Progress, RungJudge

E = TypeVar("E", Strategy, Direction)


class Optimizer:
    """Suggests configurations of a space.

    `space` maps names to Float, Int or Choice, or is AMT's ParameterRanges. `budget` is how many configurations will be
    asked for in all, `parallel` how many at once, `default` a point to try first, whole or in part, `prior` pairs of
    configuration and value known beforehand. `transfer` takes histories of similar problems, each a sequence of such
    pairs; their values may be on another scale, and are believed as far as they foretell what is told. `min_resource`
    (1) and `max_resource` are Hyperband's fewest and most steps of a training. With the same seed and the same calls
    the answers are the same.
    Raises: InvalidSpec: names what cannot be.
    """

    def __init__(
        self,
        space: Mapping[str, Any],
        *,
        strategy: str = "Bayesian",
        direction: str = "minimize",
        budget: int | None = None,
        parallel: int = 1,
        seed: int | None = None,
        default: Mapping[str, Any] | None = None,
        prior: Iterable[tuple[Mapping[str, Any], float]] = (),
        transfer: Iterable[Iterable[tuple[Mapping[str, Any], float]]] = (),
        min_resource: int | None = None,
        max_resource: int | None = None,
    ) -> None:
        self._space = TypedSpace(mapping(space, "space"))
        self._strategy = _member(Strategy, "strategy", strategy)
        self._direction = _member(Direction, "direction", direction)
        self._budget = None if budget is None else _counted(budget, "budget", 0)
        self._parallel = _counted(parallel, "parallel", 1)
        self.seed = secrets.randbits(63) if seed is None else whole(seed, "seed")
        self._default = self._partly_inward(default or {})
        self._hyperband = self._resources(min_resource, max_resource)
        self._judge = RungJudge(self._direction)
        self._pending: dict[int, Asked] = {}
        self._progress: dict[int, Progress] = {}
        self._history: list[Told] = []
        self._asked = 0
        self._last: Ask | None = None
        self._parents = tuple(self._parent(pairs) for pairs in transfer)
        for given in prior:
            self.tell(*pair(given, "prior"))

    @property
    def history(self) -> tuple[Told, ...]:
        """All that was told, in that order."""
        return tuple(self._history)

    @property
    def pending(self) -> tuple[Asked, ...]:
        """What was asked for and not yet told."""
        return tuple(self._pending.values())

    def ask(self) -> Asked:
        """Return a configuration to try. Asking again before telling accounts for what is pending.

        Raises: SpaceExhausted: every configuration of a finite space has been given out or told.
        """
        ask = self._ask()
        answer = suggest(ask)
        if not answer.suggestions:
            raise SpaceExhausted(size(self._space.core) or 0)
        self._last = ask
        suggestion = answer.suggestions[0]
        return self._given_out(self._space.outward(suggestion.configuration), suggestion.rungs)

    def expect(self, configuration: Mapping[str, Any]) -> Asked:
        """Count a configuration that came from elsewhere as asked for, and return it as `ask` would have.

        For what is tried and somebody else has chosen. One that expects and is told all that another one has asked and
        was told, in that order, goes on as that one would. Hyperband does not judge what came from elsewhere.
        Raises: InvalidSpec: the configuration is not of this space.
        """
        inside = self._inward(mapping(configuration, "configuration"))
        return self._given_out(self._space.outward(inside))

    def report(self, configuration: Mapping[str, Any], step: int, value: float) -> bool:
        """Say how a pending training goes: its value after so many steps, from 1. Return whether it should stop now.

        Only Hyperband stops trainings: at its rungs those outside the best third, and every one at `max_resource`. The
        reports make up the curve by which others that are stopped early are foretold.
        Raises: InvalidSpec: the configuration is not pending, or the step is not beyond the one reported last.
        """
        identity = self._identity(mapping(configuration, "configuration"))
        if identity is None:
            raise InvalidSpec("configuration", "is not pending", "Report what was asked and not yet told")
        progress = self._progress[identity]
        progress.add(_counted(step, "step", 1), real(value, "value"))
        progress.stopped = progress.stopped or self._judge.stops(progress)
        return progress.stopped

    def tell(
        self,
        configuration: Mapping[str, Any],
        value: float | Sequence[float] | None = None,
        *,
        failed: str = "",
        step: int | None = None,
        error: float | None = None,
    ) -> None:
        """Say what a configuration gave: a value, or why it failed. What was never asked for may be told too.

        Several values of one configuration (the folds of a cross-validation) count as their mean with its standard
        error; `error` gives the standard error of a single value, where it is known. `step` says that the training was
        stopped early after so many steps, with the value it had then; where `report` said to stop, it is known. A value
        that is not finite counts as failed.
        Raises: InvalidSpec: the configuration is not of this space, or neither value nor reason is given.
        """
        if (value is None) == (not failed):
            raise InvalidSpec("value", "give either a value or failed=", 'For example failed="diverged"')
        if failed and not isinstance(failed, str):
            raise InvalidSpec("failed", f"{failed!r:.80} is not a text", 'Say why, for example failed="diverged"')
        inside = self._inward(mapping(configuration, "configuration"))
        number, spread = (None, math.nan) if value is None else _mean_and_error(value, error)
        if number is not None and not math.isfinite(number):
            number, spread, failed = None, math.nan, f"the value is {number}"
        stopped_at = None if step is None else _counted(step, "step", 1)
        progress = self._ended(configuration)
        step = self._stop_step(stopped_at, progress)
        self._history.append(Told(self._space.outward(inside), number, failed, step, progress.curve(), spread))

    def best(self) -> Told:
        """Return the best that was observed at the end of a training. Raises: NotFound: nothing was told yet."""
        sign = -1.0 if self._direction is Direction.MAXIMIZE else 1.0
        ended = [told for told in self._history if told.value is not None and told.step is None]
        if not ended:
            raise NotFound("observation", "best")
        return min(ended, key=lambda told: sign * (told.value or 0.0))

    def recommend(self) -> dict[str, Any]:
        """Return the observed configuration of the best posterior mean: what noise favoured least.

        Raises: NotFound: nothing was told yet.
        """
        from tunewright_suggester.core.recommendation import recommended

        row = recommended(self._ask())
        return dict(self.best().configuration if row is None else self._history[row].configuration)

    def explain(self) -> Explanation:
        """Say why the last configuration was suggested. Raises: NotFound: none was asked for yet."""
        if self._last is None:
            raise NotFound("ask", "last")
        return explain(self._last, 0)

    def _given_out(self, values: Mapping[str, Any], rungs: tuple[int, ...] = ()) -> Asked:
        asked = Asked(values, self._asked, rungs)
        self._pending[asked.id] = asked
        self._progress[asked.id] = Progress(asked.rungs)
        self._asked += 1
        return asked

    def _ask(self) -> Ask:
        definition = DefinitionAsk(
            space=self._space.core,
            observations=self._observations(self._history),
            pending=tuple(self._space.inward(asked) for asked in self._pending.values()),
            default_point=self._default,
            parents=self._parents,
        )
        return Ask(
            strategy=self._strategy,
            definitions=(definition,),
            direction=self._direction,
            seed=self.seed,
            number=self._asked,
            started=self._asked,
            budget=None if self._budget is None else max(self._budget - self._asked, 1),
            parallel=self._parallel,
            hyperband=self._hyperband,
            warm_start=WarmStartType.TRANSFER_LEARNING if self._parents else None,
        )

    def _parent(self, pairs: Iterable[tuple[Mapping[str, Any], float]]) -> Parent:
        read = [pair(given, "transfer") for given in pairs]
        numbers = [(configuration, real(value, "transfer")) for configuration, value in read]
        told = [Told(configuration, value if math.isfinite(value) else None) for configuration, value in numbers]
        return Parent(self._space.core, self._observations(told))

    def _observations(self, history: Sequence[Told]) -> Observations:
        rows = [self._space.inward(told.configuration) for told in history]
        return Observations(
            columns={name: tuple(row.get(name) for row in rows) for name in self._space.core},
            outcomes=tuple(told.outcome for told in history),
            values=tuple(math.nan if told.value is None else told.value for told in history),
            steps=tuple(told.steps for told in history),
            numbers=tuple(range(1, len(rows) + 1)),
            errors=tuple(told.error for told in history),
            curves=tuple(told.curve for told in history),
        )

    def _inward(self, configuration: Mapping[str, Any]) -> dict[str, Value]:
        inside = self._space.inward(configuration)
        check_configuration(self._space.core, inside)
        return inside

    def _partly_inward(self, default: Mapping[str, Any]) -> dict[str, Value]:
        inside = self._space.inward(mapping(default, "default"))
        check_part(self._space.core, inside, "default")
        return inside

    def _resources(self, minimum: int | None, maximum: int | None) -> HyperbandConfig | None:
        if self._strategy is Strategy.HYPERBAND:
            fewest = None if minimum is None else whole(minimum, "min_resource")
            most = None if maximum is None else whole(maximum, "max_resource")
            return HyperbandConfig(*resources_of(HyperbandConfig(fewest, most)))
        if minimum is not None or maximum is not None:
            raise InvalidSpec("max_resource", "is Hyperband's", 'Leave it out, or choose strategy="Hyperband"')
        return None

    def _identity(self, configuration: Mapping[str, Any]) -> int | None:
        """Return the id of a pending configuration: its own, else that of the oldest of equal values."""
        if isinstance(configuration, Asked):
            return configuration.id if configuration.id in self._pending else None
        inside = self._space.inward(configuration)
        return next((one for one, asked in self._pending.items() if self._space.inward(asked) == inside), None)

    def _stop_step(self, given: int | None, progress: Progress) -> int | None:
        """Return after how many steps a training was stopped short of its end, None if it was not."""
        step = progress.last_step if given is None and progress.stopped else given
        largest = None if self._hyperband is None else self._hyperband.max_resource
        return None if step is None or (largest is not None and step >= largest) else step

    def _ended(self, configuration: Mapping[str, Any]) -> Progress:
        """Take the configuration from what is pending, if it is, and return what it reported."""
        identity = self._identity(configuration)
        if identity is None:
            return Progress()
        del self._pending[identity]
        return self._progress.pop(identity)


def _counted(given: Any, field: str, fewest: int) -> int:
    number = whole(given, field)
    if number < fewest:
        raise InvalidSpec(field, f"{number} is below {fewest}", f"Count from {fewest}")
    return number


def _mean_and_error(value: Any, error: Any) -> tuple[float, float]:
    """Return the mean of one value or several, and its standard error, NaN where unknown.

    Raises: InvalidSpec: there is no value, or the error is negative, not finite, or beside several values.
    """
    several = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    values = [real(one, "value") for one in (value if several else [value])]
    if not values:
        raise InvalidSpec("value", "holds no value", "Give at least one")
    if error is not None and (len(values) > 1 or not 0 <= real(error, "error") < math.inf):
        raise InvalidSpec("error", f"{error} is no standard error of one value", "Give a number from 0, or all values")
    mean = sum(values) / len(values)  # not fsum, which raises where infinities meet
    if len(values) == 1 or not math.isfinite(mean):
        return mean, math.nan if error is None else float(error)
    return mean, stdev(values, mean) / math.sqrt(len(values))


def _member(kind: type[E], field: str, given: str) -> E:
    for member in kind:
        if member.value.lower() == str(given).lower():
            return member
    raise InvalidSpec(field, f"{given!r} is not known", f"Choose from {', '.join(kind)}")
