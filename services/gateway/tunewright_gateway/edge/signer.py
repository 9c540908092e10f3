"""botocore's signer over what a client has signed. A module of its own: botocore is loaded with the first request.

What it is given are the few things that it reads of a request: botocore's own AWSRequest, made for requests that are
still to be sent, takes as long as the signature itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.credentials import Credentials

from tunewright_gateway.edge.head import Head
from tunewright_gateway.edge.signatures import SERVICE, Claim

ANY_HOST: Final = "http://door/"
"""The signature is over the header Host, not over the address."""


class _Headers(dict[str, list[str]]):
    """Headers by name, each with its values in order."""

    get_all = dict.__getitem__


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    context: Mapping[str, Any]
    params: None = None


class _Signer(SigV4Auth):  # type: ignore[misc]
    """Signs the headers that the client says it has signed, also those that botocore itself would leave out."""

    def headers_to_sign(self, request: _Request) -> _Headers:
        signed: _Headers = request.context["signed"]
        return signed

    def _sign(self, key: bytes, msg: str, hex: bool = False) -> Any:  # noqa: A002 - botocore's
        """Return what botocore's does, by the form of HMAC that takes a third of the time."""
        digest = hmac.digest(key, msg.encode(), "sha256")
        return digest.hex() if hex else digest


def signature(secret: str, claim: Claim, head: Head, digest: str) -> str:
    """Return the signature, in hex, of the request whose body has this SHA-256."""
    signed = _Headers()
    for name, value in head.pairs:
        if name in claim.signed:
            signed.setdefault(name, []).append(value)
    request = _Request(
        head.method,
        f"{ANY_HOST}?{head.query}" if head.query else ANY_HOST,
        {"X-Amz-Content-SHA256": digest},
        {"timestamp": claim.stamp, "signed": signed},
    )
    signer = _Signer(Credentials(claim.key_id, secret), SERVICE, claim.region)
    whole: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return whole
