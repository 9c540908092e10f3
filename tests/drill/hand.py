"""The hand that does what the plan says, each fault beside the others, and notes when it did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from tests.drill.plan import Fault, Kind
from tests.drill.stage import Stage, fill, give_back


@dataclass(frozen=True, slots=True)
class Deed:
    """A fault that was made."""

    fault: Fault
    began_at: float
    """Unix seconds."""
    ended_at: float
    """The hand was taken off: the service was started again, the line mended, the server serves."""
    found_dead: bool = False
    """The service had ended by itself; it was started again, and nothing else done to it."""


def carry_out(stage: Stage, plan: Sequence[Fault], told: Callable[[str], None]) -> list[Deed]:
    """Return when all has been done and taken back. Raises what a server does that does not start again."""
    began, own = time.monotonic(), {fault.target: threading.Lock() for fault in plan}

    def do(fault: Fault) -> Deed:
        time.sleep(max(0.0, began + fault.at_s - time.monotonic()))
        with own[fault.target]:
            began_at = time.time()
            if fault.kind in {Kind.KILL, Kind.STILL} and not (member := stage.member(fault.target)).running:
                member.spawn()
                return Deed(fault, began_at, began_at, found_dead=True)
            begin, end = _of(stage, fault)
            begin()
            told(f"{time.monotonic() - began:6.1f} s  {fault}, for {fault.lasts_s:.1f} s")
            time.sleep(fault.lasts_s)
            end()
            return Deed(fault, began_at, time.time())

    with ThreadPoolExecutor(len(plan) or 1) as threads:
        return [doing.result() for doing in [threads.submit(do, fault) for fault in plan]]


def _of(stage: Stage, fault: Fault) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what begins a fault, and what takes it back."""
    match fault.kind:
        case Kind.KILL:
            member = stage.member(fault.target)
            return member.kill, member.spawn
        case Kind.STILL:
            member = stage.member(fault.target)
            return member.pause, member.resume
        case Kind.CUT:
            line = stage.lines[fault.target]
            return line.cut, line.mend
        case Kind.BREAK:
            return stage.lines[fault.target].break_off, _nothing
        case Kind.RESTART:
            server = stage.broker if fault.target == "broker" else stage.database
            return server.kill, server.start
        case Kind.FILL:
            folder = stage.disks[fault.target]
            return partial(fill, folder), partial(give_back, folder)


def _nothing() -> None:
    """What was broken off is made again by those who need it."""
