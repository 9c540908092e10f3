"""NextToken: where a listing goes on, for nobody but us to write.

A token is base64url of an HMAC-SHA256, cut to 16 bytes, and of the place as JSON. Signed beside the place are the
operation and its filters, so that a token goes on only with what it came from. Whoever shares the key reads it: every
replica of the gateway, and no other owner's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tunewright_gateway.core.refusals import VALIDATION, Refusal

SIGNATURE_BYTES: Final = 16
PURPOSE: Final = "NextToken"
PAGING: Final = frozenset({"NextToken", "MaxResults"})
"""What may change from page to page."""


def page_key(secret: str, owner: str) -> bytes:
    """Return what signs an owner's tokens: whoever has the installation's secret gets the same."""
    return hmac.digest(secret.encode(), json.dumps([PURPOSE, owner]).encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Listing:
    """An operation with its filters."""

    key: bytes
    """Who may go on."""
    operation: str
    filters: Mapping[str, Any]

    def token(self, place: Any) -> str:
        """Return the token that goes on from a place, which is any JSON."""
        payload = json.dumps(place, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._signature(payload) + payload).decode()

    def place(self, token: str) -> Any:
        """Return where a token goes on. Raises Refusal: it is none of ours, or of another listing."""
        try:
            signed = base64.b64decode(token, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise _invalid() from None
        signature, payload = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise _invalid()
        return json.loads(payload)

    def _signature(self, payload: bytes) -> bytes:
        filters = {name: value for name, value in self.filters.items() if name not in PAGING and value is not None}
        what = json.dumps([self.operation, filters], sort_keys=True).encode()
        return hmac.digest(self.key, hashlib.sha256(what).digest() + payload, hashlib.sha256)[:SIGNATURE_BYTES]


def _invalid() -> Refusal:
    return Refusal(VALIDATION, "Invalid NextToken")
