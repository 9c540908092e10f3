"""Who speaks on the topics that other systems may write: every record there is signed with an owner's secret.

    tw-signature: <access key id>:<HMAC-SHA256 in hex>      of: topic, line feed, ce_type, line feed, value

Topic and type are signed with the value, so that an order to stop a job cannot be sent again as one to delete it, nor
on another topic. `ce_type` counts as it stands in the header. A signature does not expire: what keeps an order from
being carried out twice is its id.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final

from tunewright.core.access import Scope
from tunewright.core.errors import PermissionDenied, Unauthenticated
from tunewright.platform.access import KeyOf
from tunewright.platform.bus.messages import Unreadable, type_of
from tunewright.platform.bus.port import Record
from tunewright.platform.credentials import Credentials

SIGNATURE: Final = "tw-signature"
SCOPES: Final[Mapping[str, Scope]] = {"tuning.commands": Scope.JOBS, "training.reports": Scope.REPORT}
"""What whoever writes to a topic must be allowed, by its name: all that other systems may write to."""
FORM: Final = "<access key id>:<hex HMAC-SHA256 of topic, line feed, ce_type, line feed, value>"


def signature(record: Record, credentials: Credentials) -> str:
    """Return what the header says of this record under these credentials."""
    return f"{credentials.aws_access_key_id}:{_digest(record, credentials.aws_secret_access_key)}"


def signed_owner(record: Record, key_of: KeyOf) -> str:
    """Return whom a record speaks for. Raises Unreadable, with what to do about it and no secret."""
    type_of(record)  # a wrong type would be told as a wrong signature, which teaches nothing
    given = record.headers.get(SIGNATURE, b"")
    if not given:
        raise Unreadable(f"it has no header {SIGNATURE}: {FORM}. `tunewright sign` prints it")
    key_id, _, digest = given.partition(b":")
    pair = key_of(key_id.decode(errors="replace"))
    if pair is None:
        raise Unreadable(f"{SIGNATURE} names the unknown access key {key_id.decode(errors='replace')[:100]!r}")
    if not hmac.compare_digest(digest.strip().lower(), _digest(record, pair.secret).encode()):
        raise Unreadable(
            f"{SIGNATURE} does not fit a record of type {_type_text(record)!r} on topic {record.topic} "
            f"with {len(record.value)} bytes. It must be {FORM}"
        )
    try:
        pair.principal.require_current(time.time())
        pair.principal.require(SCOPES[record.topic], f"a record on {record.topic}")
    except (Unauthenticated, PermissionDenied) as refusal:
        raise Unreadable(str(refusal)) from None
    return pair.principal.owner


def _digest(record: Record, secret: str) -> str:
    signed = b"\n".join((record.topic.encode(), record.headers["ce_type"], record.value))
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _type_text(record: Record) -> str:
    return record.headers["ce_type"].decode(errors="replace")
