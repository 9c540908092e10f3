"""How jobs, trainings and values are put into words and into JSON. Nothing here reads a clock or prints."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final

from tunewright.client.resources import Evaluation, ReadingFault, TrainingJob, TuningJob
from tunewright.core.ranges_text import default_regex
from tunewright.core.space import Value, text_of
from tunewright.core.spec import EarlyStopping, EarlyStoppingRule
from tunewright.core.states import JobState, TrainingState
from tunewright.core.stopping import had_all

REASON_LENGTH: Final = 100
FILE_SCHEME: Final = "file://"
TOLD_BY_EXAMPLE: Final = {"unparsable", "cut", "refused"}
"""Kinds of faults whose example says more than the kind."""


def ended_line(training: TrainingJob, metric: str, *, best: bool) -> str:
    """Say how a training has ended, in one line."""
    value = "no value" if training.objective_value is None else f"{metric}={training.objective_value:.6g}"
    parts = [f"{training.number:>4}  {value}  {tried(training)}"]
    if training.stopped_early is not None:
        if not had_all(training.stopped_early):  # the usual end of Hyperband's needs no word
            parts.append(why_ended(training, metric))
    elif training.state is not TrainingState.COMPLETED or training.objective_value is None:
        state = training.state.value.lower()
        reason = why_ended(training, metric)
        parts.append(f"{state}: {reason}" if reason else state)
    return "  ".join([*parts, *(["best so far"] if best else [])])


def why_ended(training: TrainingJob, metric: str) -> str:
    """Return why a training has ended as it has, or waits: of what was stopped early the whole sentence."""
    if training.stopped_early is not None:
        return printable(training.stopped_early.text)
    return reason_line(training.reason or training.waiting_for, metric)


def stopping_text(rule: EarlyStoppingRule) -> str:
    """Say which early stopping a job has; empty if none."""
    parts = ["Auto" if rule.type is EarlyStopping.AUTO else ""]
    parts += [f"{name} {value:g}" for name, value in asdict(rule).items() if name != "type" and value is not None]
    return ", ".join(filter(None, parts))


def reason_line(reason: str, metric: str) -> str:
    """Return why a training has ended as it has, with the regex that nobody has written in plain words."""
    return first_line(reason.replace(repr(default_regex(metric)), f"{metric}=NUMBER"))


def faults_text(faults: Iterable[ReadingFault]) -> str:
    """Say what was no number, by metric: `loss: 3 nan, 1 unparsable '98%'; f1: missing`."""
    said: dict[str, list[str]] = {}
    for fault in faults:
        count = "" if fault.kind in {"missing", "refused"} else f"{fault.count} "
        example = f" {fault.example!r}" if fault.kind in TOLD_BY_EXAMPLE else ""
        said.setdefault(fault.metric or "metrics file", []).append(f"{count}{fault.kind}{example}")
    return "; ".join(f"{metric}: {', '.join(items)}" for metric, items in said.items())


def best_line(best: TrainingJob | None, metric: str) -> str:
    """Say what the best is so far, in one line."""
    if best is None or best.objective_value is None:
        return f"no value of {metric} yet"
    return f"best {metric}={best.objective_value:.6g}  {tried(best)}  (training {best.number})"


def running_line(training: TrainingJob, metric: str, last: tuple[int, float] | None, now: float) -> str:
    """Say what a training is doing: for how long it has run, and the last value of the objective that it printed."""
    since = "waits for a slot" if training.started_at is None else f"runs {duration(max(0, now - training.started_at))}"
    value = "" if last is None else f"  {metric}={rounded(last[1])} (step {last[0]})"
    return f"{training.number:>4}  {since}{value}  {tried(training)}"


def pace(job: TuningJob, now: float) -> tuple[float | None, float | None]:
    """Return trainings a minute, and the seconds that are left by trainings and by runtime; None: not known yet."""
    limits, ended, elapsed_s = job.spec.limits, job.trainings.ended, max(now - job.created_at, 1e-3)
    left = [] if limits.max_runtime_s is None else [max(0.0, limits.max_runtime_s - elapsed_s)]
    if ended and limits.max_trainings is not None:
        left.append((limits.max_trainings - ended) * elapsed_s / ended)
    return (60 * ended / elapsed_s if ended else None), min(left, default=None)


def result_text(job: TuningJob, use: str, options: str) -> str:
    """Say what came out: the best configuration, its objective, where its model lies, what to type next.

    `use` is the command that uses the best configuration, `options` what every further command needs.
    """
    head = f"{job.state.shown}: {printable(job.reason)}"
    if job.best is None:
        return "\n".join(
            [
                head,
                f"No training has a value of {job.spec.objective.metric_name}. Look at them:",
                f"  tunewright trainings {job.name}{options}",
                f"  tunewright logs {job.name}{options}",
            ]
        )
    metric = job.spec.objective_of(job.best.definition_name).metric_name
    best = f"Best of {job.trainings.ended}: {metric} = {job.best.objective_value!r}"
    width = max(map(len, job.best.configuration), default=0)
    values = [f"  {name:<{width}}  {text_of(value)}" for name, value in job.best.configuration.items()]
    if job.best.definition_name:
        values.insert(0, f"  of definition {job.best.definition_name}")
    if job.overall_best is not None and job.overall_best.name != job.best.name:
        values.append(better_before(job.overall_best))
    model = [f"Model: {job.best.artifact_uri.removeprefix(FILE_SCHEME)}"] if job.best.artifact_uri else []
    return "\n".join(
        [
            head,
            f"{best}  ({job.best.name})",
            *values,
            *model,
            *_recommendation(job, options),
            "Next:",
            f"  {use}",
            f"  tunewright trainings {job.name} --best-first{options}",
            f"  tunewright logs {job.best.name}{options}",
        ]
    )


def state_text(state: JobState) -> str:
    """Return AMT's word for a job's state, but say of a paused one that it is."""
    return "Paused" if state is JobState.PAUSED else state.shown


def _recommendation(job: TuningJob, options: str) -> list[str]:
    """Say what has the best mean, where the best were run again."""
    for item in job.evaluated:
        if job.recommended is not None and item.number == job.recommended.number:
            which = f"Recommended: training {item.number}, {evaluation_text(item)}"
            return [which, f"  tunewright best {job.name} --recommended{options}"]
    return []


def spent(job: TuningJob) -> str:
    """Say what a job has cost and is going to cost; empty without prices."""
    if not job.spec.prices_per_second:
        return ""
    limit = "" if job.spec.limits.max_cost is None else f" of {job.spec.limits.max_cost:g}"
    coming = not job.state.final and job.cost.forecast is not None
    return f"{job.cost.spent:.4g}{limit}" + (f", forecast {job.cost.forecast:.4g}" if coming else "")


def evaluation_text(item: Evaluation) -> str:
    """Say what all evaluations of one configuration have given."""
    spread = "" if item.deviation is None else f" ± {item.deviation:.2g}"
    return f"mean {item.mean:.6g}{spread} of {item.count} evaluation{'s' if item.count > 1 else ''}"


def better_before(overall: TrainingJob) -> str:
    """Say that a parent's training is still the best."""
    return f"Better still, in parent job {overall.job_name}: {overall.objective_value!r}  ({overall.name})"


