"""The commands that change jobs: pause, resume, amend, enqueue, extend, retry. Their errors name the options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tunewright.cli.forms import Form
from tunewright.cli.output import show
from tunewright.cli.records import JOB, job_record
from tunewright.cli.serving import join
from tunewright.cli.wording import settings, state_text
from tunewright.client import Client, TuningJob
from tunewright.core.durations import parse_duration
from tunewright.core.errors import InvalidSpec
from tunewright.core.members import renamed
from tunewright.core.ranges_text import parse_range
from tunewright.core.space import Float, Int, Range, Value
from tunewright.core.spec import Definition, TuningJobSpec

OPTIONS: Final = {
    "max_trainings": "--trials",
    "max_parallel": "--parallel",
    "max_runtime_s": "--max-runtime",
    "max_cost": "--max-cost",
    "priority": "--priority",
    "definition_name": "--definition",
    "name": "--name",
}


def pause(job: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        paused = client.pause(job)
    _say(paused, f"trainings under way: {paused.trainings.in_progress}; go on with: tunewright resume {job}", form)


def resume(job: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        _say(client.resume(job), "goes on", form)


def amend(
    job: str, data_dir: Path | None, given: Mapping[str, Any], params: Sequence[str], definition_name: str, form: Form
) -> None:
    values = {name: value for name, value in given.items() if value is not None}
    if "max_runtime_s" in values:
        values["max_runtime_s"] = parse_duration(values["max_runtime_s"], OPTIONS["max_runtime_s"])
    ranges = {name: parse_range(text, f"--param {name}") for name, text in _pairs(params, "--param").items()}
    if not (values or ranges):
        raise InvalidSpec("amend", "there is nothing to change", "Give an option; see tunewright amend --help")
    names = OPTIONS | {f"parameters[{index}]": f"--param {name}" for index, name in enumerate(ranges)}
    with Client(join(data_dir)) as client, _in_words(names):
        amended = client.amend(job, **values, ranges=ranges, definition_name=definition_name)
    _say(amended, f"revision {amended.spec_revision}, {_limits(amended.spec)}", form)


def enqueue(job: str, data_dir: Path | None, texts: Sequence[str], definition_name: str, form: Form) -> None:
    pairs = _pairs(texts, "NAME=VALUE")
    with Client(join(data_dir)) as client:
        space = _definition(client.describe(job).spec, definition_name).space
        configuration = {name: _value(text, space.get(name), name) for name, text in pairs.items()}
        with _in_words({"enqueue[0].configuration": "", "enqueue": job, **OPTIONS}):
            enqueued = client.enqueue(job, configuration, definition_name=definition_name)
    _say(enqueued, f"runs next: {settings(configuration)}", form)


def extend(job: str, data_dir: Path | None, trials: int | None, name: str, form: Form) -> None:
    with Client(join(data_dir)) as client, _in_words({"limits.max_trainings": "--trials", **OPTIONS}):
        extended = client.extend(job, name=name, max_trainings=trials)
    _say(extended, f"goes on where {job} has ended, {_limits(extended.spec)}", form)


def retry(job: str, data_dir: Path | None, form: Form) -> None:
    with Client(join(data_dir)) as client:
        retried = client.retry_failed(job)
    _say(retried, f"runs again what has failed, {_limits(retried.spec)}", form)


def _say(job: TuningJob, what: str, form: Form) -> None:
    show(form, job_record(job), JOB, lambda: print(f"{job.name}: {state_text(job.state)}; {what}"))


def _limits(spec: TuningJobSpec) -> str:
    limit = spec.limits.max_trainings
    counted = "unlimited trainings" if limit is None else f"{limit} training{'s' if limit > 1 else ''}"
    return f"{counted}, {spec.limits.max_parallel} at once"


def _definition(spec: TuningJobSpec, name: str) -> Definition:
    try:
        return spec.definition(name)
    except KeyError:
        known = ", ".join(definition.name for definition in spec.definitions)
        raise InvalidSpec("--definition", f"there is none called {name!r}", f"Known: {known}") from None


def _pairs(texts: Sequence[str], field: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise InvalidSpec(field, f"{text!r} is not NAME=VALUE", "For example lr=0.01")
        if name in pairs:
            raise InvalidSpec(name, "is given twice", "Keep one")
        pairs[name] = value
    return pairs


def _value(text: str, range_: Range | None, name: str) -> Value:
    """Read a value as its range has it; what is no hyperparameter of the job is for the server to refuse."""
    try:
        match range_:
            case Float():
                return float(text)
            case Int():
                return int(text)
            case _:
                return text
    except ValueError:
        wanted = "a whole number" if isinstance(range_, Int) else "a number"
        raise InvalidSpec(name, f"{text!r} is not {wanted}", f"Choose inside {range_}") from None


@contextmanager
def _in_words(names: Mapping[str, str]) -> Iterator[None]:
    """Say what is refused in the words of the command line."""
    try:
        yield
    except InvalidSpec as error:
        field = renamed(error.field, names).removesuffix(".range").lstrip(".")
        raise InvalidSpec(field, error.why, error.remedy) from None
