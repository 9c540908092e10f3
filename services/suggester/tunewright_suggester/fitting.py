"""What a fitting process does: bytes of a request in, bytes of a response out.

A refusal crosses as a value: exceptions with arguments of their own do not survive the way between processes.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunewright.core.errors import InvalidSpec
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.wire import read_ask, write_answer, write_explanation


@dataclass(frozen=True, slots=True)
class Refused:
    field: str
    why: str
    remedy: str

    def error(self) -> InvalidSpec:
        return InvalidSpec(self.field, self.why, self.remedy)


def suggested(request: bytes) -> bytes | Refused:
    """Answer a SuggestRequest that holds all its observations with a SuggestResponse."""
    try:
        answer = suggest(read_ask(pb.SuggestRequest.FromString(request)))
    except InvalidSpec as error:
        return Refused(error.field, error.why, error.remedy)
    return write_answer(answer).SerializeToString()


def explained(request: bytes) -> bytes | Refused:
    """Answer an ExplainRequest with an ExplainResponse."""
    asked = pb.ExplainRequest.FromString(request)
    try:
        explanation = explain(read_ask(asked.ask), asked.index)
    except InvalidSpec as error:
        return Refused(error.field, error.why, error.remedy)
    return write_explanation(explanation).SerializeToString()
