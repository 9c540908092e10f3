"""`tunewright tune`: build the job, run it, show how it goes, and say what came out."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tunewright.cli import FAILED, INTERRUPTED
from tunewright.cli.hints import hint
from tunewright.cli.progress import Standing, View, show_begin, view
from tunewright.cli.serving import join_or_start
from tunewright.cli.wording import FILE_SCHEME, result_text, result_tree
from tunewright.cli.written import OPTIONS, Written, from_file, from_options, option_of
from tunewright.client import AsyncClient, TrainingJob
from tunewright.core.amt import to_amt
from tunewright.core.errors import IllegalTransition, InvalidSpec, TunewrightError
from tunewright.core.jobfile import PYTHON_VARIABLE
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState

EXAMPLES: Final = {"params": "lr='log(1e-4,1e-1)'", "fixed": "data=iris", "metrics": "loss='loss: ([0-9.]+)'"}
JOB_FILE_SUFFIXES: Final = {".yaml", ".yml", ".json"}
LINES_FOR_HINT: Final = 500


def read(program: Path, given: Mapping[str, Any], pairs: Mapping[str, Sequence[str]]) -> Written:
    """Return the checked job of a script with options, or of a job file. Raises InvalidSpec."""
    name = _job_name(program.stem)
    options = {key: value for key, value in given.items() if value is not None}
    options |= {key: _pairs(key, texts) for key, texts in pairs.items() if texts}
    if program.suffix in JOB_FILE_SUFFIXES:
        if options:
            option = next(iter(options))
            raise InvalidSpec(option_of(option), "cannot be combined with a job file", f"Write it into {program}")
        return from_file(program, name)
    return from_options(options, program, name)


def print_aws(spec: TuningJobSpec) -> None:
    print(json.dumps(to_amt(spec), indent=2))


def tune(written: Written, data_dir: Path | None, *, detach: bool, as_json: bool) -> int:
    """Run the job to its end; return the exit code."""
    return asyncio.run(_tune(written, data_dir, detach=detach, as_json=as_json))


async def _tune(written: Written, data_dir: Path | None, *, detach: bool, as_json: bool) -> int:
    options = "" if data_dir is None else f" --data-dir {shlex.quote(str(data_dir))}"
    async with AsyncClient(join_or_start(data_dir, _image_roots(written.spec))) as client:
        with written.in_its_words():
            job = await client.create(written.spec)
        if detach:
            print(job.name)
            return 0
        standing = Standing(job)
        try:
            await _follow(client, standing)
        except asyncio.CancelledError:
            if not await _stopped(client, job.name, options):
                return INTERRUPTED
        job = await client.describe(job.name)
    print(
        json.dumps(result_tree(job), indent=2) if as_json else result_text(job, _how_to_use(job.spec, options), options)
    )
    if job.state is JobState.STOPPED:
        return INTERRUPTED
    return 0 if job.state is JobState.COMPLETED and job.best is not None else FAILED


async def _follow(client: AsyncClient, standing: Standing) -> None:
    """Show the job until it has ended."""
    following: dict[int, asyncio.Task[None]] = {}
    hinted = False
    with view(standing) as shown:
        show_begin(shown, standing.job)
        try:
            async for watched in client.watch(standing.job.name):
                for training, line in standing.watched(watched):
                    shown.say(line)
                    if task := following.pop(training.number, None):
                        task.cancel()
                    if training.objective_value is None and not hinted:
                        hinted = True
                        await _hint(client, shown, training, standing)
                for training in standing.running.values():
                    if shown.live and training.started_at is not None and training.number not in following:
                        following[training.number] = asyncio.create_task(_measure(client, standing, training))
        finally:
            for task in following.values():
                task.cancel()
            await asyncio.gather(*following.values(), return_exceptions=True)


async def _measure(client: AsyncClient, standing: Standing, training: TrainingJob) -> None:
    """Take in a running training's objective; without it the view only lacks a value."""
    try:
        async for measurement in client.measurements(
            training.name, standing.job.spec.objective.metric_name, follow=True
        ):
            standing.measured(training.number, measurement)
    except TunewrightError:
        return


async def _hint(client: AsyncClient, shown: View, training: TrainingJob, standing: Standing) -> None:
    """Say what the first training without a value has printed instead."""
    try:
        lines = [line.text async for line in client.output(training.name, tail=LINES_FOR_HINT)]
    except TunewrightError:
        return
    shown.say(f"      {hint(standing.job.spec.objective.metric_name, lines)}")
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


def _how_to_use(spec: TuningJobSpec, options: str) -> str:
    """Return the command that runs a script with the best configuration, or that prints it for an image."""
    definition = spec.definitions[0]
    best = f"tunewright best {spec.name}{options}"
    if PYTHON_VARIABLE not in definition.environment:
        return best
    script = Path(definition.image.removeprefix(FILE_SCHEME))
    near = script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script
    return f"python {shlex.quote(str(near))} $({best} --format args)"


def _image_roots(spec: TuningJobSpec) -> tuple[Path, ...]:
    folders = [Path(item.image.removeprefix(FILE_SCHEME)).parent for item in spec.definitions]
    return (*folders, Path.cwd(), Path.home())


def _job_name(stem: str) -> str:
    """Make a name from a file's, with the time of day to the second, within AMT's 32 characters."""
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", stem).strip("-")[:18].strip("-") or "job"
    return f"{plain}-{datetime.now(UTC):%y%m%d-%H%M%S}"


def _pairs(member: str, texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, option = name.strip(), OPTIONS[member]
        if not equals or not name or not value.strip():
            raise InvalidSpec(option, f"{text!r} is not NAME=VALUE", f"For example {option} {EXAMPLES[member]}")
        if name in pairs:
            raise InvalidSpec(f"{option} {name}", "is given twice", "Keep one")
        pairs[name] = value
    return pairs
