"""Who may come in: by the name he calls us, without a web page between, and with a signature of a key of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tunewright.core.access import INSTALLATION, Principal
from tunewright.platform.access import KeyOf
from tunewright.platform.http import ANY_NAME, LOOPBACK_NAMES
from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.edge.head import Head
from tunewright_gateway.edge.signatures import Claim, Verifier

FORBIDDEN: Final = 403
DENIED: Final = "AccessDeniedException"


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms the door lets in."""

    keys: KeyOf
    names: tuple[str, ...] = LOOPBACK_NAMES
    """What clients may call this server, in `Host`, without the port; ANY_NAME: whatever they like."""
    any_credentials: bool = False
    """Let in also who does not sign, or signs with another key: for loopback only."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Who asks; the installation itself where credentials do not matter."""

    claim: Claim | None
    principal: Principal

    @property
    def key_id(self) -> str:
        return self.claim.key_id if self.claim else ""

    @property
    def signature(self) -> str | None:
        """What is carried out once."""
        return self.claim.signature if self.claim else None


class Admission:
    def __init__(self, terms: Terms, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._terms = terms
        self._verifier = Verifier(terms.keys, now)

    def require_ours(self, head: Head) -> None:
        """Raise Refusal for what a web page sends: under a foreign name (DNS rebinding), or with its own origin."""
        if "origin" in head.values:
            raise Refusal(DENIED, "Web pages are not answered here.", FORBIDDEN)
        require_our_name(head, self._terms.names)

    def announced(self, head: Head) -> Guest:
        """Return who says he asks, before anything of the body is read. Raises Refusal."""
        if self._terms.any_credentials:
            return Guest(None, INSTALLATION)
        claim, pair = self._verifier.claimed(head)
        return Guest(claim, pair.principal)

    def admit(self, guest: Guest, head: Head, body: bytes) -> None:
        """Raises Refusal: he is not who he says."""
        if guest.claim is None:
            return
        self._verifier.prove(guest.claim, head, body)


def require_our_name(head: Head, names: tuple[str, ...]) -> None:
    """Raise Refusal: the client calls us by a name that is none of these."""
    if names != ANY_NAME and _name(head.get("host")) not in names:
        raise Refusal(DENIED, "This server does not go by the name that the header Host gives it.", FORBIDDEN)


def _name(host: str) -> str:
    """Return a Host header's name without the port; [::1] keeps its brackets."""
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdecimal() else host.lower()
