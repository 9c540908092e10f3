"""Who signed a request: AWS's Signature Version 4, checked in two steps.

    claimed(head)        whose signature it says it is, for when and for what: before a byte of the body is waited for
    proven(claim, …)     that it is: botocore's own signer, with the secret of that key, comes to the same signature

Codes and texts are AWS's. What is refused and why so: docs/adr/0032.
"""

from __future__ import annotations

import email.utils
import hmac
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from tunewright.core.errors import Unauthenticated
from tunewright.platform.access import KeyOf, KeyPair
from tunewright_gateway.core.refusals import Refusal
from tunewright_gateway.edge.head import Head

ALGORITHM: Final = "AWS4-HMAC-SHA256"
SIGNER: Final = "tunewright_gateway.edge.signer"
SERVICE: Final = "sagemaker"
TERMINATOR: Final = "aws4_request"
WINDOW: Final = timedelta(minutes=5)
"""How far a signature's time may be from ours, either way, as AWS has it for its JSON services."""
STAMP: Final = "%Y%m%dT%H%M%SZ"
STAMPED: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
PARAMETERS: Final = ("Credential", "Signature", "SignedHeaders")
MUST_BE_SIGNED: Final = ("host", "x-amz-date", "x-amz-target", "x-amz-content-sha256")
"""If they are there: they say where, when and what, and a signature without them could be put to another use."""

MISSING: Final = "MissingAuthenticationTokenException"
INCOMPLETE: Final = "IncompleteSignatureException"
UNKNOWN: Final = "UnrecognizedClientException"
INVALID: Final = "InvalidSignatureException"
EXPIRED: Final = "ExpiredTokenException"
INVALID_KEY: Final = "The security token included in the request is invalid."
MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its signature. Nothing of it is proven."""

    key_id: str
    at: datetime
    """When it was signed, in UTC and to the second."""
    stamp: str
    """The same as STAMP."""
    region: str
    signed: frozenset[str]
    """Names of the headers that are signed, in lower case."""
    signature: str


class Verifier:
    """`now` is the time in UTC."""

    def __init__(self, key_of: KeyOf, now: Callable[[], datetime]) -> None:
        self._key_of, self._now = key_of, now

    def claimed(self, head: Head) -> tuple[Claim, KeyPair]:
        """Return the claim of a known key within its time, and that key. Raises Refusal."""
        claim = claim_of(head)
        pair = self._known(claim.key_id)
        if "x-amz-security-token" in head.values:  # no key here goes with a session
            raise Refusal(UNKNOWN, INVALID_KEY)
        self._require_current(claim)
        return claim, pair

    def _known(self, key_id: str) -> KeyPair:
        """Raises Refusal: nobody has such a key, or its principal has expired."""
        pair = self._key_of(key_id)
        if pair is None:
            raise Refusal(UNKNOWN, INVALID_KEY)
        try:
            pair.principal.require_current(self._now().timestamp())
        except Unauthenticated:
            raise Refusal(EXPIRED, "The security token included in the request is expired") from None
        return pair

    def _require_current(self, claim: Claim) -> None:
        now = self._now().replace(microsecond=0)
        earliest, latest = now - WINDOW, now + WINDOW
        if claim.at < earliest:
            since = f"{earliest:{STAMP}} ({now:{STAMP}} - 5 min.)"
            raise Refusal(INVALID, f"Signature expired: {claim.stamp} is now earlier than {since}")
        if claim.at > latest:
            until = f"{latest:{STAMP}} ({now:{STAMP}} + 5 min.)"
            raise Refusal(INVALID, f"Signature not yet current: {claim.stamp} is still later than {until}")

    def prove(self, claim: Claim, head: Head, body: bytes) -> None:
        """Raises Refusal: the signature is not that of the key over this request."""
        digest = sha256(body).hexdigest()
        if head.get("x-amz-content-sha256") not in ("", digest):
            raise Refusal(INVALID, MISMATCH)
        signer = importlib.import_module(SIGNER)  # botocore, when the first request comes
        expected = signer.signature(self._known(claim.key_id).secret, claim, head, digest)
        if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
            raise Refusal(INVALID, MISMATCH)


def claim_of(head: Head) -> Claim:
    """Read the headers `Authorization` and `X-Amz-Date`, or `Date`. Raises Refusal."""
    text = head.get("authorization")
    if not text:
        raise Refusal(MISSING, "Missing Authentication Token")
    given, signed_at = _parameters(text), _signed_at(head)
    lacking = [f"Authorization header requires '{name}' parameter." for name in PARAMETERS if not given.get(name)]
    if signed_at is None:
        lacking.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if lacking or signed_at is None:
        raise Refusal(INCOMPLETE, " ".join(lacking))
    names = given["SignedHeaders"].split(";")
    if names != sorted({name.lower() for name in names} & head.values.keys()):
        raise Refusal(INVALID, MISMATCH)
    signed = frozenset(names)
    _require_signed(signed, head)
    at, stamp = signed_at
    key_id, region = _scope(given["Credential"], stamp)
    return Claim(key_id, at, stamp, region, signed, given["Signature"])


def _parameters(text: str) -> dict[str, str]:
    """Return what follows the algorithm: NAME=VALUE, NAME=VALUE. The text itself is quoted to nobody."""
    algorithm, _, rest = text.partition(" ")
    if algorithm != ALGORITHM:
        raise Refusal(INCOMPLETE, f"Unsupported AWS 'algorithm': only {ALGORITHM} is known.")
    pairs = [part.strip().partition("=") for part in rest.split(",")] if rest else []
    given = {name: value for name, _, value in pairs}
    if len(given) < len(pairs) or not set(given) <= set(PARAMETERS):
        raise Refusal(
            INCOMPLETE, f"Authorization header requires {', '.join(PARAMETERS)}, each once, and nothing else."
        )
    return given


def _signed_at(head: Head) -> tuple[datetime, str] | None:
    """Return when it was signed, also as STAMP; None: no header says it in a known form."""
    text = head.get("x-amz-date")
    try:
        if not text:
            at = email.utils.parsedate_to_datetime(head.get("date")).astimezone(UTC)
            return at, f"{at:{STAMP}}"
        written = STAMPED.fullmatch(text)  # strptime takes five times as long, and is content with fewer digits
        return (datetime(*map(int, written.groups()), tzinfo=UTC), text) if written else None  # type: ignore[misc, arg-type]
    except (ValueError, TypeError, OverflowError):
        return None


def _require_signed(signed: frozenset[str], head: Head) -> None:
    dated = () if "x-amz-date" in head.values else ("date",)
    for name in (*MUST_BE_SIGNED, *dated):
        if name in head.values and name not in signed:
            said = "Host' or ':authority" if name == "host" else name
            raise Refusal(INVALID, f"'{said}' must be a 'SignedHeader' in the AWS Authorization.")


def _scope(credential: str, stamp: str) -> tuple[str, str]:
    """Return key id and region. Raises Refusal: it is signed for another day, or for something else."""
    parts = credential.split("/")
    if len(parts) != 5:
        text = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
        raise Refusal(INCOMPLETE, text)
    key_id, day, region, service, terminator = parts
    if day != stamp[:8]:
        text = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{day}' != '{stamp[:8]}', from '{stamp}'."
        )
        raise Refusal(INVALID, text)
    if not region:
        raise Refusal(INVALID, "Credential should be scoped to a valid region.")
    if service != SERVICE:
        raise Refusal(INVALID, f"Credential should be scoped to correct service: '{SERVICE}'.")
    if terminator != TERMINATOR:
        text = f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        raise Refusal(INVALID, text)
    return key_id, region
