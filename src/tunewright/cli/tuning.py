"""`tunewright tune`: build the job, run it, show how it goes, and say what came out."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tunewright.cli import FAILED, INTERRUPTED
from tunewright.cli.written import OPTIONS, Written, from_file, from_options, option_of
from tunewright.core.amt import to_amt
from tunewright.core.errors import IllegalTransition, InvalidSpec
from tunewright.core.spec import TuningJobSpec
from tunewright.core.states import JobState

EXAMPLES: Final = {"params": "lr='log(1e-4,1e-1)'", "fixed": "data=iris", "metrics": "loss='loss: ([0-9.]+)'"}
JOB_FILE_SUFFIXES: Final = {".yaml", ".yml", ".json"}


def read(program: Path, given: Mapping[str, Any], pairs: Mapping[str, Sequence[str]]) -> Written:
    """Return the checked job of a script with options, or of a job file. Raises InvalidSpec."""
    name = _job_name(program.stem)
    options = {key: value for key, value in given.items() if value is not None}
    options |= {key: dict(_pair(text, key) for text in texts) for key, texts in pairs.items() if texts}
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
    from tunewright.cli.progress import Progress, show_result
    from tunewright.cli.serving import join_or_start
    from tunewright.client import Client

    spec = written.spec
    with Client(join_or_start(data_dir, _image_roots(spec))) as client:
        with written.in_its_words():
            job = client.create(spec)
        if detach:
            print(job.name)
            return 0
        try:
            with Progress(spec) as progress:
                for watched in client.watch(job.name):
                    progress.update(watched)
        except KeyboardInterrupt:
            return _interrupted(client, job.name)
        job = client.describe(job.name)
        show_result(job, as_json=as_json)
    return 0 if job.state is JobState.COMPLETED else FAILED


def _interrupted(client: Any, name: str) -> int:
    """Ask whether to stop the job; without an answer it goes on."""
    answer = ""
    if sys.stdin.isatty():
        try:
            answer = input(f"\nStop tuning job {name}? Its trainings would end. [y/N] ")
        except (KeyboardInterrupt, EOFError):
            answer = ""
    if answer.strip().lower().startswith("y"):
        try:
            client.stop(name)
            client.wait(name)
            print(f"Stopped. Look at it with: tunewright describe {name}", file=sys.stderr)
        except IllegalTransition as error:
            print(error, file=sys.stderr)
    else:
        print(
            f"\nIt goes on. Come back with: tunewright describe {name}; stop it with: tunewright stop {name}",
            file=sys.stderr,
        )
    return INTERRUPTED


def _image_roots(spec: TuningJobSpec) -> tuple[Path, ...]:
    folders = [Path(item.image.removeprefix("file://")).parent for item in spec.definitions]
    return (*folders, Path.cwd(), Path.home())


def _job_name(stem: str) -> str:
    """Make a name from a file's, with the time of day to the second, within AMT's 32 characters."""
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", stem).strip("-")[:18].strip("-") or "job"
    return f"{plain}-{datetime.now(UTC):%y%m%d-%H%M%S}"


def _pair(text: str, member: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        option = OPTIONS[member]
        raise InvalidSpec(option, f"{text!r} is not NAME=VALUE", f"For example {option} {EXAMPLES[member]}")
    return name.strip(), value
