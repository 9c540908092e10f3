"""A tuning job of narrower ranges: a child of one, where its good trainings lie.

Ranges come from metrics' advisor; a range of one value means that the hyperparameter is fixed. The child knows what its
parent has seen, as far as its strategy can learn from a parent, and otherwise begins with the parent's best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from tunewright.core.analysis import Narrowed
from tunewright.core.check import LARGEST_SEED
from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Configuration, Range, Value, text_of
from tunewright.core.spec import Definition, Parameter, Strategy, TuningJobSpec, WarmStart, WarmStartType
from tunewright.core.warm_start import LEARNING, MAX_CHANGES, changes

LONGEST_NAME: Final = 32
LAST_NUMBER: Final = 99


def narrowed_spec(
    spec: TuningJobSpec,
    parent: str,
    narrowed: Sequence[Narrowed],
    *,
    name: str = "",
    max_trainings: int | None = None,
    best: Configuration | None = None,
) -> TuningJobSpec:
    """Return the specification of a child of the ended job `parent`, a name or uid.

    `best` is tried first where the child cannot be warm-started. Raises InvalidSpec: nothing would be other than it
    was, or the job is a grid.
    """
    if spec.strategy is Strategy.GRID:
        raise InvalidSpec("job", "a grid has run each of its configurations", "Create a job with other values")
    if not narrowed:
        raise InvalidSpec("job", "its good trainings say of no range that another would be better", "Extend it instead")
    learns = spec.strategy in LEARNING and len(spec.definitions) == 1
    definitions = tuple(
        _definition(definition, [item for item in narrowed if _is_of(item, definition, spec)], {} if learns else best)
        for definition in spec.definitions
    )
    seed, limits = spec.random_seed, spec.limits
    return replace(
        spec,
        name=name or next(names(spec.name)),
        definitions=definitions,
        limits=limits if max_trainings is None else replace(limits, max_trainings=max_trainings),
        warm_start=WarmStart((parent,), WarmStartType.IDENTICAL_DATA_AND_ALGORITHM) if learns else None,
        enqueued=(),
        random_seed=None if seed is None else (seed + 1) % (LARGEST_SEED + 1),
        autotune=False,  # what it chose for the parent stands in the specification
        auto_parameters={},
    )


def only_value(range_: Range) -> Value | None:
    """Return the value of a range that has one; None: it has several."""
    if isinstance(range_, Choice):
        return range_.values[0] if len(range_.values) == 1 else None
    return range_.low if range_.low == range_.high else None


def names(parent: str) -> Iterator[str]:
    """Yield names for a child: the parent's with -n, -n2, -n3, … behind."""
    for number in range(1, LAST_NUMBER + 1):
        end = "-n" if number == 1 else f"-n{number}"
        yield parent[: LONGEST_NAME - len(end)].rstrip("-") + end


def _is_of(item: Narrowed, definition: Definition, spec: TuningJobSpec) -> bool:
    return len(spec.definitions) == 1 or item.definition_name == definition.name


def _definition(before: Definition, narrowed: Iterable[Narrowed], best: Configuration | None) -> Definition:
    """Return the definition with other ranges; fixed as many as a warm start allows, in the order given."""
    ranges = {item.parameter.name: item.parameter.range for item in narrowed}
    hints = best or {}
    changed = replace(
        before, parameters=tuple(_parameter(item, ranges.get(item.name), hints) for item in before.parameters)
    )
    for name, range_ in ranges.items():
        value = only_value(range_)
        if value is None:
            continue
        fixed = replace(
            changed,
            parameters=tuple(item for item in changed.parameters if item.name != name),
            static_hyperparameters={**changed.static_hyperparameters, name: text_of(value)},
        )
        if fixed.parameters and changes(fixed, before) <= MAX_CHANGES:
            changed = fixed
    return changed


def _parameter(before: Parameter, range_: Range | None, hints: Configuration) -> Parameter:
    """Return the parameter with another range, and what is known to be good in it as its hint."""
    hint = hints.get(before.name)
    if range_ is None or range_ == before.range:
        return replace(before, hint=hint if hint is not None and before.range.contains(hint) else None)
    kept = hint if hint is not None and range_.contains(hint) else None
    return replace(before, range=range_, low_text="", high_text="", hint=kept)
