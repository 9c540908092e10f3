"""`tunewright tune`: run the job, show how it goes, and say what came out."""

from __future__ import annotations

import asyncio
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from tunewright.cli import FAILED, INTERRUPTED
from tunewright.cli.advising import closing_words
from tunewright.cli.forms import Form
from tunewright.cli.hints import all_the_same, instead_of, last_line
from tunewright.cli.output import show
from tunewright.cli.progress import Standing, View, show_begin, view
from tunewright.cli.records import JOB, job_record
from tunewright.cli.serving import is_ours, join_or_start
from tunewright.cli.wording import FILE_SCHEME, printable, result_text
from tunewright.cli.written import Written
from tunewright.client import AsyncClient, TrainingJob, TuningJob
from tunewright.client.calling import PATIENCE_S as AWAY_S
from tunewright.core.errors import IllegalTransition, TunewrightError, Unavailable
from tunewright.core.program_variables import PYTHON_VARIABLE
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState, TrainingState

LINES_FOR_HINT: Final = 500
TOLD: Final = ("RUNNER_UNREACHABLE", "START_WAITS", "TRAINING_STOPPING")
"""Why nothing is seen of a training that runs; whoever looks on is told."""
LOOK_AT_WAITS_S: Final = 5.0
PATIENCE_S: Final = 2.0
"""A server of ours that is gone for so long is started again."""
REJOINS: Final = 3


def tune(written: Written, data_dir: Path | None, *, detach: bool, form: Form) -> int:
    """Run the job to its end; return the exit code."""
    return asyncio.run(_tune(written, data_dir, detach=detach, form=form))


async def _tune(written: Written, data_dir: Path | None, *, detach: bool, form: Form) -> int:
    options = "" if data_dir is None else f" --data-dir {shlex.quote(str(data_dir))}"
    roots = _image_roots(written.spec)
    async with AsyncClient(join_or_start(data_dir, roots)) as client:
        with written.in_its_words():
            job = await client.create(written.spec)
    if detach:
        print(job.name)
        return 0
    standing = Standing(job)
    ours = is_ours(data_dir)
    for attempt in range(REJOINS if ours else 1):
        async with AsyncClient(join_or_start(data_dir, roots)) as client:
            try:
                await _follow(client, standing, PATIENCE_S if ours else AWAY_S, again=attempt > 0)
            except Unavailable:
                continue  # the server has ended: another one goes on where it was
            except asyncio.CancelledError:
                if not await _stopped(client, job.name, options):
                    return INTERRUPTED
            job = await client.describe(job.name)
            advice = "" if form is not Form.TABLE else await closing_words(client, job.name)
            break
    else:
        why = f"it ended {REJOINS} times" if ours else "it does not answer any more; the job goes on"
        raise Unavailable("the server", f"{why}; see tunewright describe {job.name}{options}")
    show(form, job_record(job), JOB, lambda: print(result_text(job, _how_to_use(job, options), options)))
    if advice:
        print(advice)
    if job.state is JobState.STOPPED:
        return INTERRUPTED
    return 0 if job.state is JobState.COMPLETED and job.best is not None else FAILED


async def _follow(client: AsyncClient, standing: Standing, patience_s: float, *, again: bool) -> None:
    """Show the job until it has ended."""
    following: dict[int, asyncio.Task[None]] = {}
    hinted = False
    with view(standing) as shown:
        if again:
            shown.say("The server had ended; it has been started again, and the job goes on.")
        else:
            show_begin(shown, standing.job)
        telling = asyncio.create_task(_tell_waits(client, shown, standing.job.name))
        try:
            async for watched in client.watch(standing.job.uid, since=standing.position, patience_s=patience_s):
                for training, line in standing.watched(watched):
                    shown.say(line)
                    if task := following.pop(training.number, None):
                        task.cancel()
                    if training.objective_value is None and not hinted:
                        hinted = True
                        metric = standing.job.spec.objective_of(training.definition_name).metric_name
                        await _hint(client, shown, training, metric)
                for training in standing.running.values():
                    if shown.live and training.started_at is not None and training.number not in following:
                        following[training.number] = asyncio.create_task(_measure(client, standing, training))
        finally:
            besides = [telling, *following.values()]
            for task in besides:
                task.cancel()
            await asyncio.gather(*besides, return_exceptions=True)
        names = dict.fromkeys(name for item in standing.job.spec.definitions for name in item.space)
        if warning := all_the_same(standing.values, names):
            shown.say(warning)


async def _tell_waits(client: AsyncClient, shown: View, name: str) -> None:
    """Say once what keeps trainings from going on, and again when that comes back: nothing else is seen of it."""
    told: set[str] = set()
    while True:
        await asyncio.sleep(LOOK_AT_WAITS_S)
        with suppress(TunewrightError):
            findings = (await client.describe(name)).findings
            found = {item.cause: item.text for item in reversed(findings) if item.cause in TOLD}
            for cause in sorted(found.keys() - told):
                shown.say(f"      {printable(found[cause])}")
            told = set(found)


async def _measure(client: AsyncClient, standing: Standing, training: TrainingJob) -> None:
    """Take in a running training's objective; without it the view only lacks a value."""
    metric = standing.job.spec.objective_of(training.definition_name).metric_name
    try:
        async for measurement in client.measurements(training.name, metric, follow=True):
            standing.measured(training.number, measurement)
    except TunewrightError:
        return


async def _hint(client: AsyncClient, shown: View, training: TrainingJob, metric: str) -> None:
    """Say what the first training without a value has printed instead."""
    try:
        lines = [line.text async for line in client.output(training.name, tail=LINES_FOR_HINT)]
    except TunewrightError:
        return
    completed = training.state is TrainingState.COMPLETED
    if not (completed and training.final_metrics):  # else its last value was no number, and its line says so
        shown.say(f"      {instead_of(metric, lines) if completed else last_line(lines)}")
    shown.say(f"      Its output: tunewright logs {training.name}")


async def _stopped(client: AsyncClient, name: str, options: str) -> bool:
    """Ask whether to stop the job; say whether it has ended. Without an answer it goes on."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
    if not _wants_to_stop(name):
        where = f"tunewright describe {name}{options}; stop it with: tunewright stop {name}{options}"
        print(f"It goes on. Come back with: {where}", file=sys.stderr)
        return False
    with suppress(IllegalTransition):  # it has ended meanwhile
        await client.stop(name)
    await client.wait(name)
    return True


def _wants_to_stop(name: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(f"\nStop tuning job {name}? Its trainings would end. [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        return input().strip().lower().startswith("y")
    except (KeyboardInterrupt, EOFError):
        print(file=sys.stderr)
        return False


def _how_to_use(job: TuningJob, options: str) -> str:
    """Return the command that runs a script with the best configuration, or that prints it for an image."""
    definition = job.spec.definitions[0] if job.best is None else job.spec.definition(job.best.definition_name)
    best = f"tunewright best {job.name}{options}"
    if PYTHON_VARIABLE not in definition.environment:
        return best
    script = Path(definition.image.removeprefix(FILE_SCHEME))
    near = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
    return f"python {shlex.quote(str(near))} $({best} --format args)"


def _image_roots(spec: TuningJobSpec) -> tuple[Path, ...]:
    programs = [item.image for item in spec.definitions if item.image.startswith(FILE_SCHEME)]
    folders = [Path(image.removeprefix(FILE_SCHEME)).parent for image in programs]
    return (*folders, Path.cwd(), Path.home())
