"""The program of an analysing process: histories on standard input, answers on standard output, until input ends."""

from __future__ import annotations

import os
import struct
import sys
import traceback
from contextlib import suppress
from enum import IntEnum
from typing import BinaryIO, Final

import msgspec

from tunewright.core.analysis import Analysis
from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright.v1 import spec_pb2
from tunewright_metrics.core.history import History, Tried

HEADER: Final = struct.Struct("<BI")
"""Kind and length in bytes of what follows."""


class Kind(IntEnum):
    ANALYZE = 0
    ANSWER = 1
    """An AnalyzeResponse."""
    REFUSED = 2
    """An InvalidSpec: field, reason and remedy."""
    FAULT = 3
    """A fault of ours: its traceback as text."""


class Task(msgspec.Struct, frozen=True):
    """What crosses the pipe, as MessagePack."""

    spec: bytes
    """A TuningJobSpec message."""
    tried: list[Tried]
    wanted: list[Analysis]
    definition_name: str


def task_of(history: History, wanted: frozenset[Analysis], definition_name: str) -> bytes:
    spec = to_message(history.spec, spec_pb2.TuningJobSpec).SerializeToString()
    return msgspec.msgpack.encode(Task(spec, list(history.tried), sorted(wanted), definition_name))


def answered(payload: bytes) -> tuple[Kind, bytes]:
    """Answer one task; never raises."""
    from tunewright_metrics.core.analysis.analyses import analyse  # numpy and scipy: the serving process has no need

    try:
        task = msgspec.msgpack.decode(payload, type=Task)
        spec = from_message(spec_pb2.TuningJobSpec.FromString(task.spec), TuningJobSpec)
        told = analyse(History(spec, tuple(task.tried)), frozenset(task.wanted), task.definition_name)
        return Kind.ANSWER, to_message(told, pb.AnalyzeResponse).SerializeToString()
    except InvalidSpec as error:
        return Kind.REFUSED, msgspec.msgpack.encode([error.field, error.why, error.remedy])
    except Exception:  # noqa: BLE001 - told to the serving process, which logs it
        return Kind.FAULT, traceback.format_exc().encode()


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Answer tasks in order until they end."""
    while len(header := tasks.read(HEADER.size)) == HEADER.size:
        kind, payload = answered(tasks.read(HEADER.unpack(header)[1]))
        answers.write(HEADER.pack(kind, len(payload)) + payload)
        answers.flush()


def main() -> None:
    """Serve with standard output kept for answers: whatever prints goes to standard error.

    Ends quietly where nobody is left to answer: the parent has been killed.
    """
    with suppress(BrokenPipeError), os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
