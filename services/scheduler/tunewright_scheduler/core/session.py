"""A trainer's session: one lease for all that it holds, fenced by an epoch that grows whenever it is opened anew.

The lease is the session's. While it lasts, the trainer runs what it has claimed; some time after it has run out, lease
and grace together, it is fenced: nothing is claimed under it any more, and what it held is taken back, one by one. Then
it is forgotten. A trainer that comes back opens it anew, at any point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from tunewright.core.absence import RunnerAbsence
from tunewright.core.errors import IllegalTransition
from tunewright.core.instances import Capacity
from tunewright.core.phases import Phase
from tunewright_scheduler.core.phases import Told

FENCED_AT: Final = 0.0
"""When the lease of a session that is being ended has expired."""
TOLD_EVERY_S: Final = 1.0
"""A session is written so often at most for what its trainer tells of what it runs."""


class LeaseState(StrEnum):
    OPEN = "OPEN"
    DRAINING = "DRAINING"
    """It is renewed, and grants nothing new."""
    FENCED = "FENCED"
    FORGOTTEN = "FORGOTTEN"
    """There is no record of it."""


LEASE_MOVES: Final[dict[LeaseState, frozenset[LeaseState]]] = {
    LeaseState.OPEN: frozenset({LeaseState.OPEN, LeaseState.DRAINING, LeaseState.FENCED}),
    LeaseState.DRAINING: frozenset({LeaseState.OPEN, LeaseState.DRAINING, LeaseState.FENCED}),
    LeaseState.FENCED: frozenset({LeaseState.OPEN, LeaseState.FORGOTTEN}),
    LeaseState.FORGOTTEN: frozenset({LeaseState.OPEN}),
}


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """What an installation promises its trainers and asks of them, in seconds."""

    lease_s: float = 30.0
    """Of a session, from its last renewal on."""
    lease_grace_s: float = 15.0
    """Slack after a lease, in which a trainer that cannot be heard kills what it runs."""
    heartbeat_s: float = 5.0
    stop_grace_s: float = 120.0
    """From a training's SIGTERM to its SIGKILL."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """In whose name something is said: a trainer, its session's epoch, whose credentials these are, and its key."""

    trainer_id: str
    epoch: int
    owner: str
    key: str = ""
    """Digest of the session's key; empty: none was given."""


@dataclass(frozen=True, slots=True)
class Session:
    trainer_id: str
    epoch: int
    owner: str
    pool: str
    slots: int
    gpus: int
    host: str
    opened_at: float
    expires_at: float
    draining: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    capacity: Capacity | None = None
    """What its host has for trainings; None: only slots are counted."""
    told: tuple[Told, ...] = ()
    """The phases of what it runs, as of the last renewal."""
    key: str = ""
    """Digest of what its trainer proves itself with; empty: whoever has credentials of its owner speaks for it."""
    runner_absence: RunnerAbsence | None = None
    """Likewise: since when what runs its programs does not answer."""

    @property
    def speaker(self) -> Speaker:
        return Speaker(self.trainer_id, self.epoch, self.owner, self.key)

    @property
    def lease(self) -> LeaseState:
        if self.expires_at == FENCED_AT:
            return LeaseState.FENCED
        return LeaseState.DRAINING if self.draining else LeaseState.OPEN

    def phases_of(self, training_id: str, attempt: int) -> tuple[Phase, ...]:
        """Return what an attempt does and did, as far as it was told."""
        named = (item.phases for item in self.told if (item.training_id, item.attempt) == (training_id, attempt))
        return next(named, ())

    def unheard_s(self, now: float, lease_s: float) -> float:
        """Return for how long it has not been heard, by its lease: heartbeats renew that when a third is used up."""
        return max(0.0, now - (self.expires_at - lease_s))

    def silent(self, now: float, lease_s: float) -> bool:
        """Say whether renewals are missing: two thirds of the lease are used up."""
        return self.unheard_s(now, lease_s) > lease_s * 2 / 3


def check_epoch(session: Session | None, trainer_id: str, epoch: int) -> Session:
    """Return the session if `epoch` is its current one.

    Raises IllegalTransition: another process has taken over, or it is lost.
    """
    if session is None or session.epoch != epoch:
        state = "lost" if session is None else f"at epoch {session.epoch}"
        raise IllegalTransition(f"session of trainer {trainer_id}", state, f"be used at epoch {epoch}", "Open it again")
    return session


def check_taken_over(session: Session, by: Speaker) -> None:
    """Raises IllegalTransition: the session may not be opened anew by these credentials, or with this key."""
    what, remedy = f"session of trainer {session.trainer_id}", "Choose another trainer_id"
    if session.owner != by.owner:
        raise IllegalTransition(what, "opened with credentials of another owner", "be used with yours", remedy)
    if session.key not in ("", by.key):
        raise IllegalTransition(what, "opened under another session_key", "be used under yours", remedy)


def check_speaks(session: Session, by: Speaker) -> None:
    """Raises IllegalTransition: he cannot speak for the session; another owner's is told of as lost."""
    if session.owner != by.owner:
        check_epoch(None, by.trainer_id, by.epoch)
    check_taken_over(session, by)


def renewed(
    session: Session,
    now: float,
    lease_s: float,
    *,
    draining: bool,
    told: tuple[Told, ...] | None = None,
    absence: RunnerAbsence | None = None,
) -> Session:
    """Return the session with a whole lease ahead, and what its trainer has told (None: nothing else than before).

    It stays as it is, to spare a write, while over two thirds of the lease are left and nothing else was told; phases
    that follow each other faster than that are written with the next heartbeat.
    """
    told = session.told if told is None else told
    written_s = now - (session.expires_at - lease_s)
    changed = session.told != told or session.runner_absence != absence
    news = session.draining != draining or (changed and written_s >= TOLD_EVERY_S)
    if session.expires_at - now > lease_s * 2 / 3 and not news:
        return session
    to = replace(session, expires_at=now + lease_s, draining=draining, told=told, runner_absence=absence)
    return _moved(session, to)


def fenced(session: Session) -> Session:
    """Return the session under an epoch that nobody has, so that nothing is claimed or said under it any more."""
    return _moved(session, replace(session, epoch=session.epoch + 1, expires_at=FENCED_AT))


def _moved(session: Session, to: Session) -> Session:
    """Return `to`. Raises IllegalTransition if the table does not allow the move."""
    if to.lease not in LEASE_MOVES[session.lease]:
        raise IllegalTransition(f"session of trainer {session.trainer_id}", session.lease, f"become {to.lease}")
    return to
