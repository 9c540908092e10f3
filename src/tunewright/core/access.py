"""Who may do what: principals, the owners that they speak for, and the scopes that they have.

Whose a job is, its owner says; what a caller may do with what is his owner's, his scopes say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from tunewright.core.errors import PermissionDenied, Unauthenticated

OWNER: Final = "local"
"""Whom the installation's own credentials speak for. Trainers with its credentials run trainings of all owners."""


class Scope(StrEnum):
    READ = "read"
    """Look at what is one's owner's."""
    JOBS = "jobs"
    """Create, change and delete it."""
    TRAIN = "train"
    """Claim trainings, run them and say how they ended."""
    REPORT = "report"
    """Report metrics of trainings that run elsewhere."""
    OPERATE = "operate"
    """Operators' verbs, on trainers and on what is any owner's."""
    SERVICES = "services"
    """What only services of the installation do: ask the suggester, speak for others."""


def digest_of(secret: str) -> str:
    """Return what is kept of a secret that is too random to be found by trying: its SHA-256, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


ALL: Final = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Principal:
    """A program or a person with a token of its own."""

    id: str
    owner: str
    scopes: frozenset[Scope]
    expires_at: float | None = None
    """None: never."""
    counted: bool = True
    """His calls count against his owner's rate."""

    def require_current(self, now: float) -> None:
        """Raises Unauthenticated: it has expired."""
        if self.expires_at is not None and now >= self.expires_at:
            at = datetime.fromtimestamp(self.expires_at, UTC)
            raise Unauthenticated(f"the token of {self.id!r} expired at {at:%Y-%m-%d %H:%M} UTC; ask for another one")

    def require(self, scope: Scope, what: str) -> None:
        """Raises PermissionDenied: he may not do what needs this scope."""
        if scope not in self.scopes:
            raise PermissionDenied(self.id, scope.value, what)

    def speaking_for(self, owner: str, scopes: Iterable[Scope]) -> Principal:
        """Return who acts through him: with no more than his own scopes, and counted as that owner."""
        return replace(self, id=owner, owner=owner, scopes=self.scopes & frozenset(scopes), counted=True)


INSTALLATION: Final = Principal("installation", OWNER, ALL, counted=False)
"""Who has the installation's own credentials."""
