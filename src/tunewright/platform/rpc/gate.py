"""Who may call what: by the token of each call, the scope of its method, and his owner's rate.

metadata ─▶ whose token ─▶ for whom he speaks ─▶ has he the scope ─▶ has his owner calls left
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import structlog

from tunewright.core.access import Principal, Scope
from tunewright.core.errors import InvalidSpec, Throttled, TunewrightError, Unauthenticated
from tunewright.platform.rpc import FOR, SCOPES
from tunewright.platform.rpc.buckets import Buckets
from tunewright.platform.rpc.scopes import scope_of

UNSIGNED: Final = "no valid token; give `authorization: Bearer <token>` from the credentials file"
FAILURES_PER_S: Final = 10.0
"""Calls of one host that are told that their token is none."""
SHORTEST_RETRY_S: Final = 0.01

Authenticator = Callable[[str], Principal]
"""Takes a bearer token. Raises Unauthenticated."""

log = structlog.get_logger()


class Gate:
    """`calls_per_s` are those of one owner; 0: as many as he likes. `clock` is in seconds and goes on evenly."""

    def __init__(
        self, authenticate: Authenticator, calls_per_s: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._authenticate = authenticate
        self._calls = Buckets(calls_per_s, clock) if calls_per_s else None
        self._failures = Buckets(FAILURES_PER_S, clock)

    def admit(self, path: str, metadata: Sequence[tuple[str, Any]]) -> Principal:
        """Return who calls. Raises Unauthenticated, PermissionDenied, Throttled."""
        principal = self.judge(path, metadata)
        if self._calls is not None and principal.counted:
            _wait(self._calls.take(principal.owner), f"calls of owner {principal.owner!r}")
        return principal

    def judge(self, path: str, metadata: Sequence[tuple[str, Any]]) -> Principal:
        """Return who calls, and do not count it. Raises Unauthenticated, PermissionDenied."""
        given = dict(metadata)
        principal = self._known(given)
        if FOR in given:
            principal.require(Scope.SERVICES, f"{FOR}, to speak for others,")
            principal = principal.speaking_for(str(given[FOR]), _scopes(str(given.get(SCOPES, ""))))
        scope = scope_of(path)
        if scope is not None:
            principal.require(scope, path.rpartition("/")[2])
        return principal

    def refusal(self, error: TunewrightError, peer: str) -> TunewrightError:
        """Return what a caller is told who was not admitted: of wrong tokens, few a second.

        A right token is admitted all the same: of many behind one address, one that fails must not lock out the others.
        """
        if not isinstance(error, Unauthenticated):
            return error
        try:
            host = peer.rpartition(":")[0]  # a port is another one for each connection
            _wait(self._failures.take(host), "failed authentications from your address")
        except Throttled as throttled:
            return throttled
        log.info("not authenticated", peer=host, why=str(error))
        return error

    def _known(self, given: Mapping[str, Any]) -> Principal:
        scheme, _, token = str(given.get("authorization", "")).partition(" ")
        if scheme != "Bearer" or not token:
            raise Unauthenticated(UNSIGNED)
        return self._authenticate(token)


def _wait(wait_s: float, what: str) -> None:
    if wait_s > 0:
        raise Throttled(what, round(max(wait_s, SHORTEST_RETRY_S), 3))


def _scopes(text: str) -> Iterable[Scope]:
    """Raises InvalidSpec."""
    try:
        return [Scope(word) for word in text.split()]
    except ValueError:
        raise InvalidSpec(SCOPES, f"{text!r} names a scope that is not known", f"Known: {', '.join(Scope)}") from None
