"""A trainer's session: one lease for all that it holds, fenced by an epoch that grows whenever it is opened anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tunewright.core.errors import IllegalTransition


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


def renewed(session: Session, now: float, lease_s: float, *, draining: bool) -> Session:
    """Return the session with a whole lease ahead; as it is while over two thirds are left, to spare a write."""
    if session.expires_at - now > lease_s * 2 / 3 and session.draining == draining:
        return session
    return replace(session, expires_at=now + lease_s, draining=draining)
