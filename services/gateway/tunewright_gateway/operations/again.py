"""Create, asked twice: a client of AWS's tries again when it has lost the answer."""

from __future__ import annotations

import hashlib
import json

from tunewright_gateway.operations.call import Call


def request_id(call: Call, operation: str) -> str:
    """Return an id under which the scheduler answers a Create that comes again as it did the first time.

    It stands on the client's amz-sdk-invocation-id, which every try of one call carries. That header is not signed: who
    can change it on the way makes a retry look like a new request, which meets ResourceInUse, and nothing else. For the
    body is in the id too, so that nobody gets the answer to another request; and the body is signed.
    """
    if not call.invocation:
        return ""
    what = json.dumps([operation, call.invocation, call.body], sort_keys=True).encode()
    return hashlib.sha256(what).hexdigest()