def arguments(configuration: Mapping[str, Value]) -> str:
    """Write a configuration as a script takes it; a value that begins with a dash is tied to its name."""
    words: list[str] = []
    for name, value in configuration.items():
        text = text_of(value)
        words += [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
    return shlex.join(words)


def variables(configuration: Mapping[str, Value]) -> list[str]:
    """Write a configuration as a shell's variables; what no variable's name may hold becomes an underscore."""
    return [
        f"{re.sub(r'^(?=[0-9])|[^A-Za-z0-9_]', '_', name)}={shlex.quote(text_of(value))}"
        for name, value in configuration.items()
    ]


def tried(training: TrainingJob) -> str:
    """Say which configuration it is, and of which definition if that has a name."""
    name = f"{training.definition_name}: " if training.definition_name else ""
    return f"{name}{settings(training.configuration)}"


def settings(configuration: Mapping[str, Value]) -> str:
    return " ".join(f"{name}={rounded(value)}" for name, value in configuration.items())


def rounded(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def first_line(text: str) -> str:
    line = printable(text.splitlines()[0]) if text else ""
    return line if len(line) <= REASON_LENGTH else f"{line[:REASON_LENGTH]} …"


def printable(text: str) -> str:
    """Return what a training has printed, without what would move a terminal's cursor or colour it."""
    return "".join(character if character.isprintable() or character == "\n" else "·" for character in text)


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
