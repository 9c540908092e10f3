"""The program of a fitting process: requests on standard input, answers on standard output, until input ends."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import BinaryIO

from tunewright.core.errors import InvalidSpec
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.frames import HEADER, Kind, write_refusal
from tunewright_suggester.prefixes import Prefixes
from tunewright_suggester.wire import read_ask, write_answer, write_explanation


class Fitter:
    """Answers requests, and keeps the histories that they brought."""

    def __init__(self) -> None:
        self.prefixes = Prefixes()

    def answer(self, kind: Kind, payload: bytes) -> tuple[Kind, bytes]:
        """Answer one request; never raises."""
        try:
            return Kind.ANSWER, _explained(payload) if kind is Kind.EXPLAIN else self._suggested(payload)
        except InvalidSpec as error:
            return Kind.REFUSED, write_refusal(error)
        except Exception:  # noqa: BLE001 - told to the serving process, which logs it
            return Kind.FAULT, traceback.format_exc().encode()

    def _suggested(self, payload: bytes) -> bytes:
        request = pb.SuggestRequest.FromString(payload)
        completed = self.prefixes.completed(request, read_ask(request))
        if completed is None:
            return pb.SuggestResponse(unknown_prefix=True).SerializeToString()
        ask, digest = completed
        response = write_answer(suggest(ask))
        response.digest = digest
        return response.SerializeToString()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests in order until they end."""
    fitter = Fitter()
    while len(header := requests.read(HEADER.size)) == HEADER.size:
        kind, size_bytes = HEADER.unpack(header)
        answered, payload = fitter.answer(Kind(kind), requests.read(size_bytes))
        answers.write(HEADER.pack(answered, len(payload)) + payload)
        answers.flush()
        fitter.prefixes.trim()


def main() -> None:
    """Serve with standard output kept for answers: whatever prints goes to standard error.

    Ends quietly where nobody is left to answer: the parent has been killed.
    """
    with suppress(BrokenPipeError), os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


def _explained(payload: bytes) -> bytes:
    request = pb.ExplainRequest.FromString(payload)
    return write_explanation(explain(read_ask(request.ask), request.index)).SerializeToString()


if __name__ == "__main__":
    main()
