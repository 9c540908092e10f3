"""What operators have decided: pauses of starts, cordons, quotas; that the store was restored. Few of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tunewright.core.errors import InvalidSpec

LONGEST_NAME: Final = 256
LONGEST_REASON: Final = 1000
"""Characters: what operators write is shown in every table that it matters to."""


@dataclass(frozen=True, slots=True)
class Order:
    """A pause or a cordon: it holds until it is taken back."""

    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Quota:
    """What one owner may use at a time; None: no limit."""

    owner: str = ""
    """Empty: every owner that has no quota of its own."""
    max_jobs: int | None = None
    """Jobs that have not ended."""
    max_parallel: int | None = None
    """Trainings under a lease, of all jobs."""

    @property
    def unlimited(self) -> bool:
        return self.max_jobs is None and self.max_parallel is None


@dataclass(frozen=True, slots=True)
class Controls:
    starts: Order | None = None
    """Not None: no training is started."""
    cordons: Mapping[str, Order] = field(default_factory=dict)
    """By trainer."""
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    """By owner."""
    attempts_above: int = 0
    """New attempts have greater numbers: so many may have been granted before the store was restored."""

    def quota(self, owner: str) -> Quota:
        """Return what holds for an owner: its own quota as a whole, else everybody's."""
        return self.quotas.get(owner) or self.quotas.get("") or Quota(owner)


def checked(quota: Quota) -> Quota:
    """Raises InvalidSpec: a limit that is negative, or no parallel trainings at all."""
    check_length("quota.owner", quota.owner, LONGEST_NAME)
    if quota.max_jobs is not None and quota.max_jobs < 0:
        raise InvalidSpec("quota.max_jobs", f"is {quota.max_jobs}", "Give 0 or more, or leave it out for no limit")
    if quota.max_parallel is not None and quota.max_parallel < 1:
        remedy = "Give 1 or more, or leave it out for no limit; max_jobs 0 refuses new jobs"
        raise InvalidSpec("quota.max_parallel", f"is {quota.max_parallel}", remedy)
    return quota


def check_length(field: str, text: str, longest: int) -> str:
    """Return the text. Raises InvalidSpec: it is too long to be shown."""
    if len(text) > longest:
        raise InvalidSpec(field, f"has {len(text)} characters, at most {longest} can be", "Shorten it")
    return text
