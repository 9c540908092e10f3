"""What the driver raises, as errors of ours: the store is away, or others were faster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pymongo
from pymongo.errors import (
    ClientBulkWriteException,
    ConnectionFailure,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
)

from tunewright.core.errors import Unavailable

DUPLICATE_KEY: Final = 11000
WRITE_CONFLICT: Final = 112
LOST: Final = frozenset({DUPLICATE_KEY, WRITE_CONFLICT})

UNAUTHORIZED: Final = 13
AUTHENTICATION_FAILED: Final = 18
OUT_OF_DISK_SPACE: Final = 14031
FOR_THE_OPERATOR: Final = frozenset({UNAUTHORIZED, AUTHENTICATION_FAILED, OUT_OF_DISK_SPACE})
"""No fault of the message at hand, which must wait until an operator has seen to it."""

AS_WHOM: Final = "See that TUNEWRIGHT_MONGODB_USER and TUNEWRIGHT_MONGODB_PASSWORD_FILE, or the URI, name its user"
REMEDIES: Final[dict[int | None, str]] = {UNAUTHORIZED: AS_WHOM, AUTHENTICATION_FAILED: AS_WHOM}

AWAY: Final = ("RetryableWriteError", "TransientTransactionError", "UnknownTransactionCommitResult")
LONGEST_TEXT: Final = 200


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Hold what is called inside to a time, of which waiting for a thread of the driver's is a part.

    Raises Unavailable in place of what says that the server was not reached or did not answer.
    """
    with pymongo.timeout(seconds):
        try:
            yield
        except PyMongoError as error:
            raise told(error) from None  # the driver's own text may have documents in it, and so secrets


def told(error: PyMongoError) -> Exception:
    """Return the error as ours if the store is away or closed, else as the server's refusal."""
    inner = _inner(error)
    code = inner.code if isinstance(inner, OperationFailure) else None
    away = isinstance(inner, (ConnectionFailure, InvalidOperation)) or inner.timeout or code in FOR_THE_OPERATOR
    if away or _unconfirmed(error) or any(inner.has_error_label(label) for label in AWAY):
        return Unavailable("the store", text(error), REMEDIES.get(code, ""))
    return OperationFailure(text(error), code) if isinstance(inner, OperationFailure) else inner


def lost_to_others(error: PyMongoError) -> bool:
    """Whether a commit was undone because of another one, and may be tried again as it is."""
    if refusal := first_refusal(error):
        return refusal["code"] in LOST
    inner = _inner(error)
    if isinstance(inner, ConnectionFailure) or inner.timeout:
        return False
    conflict = isinstance(inner, OperationFailure) and inner.code == WRITE_CONFLICT
    return conflict or inner.has_error_label("TransientTransactionError")


def first_refusal(error: PyMongoError) -> Mapping[str, Any] | None:
    """Return what the server says of the first write of a bulk that it refused: its `idx`, `code` and `errmsg`."""
    refusals: Any = error.write_errors if isinstance(error, ClientBulkWriteException) else None
    return refusals[0] if refusals else None


def text(error: PyMongoError) -> str:
    """Return what was said, without the documents and the list of servers that the driver adds."""
    inner = _inner(error)
    answer: Any = first_refusal(error) or _unconfirmed(error) or getattr(inner, "details", None)
    said = answer.get("errmsg") if isinstance(answer, Mapping) else None
    if said is None and isinstance(inner, ClientBulkWriteException):
        said = "a write failed"
    return str(said or inner).partition(", Timeout:")[0].partition(", full error:")[0][:LONGEST_TEXT]


def _unconfirmed(error: PyMongoError) -> Mapping[str, Any] | None:
    """Return why it is not known to be the majority's, of a bulk write that was done."""
    concerns: Any = error.write_concern_errors if isinstance(error, ClientBulkWriteException) else None
    return concerns[0] if concerns else None


def _inner(error: PyMongoError) -> PyMongoError:
    """Return what made a bulk write fail as a whole."""
    inner = error.error if isinstance(error, ClientBulkWriteException) else None
    return inner if isinstance(inner, PyMongoError) else error
