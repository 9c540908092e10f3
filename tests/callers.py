"""Who calls, in tests that are about something else: an owner who may do everything."""

from __future__ import annotations

from collections.abc import Mapping

from tunewright.core.access import ALL, Principal
from tunewright.core.errors import Unauthenticated
from tunewright.platform.access import UNKNOWN
from tunewright.platform.rpc.gate import Authenticator, Gate


def anybody(owner: str = "owner") -> Principal:
    return Principal(f"{owner}'s", owner, ALL)


def knowing(owners: Mapping[str, str]) -> Authenticator:
    """Return what knows owners by their tokens."""

    def authenticate(token: str) -> Principal:
        if token not in owners:
            raise Unauthenticated(UNKNOWN)
        return anybody(owners[token])

    return authenticate


def gate(owners: Mapping[str, str] | None = None, calls_per_s: float = 0.0) -> Gate:
    """Return a gate that these are let in at, by their tokens; without any, everybody is the owner `owner`."""
    return Gate(knowing(owners) if owners is not None else lambda _token: anybody(), calls_per_s)
