"""Trainings that no trainer runs: a program of the user's own claims them, or another system runs them, unasked.

A definition asks for it by its image. What is claimed waits in a pool of its tuning job, which no trainer serves. What
runs elsewhere nobody claims: its system hears of it on tuning.events, and speaks on the bus (docs/events.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright.core.space import Choice, Float, Int
from tunewright.core.spec import Definition

CLAIMED: Final = "claim://"
"""The image of a definition whose trainings are claimed."""
ELSEWHERE: Final = "elsewhere://"
"""The image of one whose trainings another system runs."""
OWN: Final = (CLAIMED, ELSEWHERE)
"""No trainer of ours runs these."""
POOL: Final = "claimed/"
ELSEWHERE_POOL: Final = "elsewhere/"
NO_TRAINER: Final = "is for a trainer to carry out, and trainings of this image have none"
OBJECTIVE_PARAMETER: Final = "_tuning_objective_metric"
"""The static hyperparameter by which a training program sees that it is being tuned, as in AMT."""

Scalar = bool | int | float | str
WORDS: Final = {"true": True, "false": False, "True": True, "False": False}


def is_claimed(definition: Definition) -> bool:
    return definition.image == CLAIMED


def is_elsewhere(definition: Definition) -> bool:
    return definition.image == ELSEWHERE


def pool_of(definition: Definition, uid: str) -> str:
    """Return the pool in which the definition's trainings of a tuning job wait."""
    if is_elsewhere(definition):
        return f"{ELSEWHERE_POOL}{uid}"
    return f"{POOL}{uid}" if is_claimed(definition) else definition.pool


def runs_elsewhere(pool: str) -> bool:
    """Say whether another system runs what is in a pool."""
    return pool.startswith(ELSEWHERE_POOL)


def claimed_job(pool: str) -> str | None:
    """Return the uid of the tuning job whose trainings are claimed from a pool; None: it is a pool of trainers."""
    return pool.removeprefix(POOL) if pool.startswith(POOL) else None


def check_claimed(definition: Definition, path: str, *, alone: bool) -> None:
    """Refuse what only a trainer does, where there is none. Raises InvalidSpec."""
    for pool in (POOL, ELSEWHERE_POOL):
        if definition.pool.startswith(pool):
            raise InvalidSpec(f"{path}.pool", f"must not begin with {pool}", "Choose another name")
    image = next((one for one in OWN if definition.image.startswith(one)), None)
    if image is None:
        return
    if definition.image != image:
        raise InvalidSpec(f"{path}.image", f"{definition.image!r} names something", f"Give {image} and no more")
    if alone:
        why = f"a training by itself cannot be {'claimed' if image == CLAIMED else 'run elsewhere'}"
        raise InvalidSpec(f"{path}.image", why, "Create a tuning job of one")
    if definition.resources.instance_count > 1:
        raise InvalidSpec(f"{path}.resources.instance_count", NO_TRAINER, "Ask for 1")
    plain = Definition(definition.image)
    for field in TRAINERS:
        if getattr(definition, field) != getattr(plain, field):
            raise InvalidSpec(f"{path}.{field}", NO_TRAINER, "Leave it out: your own program does it")


TRAINERS: Final = (
    "entrypoint",
    "arguments",
    "environment",
    "channels",
    "output_uri",
    "pool",
    "checkpoint_uri",
    "checkpoint_path",
    "spot",
    "network_isolation",
)
"""Fields of a definition that a trainer carries out."""


def typed(hyperparameters: Mapping[str, str], definition: Definition) -> dict[str, Scalar]:
    """Return the hyperparameters of a training as Python values; they travel as texts.

    Of a range they are what the range is of. A choice is of whole numbers, real numbers or truth values if all that can
    be chosen reads so, else of texts; a fixed one by itself likewise.
    """
    space = definition.space
    values: dict[str, Scalar] = {}
    for name, text in hyperparameters.items():
        match space.get(name):
            case Float():
                values[name] = float(text)
            case Int():
                values[name] = int(text)
            case Choice(texts):
                values[name] = _read(text, (text, *texts))  # it may have got more values meanwhile
            case None if name != OBJECTIVE_PARAMETER:
                values[name] = _read(text, (text,))
    return values


def _read(text: str, texts: tuple[str, ...]) -> Scalar:
    if all(item in WORDS for item in texts):
        return WORDS[text]
    for kind in (int, float):
        try:
            read = {item: kind(item) for item in texts}
        except ValueError:
            continue
        return read[text]
    return text
