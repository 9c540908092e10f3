"""Every error a caller can meet, in one tree.

    TunewrightError
    ├── CallerError            the caller's fault: fix the request, do not retry
    │   ├── InvalidSpec            a field is wrong; names it, the reason and the remedy
    │   ├── NotFound
    │   ├── AlreadyExists
    │   ├── QuotaExceeded
    │   ├── IllegalTransition      the thing is in a state that does not allow this
    │   ├── Unauthenticated
    │   ├── PermissionDenied       the caller is known, and lacks a scope
    │   └── SpaceExhausted         every distinct configuration has been given out
    ├── PeerError              somebody else's fault: back off and try again
    │   ├── Conflict               another writer was faster; reload and decide again
    │   ├── Throttled              too many calls; says when to try again
    │   └── Unavailable
    └── Fault                  ours

The three class attributes are the only table of reasons and codes: the gRPC interceptor and the HTTP gateway read them.
A training that fails is a fact about a training, not an error of ours.
"""

from __future__ import annotations

from typing import ClassVar, Final

LONGEST_QUOTE: Final = 600
"""Characters of what somebody gave us, in a sentence about it."""


def quoted(text: str) -> str:
    """Return a text as it is, or its beginning and its end if it would drown the sentence that quotes it."""
    if len(text) <= LONGEST_QUOTE:
        return text
    half = LONGEST_QUOTE // 2
    return f"{text[:half]} … {text[-half:]}"


class TunewrightError(Exception):
    """Root of the tree. `reason` is stable and meant for programs, `str(error)` for people."""

    reason: ClassVar[str] = "FAULT"
    grpc_code: ClassVar[str] = "INTERNAL"
    aws_code: ClassVar[str] = "InternalFailure"

    def details(self) -> dict[str, str]:
        """Return what the error is about, for ErrorInfo.metadata."""
        return {name: str(value) for name, value in vars(self).items() if value is not None}


class CallerError(TunewrightError):
    """The request cannot be served as it is."""


class InvalidSpec(CallerError):  # noqa: N818 - the terms of the API
    """A field is wrong.

    `field` is a dotted path such as `definitions[0].parameters[2].range`, or whatever else the caller calls it; `place`
    says where it stands, such as `job.yaml line 6`.
    """

    reason = "INVALID_SPEC"
    grpc_code = "INVALID_ARGUMENT"
    aws_code = "ValidationException"

    def __init__(self, field: str, why: str, remedy: str = "", place: str = "") -> None:
        field, why = quoted(field), quoted(why)
        self.field, self.why, self.remedy, self.place = field, why, remedy, place
        said = ": ".join(part for part in (place, field, why) if part)
        super().__init__(f"{said.removesuffix('.')}. {remedy}" if remedy else said)


class NotFound(CallerError):  # noqa: N818
    reason = "NOT_FOUND"
    grpc_code = "NOT_FOUND"
    aws_code = "ResourceNotFound"

    def __init__(self, kind: str, name: str, remedy: str = "") -> None:
        name = quoted(name)
        self.kind, self.name = kind, name
        super().__init__(f"there is no {kind} called {name!r}" + (f"; {remedy}" if remedy else ""))


class AlreadyExists(CallerError):  # noqa: N818
    reason = "ALREADY_EXISTS"
    grpc_code = "ALREADY_EXISTS"
    aws_code = "ResourceInUse"

    def __init__(self, kind: str, name: str, remedy: str = "choose another name") -> None:
        name = quoted(name)
        self.kind, self.name = kind, name
        super().__init__(f"a {kind} {name!r} already exists; {remedy}")


class QuotaExceeded(CallerError):  # noqa: N818
    reason = "QUOTA_EXCEEDED"
    grpc_code = "RESOURCE_EXHAUSTED"
    aws_code = "ResourceLimitExceeded"

    def __init__(self, limit: str, asked: object, allowed: object) -> None:
        self.limit, self.asked, self.allowed = limit, asked, allowed
        super().__init__(f"{limit} allows {allowed}, asked for {asked}")


class IllegalTransition(CallerError):  # noqa: N818
    reason = "ILLEGAL_TRANSITION"
    grpc_code = "FAILED_PRECONDITION"
    aws_code = "ValidationException"

    def __init__(self, what: str, state: str, event: str, remedy: str = "") -> None:
        self.what, self.state, self.event = what, state, event
        super().__init__(f"{what} is {state}: cannot {event}" + (f". {remedy}" if remedy else ""))


class Unauthenticated(CallerError):  # noqa: N818
    reason = "UNAUTHENTICATED"
    grpc_code = "UNAUTHENTICATED"
    aws_code = "AccessDeniedException"


class PermissionDenied(CallerError):  # noqa: N818
    """Who asks is known, and lacks a scope that this needs."""

    reason = "PERMISSION_DENIED"
    grpc_code = "PERMISSION_DENIED"
    aws_code = "AccessDeniedException"

    def __init__(self, principal: str, scope: str, what: str) -> None:
        principal, what = quoted(principal), quoted(what)
        self.principal, self.scope, self.what = principal, scope, what
        remedy = f"An operator makes one that has it: tunewright admin tokens add NAME --scope {scope}"
        super().__init__(f"{what} needs the scope {scope!r}, which the token of {principal!r} has not. {remedy}")


class SpaceExhausted(CallerError):  # noqa: N818
    """Every distinct configuration of the space has been given out."""

    reason = "SPACE_EXHAUSTED"
    grpc_code = "OUT_OF_RANGE"
    aws_code = "ValidationException"

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"all {size} distinct configurations of the space have been given out")


class PeerError(TunewrightError):
    """Not the caller's fault and not ours: the same request may succeed later."""


class Conflict(PeerError):  # noqa: N818
    """A conditional write was beaten. Nothing of the commit was written."""

    reason = "CONFLICT"
    grpc_code = "ABORTED"
    aws_code = "ThrottlingException"

    def __init__(self, collection: str, key: str) -> None:
        self.collection, self.key = collection, key
        super().__init__(f"{collection}/{key} was changed by another writer")


class Throttled(PeerError):  # noqa: N818
    """Too many calls came at once."""

    reason = "THROTTLED"
    grpc_code = "RESOURCE_EXHAUSTED"
    aws_code = "ThrottlingException"

    def __init__(self, what: str, retry_after_s: float) -> None:
        self.what, self.retry_after_s = what, retry_after_s
        super().__init__(f"too many {what}; try again in {retry_after_s:g} s")


class Unavailable(PeerError):  # noqa: N818
    reason = "UNAVAILABLE"
    grpc_code = "UNAVAILABLE"
    aws_code = "ServiceUnavailable"

    def __init__(self, peer: str, why: str = "", remedy: str = "") -> None:
        self.peer, self.why, self.remedy = peer, why, remedy
        said = f"{peer} is unavailable" + (f": {why}" if why else "")
        super().__init__(f"{said.removesuffix('.')}. {remedy}" if remedy else said)


class Fault(TunewrightError):  # noqa: N818
    """A fault of ours. The caller is told a request id, the log has the rest."""
