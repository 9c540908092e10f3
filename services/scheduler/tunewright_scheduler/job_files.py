"""Job files on the wire: read and checked for who is still writing one, and written of a specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

from tunewright.core.errors import CallerError, InvalidSpec
from tunewright.core.jobfile import Place, Told, examine, in_words_of, line_of, to_jobfile
from tunewright.core.names import made_job_name
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.codec import from_message, to_message
from tunewright.platform.in_threads import InThreads
from tunewright.platform.yaml_text import Misread, read_tree, write_tree
from tunewright.v1 import spec_pb2
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright_scheduler.core.cost import estimate
from tunewright_scheduler.tuning_jobs import TuningJobs

PYTHON: Final = "python3"
"""What runs a script unless its job file says; whoever runs it looks for it there."""
AT_ONCE: Final = 2


class JobFiles:
    def __init__(self, jobs: TuningJobs) -> None:
        self._jobs = jobs
        self._threads = InThreads(AT_ONCE)

    async def read(self, owner: str, text: str, name: str) -> pb.ReadJobFileResponse:
        """Read a job file that stands nowhere. What is wrong with it is in the answer."""
        examined = await self._threads.run(_examined, text, name)
        told, faults = examined.told, list(examined.faults)
        if told is not None:
            faults += [in_words_of(told, fault) for fault in await self._unfit(owner, told.spec)]
        if told is None or faults:
            readable = examined.readable if told is None else told.spec
            return pb.ReadJobFileResponse(
                faults=_messages(faults, examined.lines),
                readable=None if readable is None else to_message(readable, spec_pb2.TuningJobSpec),
            )
        spec = to_message(told.spec, spec_pb2.TuningJobSpec)
        return pb.ReadJobFileResponse(spec=spec, estimate=estimate_message(told.spec))

    async def write(self, message: spec_pb2.TuningJobSpec) -> pb.WriteJobFileResponse:
        """Write the shortest job file. Raises InvalidSpec for what none can say."""
        return await self._threads.run(_written, from_message(message, TuningJobSpec))

    async def _unfit(self, owner: str, spec: TuningJobSpec) -> list[InvalidSpec]:
        """Return what is wrong with a right specification here, now and for its owner."""
        faults = await self._jobs.unfit_here(spec)
        try:
            await self._jobs.parents(owner, spec)
        except InvalidSpec as fault:
            faults.append(fault)
        except CallerError as error:  # there is no such job, or it has not ended
            faults.append(InvalidSpec("warm_start.parents", str(error), "Name tuning jobs of yours that have ended"))
        return faults


class _Examined(NamedTuple):
    told: Told | None
    faults: Sequence[InvalidSpec]
    lines: Mapping[str, int] = {}
    readable: TuningJobSpec | None = None


def _examined(text: str, name: str) -> _Examined:
    try:
        tree, lines = read_tree(text)
    except Misread as fault:
        return _Examined(None, [fault])
    found = examine(tree, Place(folder=None, python=PYTHON, name=name or _made_name(tree)))
    return _Examined(found.told, found.faults, lines, found.readable)


def _made_name(tree: Any) -> str:
    """Make the name of a job whose file may give none: of its program, and the time."""
    program = (tree.get("script") or tree.get("image")) if isinstance(tree, dict) else None
    return made_job_name(PurePosixPath(program).stem if isinstance(program, str) else "", datetime.now(UTC))


def _messages(faults: Sequence[InvalidSpec], lines: Mapping[str, int]) -> list[pb.JobFileFault]:
    messages = [
        pb.JobFileFault(member=fault.field, line=_line(fault, lines) or 0, why=fault.why, remedy=fault.remedy)
        for fault in faults
    ]
    return sorted(messages, key=lambda message: message.line)


def _line(fault: InvalidSpec, lines: Mapping[str, int]) -> int | None:
    return fault.line if isinstance(fault, Misread) else line_of(fault.field, lines)


def _written(spec: TuningJobSpec) -> pb.WriteJobFileResponse:
    written = to_jobfile(spec)
    return pb.WriteJobFileResponse(text=write_tree(written.tree), not_short=written.not_short)


def estimate_message(spec: TuningJobSpec) -> pb.CostEstimate:
    return to_message(estimate(spec), pb.CostEstimate)
