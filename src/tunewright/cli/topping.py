"""`tunewright top`: all jobs at once, live on a terminal until q is pressed, else a single time and plain."""

from __future__ import annotations

import os
import select
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tunewright.cli.blocks import bar
from tunewright.cli.forms import Form
from tunewright.cli.output import show
from tunewright.cli.records import TOP
from tunewright.cli.serving import join
from tunewright.cli.wording import duration, pace, printable, spent, state_text
from tunewright.client import Client, TuningJob
from tunewright.client.operations import TrainerInfo
from tunewright.core.errors import NotFound, Unavailable
from tunewright.core.names import job_name_of

if TYPE_CHECKING:
    from rich.console import Group

ACTIVE: Final = ("InProgress", "Stopping")
"""Statuses of jobs that have not ended, as AMT has them."""
ENDED_SHOWN: Final = 100
"""Of ended jobs the newest."""
WITH_BEST: Final = 50
"""Of active jobs the newest are shown with their best, each at the cost of a call."""
EVERY_S: Final = 1.0
LINES_LEFT: Final = 4
KEYS: Final = "q leaves"
HEAD: Final = ("name", "state", "best", "trainings", "", "running", "queued", "rate", "left", "spent")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is shown of all jobs at a moment."""

    jobs: tuple[TuningJob, ...]
    trainers: tuple[TrainerInfo, ...]
    now: float
    away: str = ""
    """Why there is nothing newer."""
    cut: bool = False
    """More jobs have ended than are shown."""


def top(data_dir: Path | None, form: Form, *, everything: bool) -> None:
    with Client(join(data_dir)) as client:
        if form is not Form.TABLE or not (sys.stdout.isatty() and sys.stdin.isatty()):
            show(form, records(look(client, everything=everything)), TOP)
            return
        _live(client, everything=everything)


def look(client: Client, *, everything: bool) -> Seen:
    """Ask for all active jobs, and for the newest ended ones if everything is wanted. Raises Unavailable."""
    active = {job.uid: job for status in ACTIVE for job in client.list(status=status) if not job.state.final}
    listed = (job for job in client.list() if job.state.final)
    ended = list(islice(listed, ENDED_SHOWN + 1)) if everything else []
    newest = sorted(active.values(), key=lambda job: job.created_at, reverse=True)
    shown = [*(_with_best(client, job) for job in newest[:WITH_BEST]), *newest[WITH_BEST:]]
    trainers = tuple(client.operations.trainers())
    return Seen((*shown, *ended[:ENDED_SHOWN]), trainers, time.time(), cut=len(ended) > ENDED_SHOWN)


def _with_best(client: Client, job: TuningJob) -> TuningJob:
    """Return a job with its best training, which lists do not tell."""
    try:
        return client.describe(job.uid)
    except NotFound:  # it was deleted meanwhile
        return job


def records(seen: Seen) -> list[dict[str, Any]]:
    """Return a record for each job, active ones first."""
    held = Counter(job_name_of(name) for trainer in seen.trainers for name in trainer.holding)
    return [_record(job, held, seen.now) for job in seen.jobs]


def _record(job: TuningJob, held: Mapping[str, int], now: float) -> dict[str, Any]:
    per_minute, left_s = (None, None) if job.state.final else pace(job, now)
    running = min(held[job.name], job.trainings.in_progress)
    metric = job.spec.objective if job.best is None else job.spec.objective_of(job.best.definition_name)
    return {
        "name": job.name,
        "state": state_text(job.state),
        "metric_name": metric.metric_name,
        "best": None if job.best is None else job.best.objective_value,
        "ended": job.trainings.ended,
        "max_trainings": job.spec.limits.max_trainings,
        "running": running,
        "queued": job.trainings.in_progress - running,
        "per_minute": per_minute,
        "left_s": left_s,
        "spent": job.cost.spent if job.spec.prices_per_second else None,
    }


def _live(client: Client, *, everything: bool) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    seen = look(client, everything=everything)
    with Live(console=console, screen=True, auto_refresh=False) as live, _keys() as pressed:
        while True:
            live.update(drawn(seen, console.height), refresh=True)
            if pressed(EVERY_S) in {"q", "Q"}:
                return
            seen = _looked_again(client, seen, everything=everything)


def _looked_again(client: Client, seen: Seen, *, everything: bool) -> Seen:
    """Return what is seen now; what was, with a word on it, while the server is away."""
    try:
        return look(client, everything=everything)
    except Unavailable as error:
        return replace(seen, away=str(error))


@contextmanager
def _keys() -> Iterator[Any]:
    """Give a function that waits so many seconds for a key and returns it, or nothing; keys are not echoed."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([terminal], [], [], seconds)
        return os.read(terminal, 1).decode(errors="replace") if ready else ""

    try:
        tty.setcbreak(terminal)
        yield pressed
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def drawn(seen: Seen, height: int) -> Group:
    """Return the whole screen."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in HEAD:
        table.add_column(name, no_wrap=True, justify="right" if name in HEAD[5:] else "left")
    told = records(seen)
    shown = max(1, height - LINES_LEFT)
    for job, record in zip(seen.jobs[:shown], told, strict=False):
        table.add_row(*map(Text, _cells(job, record)), style="dim" if job.state.final else "")
    hidden = len(told) - shown
    foot = [f"and {hidden} more"] if hidden > 0 else []
    foot += [f"of ended jobs the newest {ENDED_SHOWN}"] if seen.cut else []
    foot += [seen.away] if seen.away else []
    return Group(Text(headline(seen, told), style="bold"), table, Text("; ".join([*foot, KEYS]), style="dim"))


def headline(seen: Seen, told: Sequence[Mapping[str, Any]]) -> str:
    """Say how it goes with all of it, in a line."""
    slots, busy = sum(item.slots for item in seen.trainers), sum(len(item.holding) for item in seen.trainers)
    active = sum(not job.state.final for job in seen.jobs)
    queued, rate = sum(item["queued"] for item in told), sum(item["per_minute"] or 0.0 for item in told)
    jobs = f"{active} active job{'' if active == 1 else 's'}"
    return f"{jobs}; {busy} of {slots} slots busy; {queued} trainings queued; {rate:.1f}/min"


def _cells(job: TuningJob, record: Mapping[str, Any]) -> list[str]:
    total = record["max_trainings"]
    return [
        job.name,
        record["state"],
        "" if record["best"] is None else f"{printable(record['metric_name'])}={record['best']:.6g}",
        f"{record['ended']}/{total or '?'}",
        bar(record["ended"] / total) if total else "",
        str(record["running"] or ""),
        str(record["queued"] or ""),
        "" if record["per_minute"] is None else f"{record['per_minute']:.1f}/min",
        "" if record["left_s"] is None else duration(record["left_s"]),
        spent(job),
    ]
