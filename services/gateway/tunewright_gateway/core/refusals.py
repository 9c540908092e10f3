"""An error as AWS tells it: a code that programs match, and a text that people do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tunewright.core.amt_texts import AMT_TEXTS
from tunewright.core.errors import (
    AlreadyExists,
    Conflict,
    Fault,
    InvalidSpec,
    NotFound,
    QuotaExceeded,
    Throttled,
    TunewrightError,
    Unavailable,
)
from tunewright.core.members import renamed

VALIDATION: Final = "ValidationException"
BAD_REQUEST: Final = 400
OURS: Final = 500
LATER: Final = 503


class Refusal(Exception):  # noqa: N818 - it is no fault of ours
    """`status` is HTTP's; AWS answers all that is the caller's fault with 400."""

    def __init__(self, code: str, text: str, status: int = BAD_REQUEST) -> None:
        self.code, self.text, self.status = code, text, status
        super().__init__(f"{code}: {text}")


def refusal_of(error: TunewrightError, members: Mapping[str, str] | None = None) -> Refusal:
    """Return an error of ours as AWS would tell it; what is our fault says nothing about itself.

    `members` names the fields of a specification as AWS's request has them (tunewright.core.amt.members_of).
    """
    if error.aws_code == Fault.aws_code:
        return Refusal(error.aws_code, "An internal error occurred.", OURS)
    match error:
        case Unavailable():
            return Refusal(error.aws_code, "The service is unavailable. Try again.", LATER)
        case Conflict() | Throttled():
            return Refusal(error.aws_code, "Rate exceeded")
        case NotFound(kind="training job"):
            return Refusal(VALIDATION, "Requested resource not found.")
        case InvalidSpec():
            return Refusal(error.aws_code, _reason(error, members or {}))
        case _:
            return Refusal(error.aws_code, _text(error))


def _reason(error: InvalidSpec, members: Mapping[str, str]) -> str:
    """Return why a request is wrong: in AMT's own words where it has some, else with the member's name before it."""
    if error.why.startswith(AMT_TEXTS):
        return error.why
    return str(InvalidSpec(renamed(error.field, members), error.why, error.remedy))


def _text(error: TunewrightError) -> str:
    match error:
        case NotFound(kind="tuning job", name=name):
            return f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
        case AlreadyExists(kind="tuning job", name=name):
            return f"A hyperparameter tuning job with the name, {name}, already exists. Choose a different name."
        case AlreadyExists(kind="training job", name=name):
            return (
                "Training job names must be unique within an AWS account and region, and a training job with this "
                f"name already exists ({name})"
            )
        case QuotaExceeded():
            return (
                f"The account-level service limit '{error.limit}' is {error.allowed}, with a request for {error.asked}."
            )
        case _:
            return str(error)
