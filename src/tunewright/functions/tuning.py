"""`minimize` and `maximize`: a tuning job of the embedded server whose training program is a Python function.

result = minimize(train, {"lr": Float(1e-4, 1e-1), "layers": Int(1, 5)}, trials=30, parallel=4)
print(result.configuration, result.value)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tunewright.cli.progress import show_begin
from tunewright.cli.serving import join_or_start
from tunewright.cli.written import Written, job_name
from tunewright.client import Client, TrainingJob, TuningJob
from tunewright.client.address import Address
from tunewright.core.check import check_new
from tunewright.core.errors import CallerError, NotFound, TunewrightError, Unavailable
from tunewright.core.program_variables import PYTHON_VARIABLE
from tunewright.core.spec import Direction, TuningJobSpec
from tunewright.functions.going_on import chain_of, go_on, require_same
from tunewright.functions.program import FOLDER, old_programs, packed, remove_program, write_program
from tunewright.functions.result import Trial, Tuned
from tunewright.functions.views import Shown, view_for
from tunewright.functions.written import Ranges, outward, written
from tunewright.platform.credentials import default_data_dir

REJOINS: Final = 3
"""How often, one after another, a server may end before it has told anything."""
PATIENCE_S: Final = 2.0
"""After so long without an answer it has ended."""


def minimize(
    fn: Callable[..., Any],
    space: Mapping[str, Any],
    *,
    trials: int | None = None,
    parallel: int = 1,
    seed: int | None = None,
    strategy: str = "bayesian",
    name: str = "",
    data_dir: str | Path | None = None,
    progress: bool = True,
    **options: Any,
) -> Tuned:
    """Call a function with configurations, each in a process of its own, and return the one with the least value.

    `fn` takes a configuration, a dict of plain Python values, and returns a number; if it needs a second argument, it
    gets `report`, which it calls with a value from time to time, so that it can be stopped early. What it raises is why
    that trial has failed. `space` maps names to Float, Int and Choice. `trials` is 30, unless `max_runtime` is given.

    It is a tuning job of this machine: `tunewright jobs` lists it. With a `name` the same call again goes on where it
    was, and repeats nothing that is done; with more `trials` or `max_runtime` it goes on for those, and any other
    change is refused. Ctrl-C stops it; under a name it is paused. `data_dir` is where jobs are kept. `options` are
    further members of a job file, such as early_stopping="auto", target=0.1, max_training_runtime="10m",
    try_first=[configuration], warm_start="a-job".
    Raises InvalidSpec: names the argument.
    """
    call = _Call("minimize", name or job_name(_name_of(fn)), keep=bool(name), data_dir=data_dir, progress=progress)
    return call.run(fn, space, trials=trials, parallel=parallel, seed=seed, strategy=strategy, **options)


def maximize(
    fn: Callable[..., Any],
    space: Mapping[str, Any],
    *,
    trials: int | None = None,
    parallel: int = 1,
    seed: int | None = None,
    strategy: str = "bayesian",
    name: str = "",
    data_dir: str | Path | None = None,
    progress: bool = True,
    **options: Any,
) -> Tuned:
    """Return the configuration with the largest value; else as minimize."""
    call = _Call("maximize", name or job_name(_name_of(fn)), keep=bool(name), data_dir=data_dir, progress=progress)
    return call.run(fn, space, trials=trials, parallel=parallel, seed=seed, strategy=strategy, **options)


@dataclass(frozen=True, slots=True)
class _Call:
    direction: str
    name: str
    keep: bool
    """The name is the caller's own: what is interrupted can be gone on with."""
    data_dir: str | Path | None
    progress: bool

    def run(self, fn: Callable[..., Any], space: Mapping[str, Any], **options: Any) -> Tuned:
        ranges = Ranges.of(space)
        job = written(ranges, self.direction, self.name, {"name": self.name, **options})
        reading = ranges.reading(job.spec)
        contents = packed(fn, reading)
        jobs = _Jobs((default_data_dir() if self.data_dir is None else Path(self.data_dir)).absolute())
        try:
            with job.in_its_words():
                chain = jobs.begun(job, contents)
            ended = jobs.followed(chain[-1], progress=self.progress)
        except KeyboardInterrupt:
            with suppress(TunewrightError):  # it has ended meanwhile, or cannot be reached: Ctrl-C is what happened
                jobs.interrupt(keep=self.keep)
            raise
        return _result(ended, *jobs.outcome(chain), reading)


class _Jobs:
    """Tuning jobs of a data folder, whose server is started where none runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ours = ""
        """The first job of the call; as long as it is not known to be this call's, nothing."""

    def begun(self, job: Written, contents: bytes) -> list[str]:
        """Have the job run, and return the uids of the jobs that make it up: it, and those that extend it."""
        with Client(self._address()) as client:
            try:
                found = client.describe(job.spec.name)
            except NotFound:
                return [self._created(client, job.spec, contents).uid]
            require_same(found.spec, job)
            self._ours = found.uid
            chain = chain_of(client, found)
            go_on(client, chain, check_new(job.spec))
            return [one.uid for one in chain]

    def followed(self, uid: str, *, progress: bool) -> TuningJob:
        """Show a job until it has ended, and return it. Raises Unavailable: its server ends again and again."""
        shown: Shown | None = None
        silent = 0
        while silent < REJOINS:
            with Client(self._address()) as client:
                try:
                    if shown is None:
                        shown = Shown(client.describe(uid))
                    for _ in _followed(client, shown, progress=progress):
                        silent = 0
                    return client.describe(uid)
                except Unavailable:
                    silent += 1  # the server has ended: another one goes on where it was
        raise Unavailable("the server", f"it ended {REJOINS} times before it told anything; see tunewright doctor")

    def interrupt(self, *, keep: bool) -> None:
        """Pause or stop what this call has begun or gone on with. Raises TunewrightError."""
        if not self._ours:
            return
        with Client(self._address()) as client:
            last = chain_of(client, client.describe(self._ours))[-1]
            client.pause(last.uid) if keep else client.stop(last.uid)

    def outcome(self, chain: list[str]) -> tuple[TrainingJob | None, list[TrainingJob]]:
        """Return the best training of all jobs of the chain, if any has a value, and all of them, oldest first."""
        with Client(self._address()) as client:
            best = _best_of([client.describe(uid) for uid in chain])
            return best, [training for uid in chain for training in client.trainings(uid)]

    def _address(self) -> Address:
        return join_or_start(self._folder, (self._folder / FOLDER, Path.cwd(), Path.home()))

    def _created(self, client: Client, spec: TuningJobSpec, contents: bytes) -> TuningJob:
        """Create the job, with a script of its own, which is written; and removed again if the job is refused."""
        script = write_program(self._folder, spec.name, contents)
        (definition,) = spec.definitions
        environment = {**definition.environment, PYTHON_VARIABLE: sys.executable}
        runnable = replace(definition, image=f"file://{script}", environment=environment)
        self._ours = spec.name
        try:
            created = client.create(replace(spec, definitions=(runnable,)))
        except CallerError:
            self._ours = ""
            remove_program(script)
            raise
        with suppress(TunewrightError):  # the next call removes what is left
            self._remove_unnamed(client)
        return created

    def _remove_unnamed(self, client: Client) -> None:
        """Remove the functions of jobs that have been deleted."""
        if not (old := old_programs(self._folder)):
            return
        # By the folder's name, which is its own: the path may have been spelled otherwise.
        named = {Path(definition.image).parent.name for job in client.list() for definition in job.spec.definitions}
        for script in old:
            if script.parent.name not in named:
                remove_program(script)


def _followed(client: Client, shown: Shown, *, progress: bool) -> Iterator[None]:
    """Show what the server tells, and yield each time that it does."""
    with view_for(shown, progress=progress) as view:
        if not shown.ended:
            show_begin(view, shown.job)
        for watched in client.watch(shown.job.uid, since=shown.standing.position, patience_s=PATIENCE_S):
            for training, line in shown.standing.watched(watched):
                shown.ended.append(training)
                view.say(line)
            yield


def _best_of(chain: list[TuningJob]) -> TrainingJob | None:
    """Return the best of the chain's own trainings: those of a job that it is warm-started from are not in it."""
    values = {job.best.objective_value: job.best for job in reversed(chain) if job.best is not None}
    known = [value for value in values if value is not None]
    if not known:
        return None
    return values[min(known) if chain[0].spec.objective.direction is Direction.MINIMIZE else max(known)]


def _result(
    job: TuningJob, best: TrainingJob | None, trainings: list[TrainingJob], reading: Mapping[str, Any]
) -> Tuned:
    history = tuple(_trial(number, training, reading) for number, training in enumerate(trainings, 1))
    return Tuned(job.name, job.state.shown, job.reason, history, "" if best is None else best.name)


def _trial(number: int, training: TrainingJob, reading: Mapping[str, Any]) -> Trial:
    value = training.objective_value
    reason = training.reason.partition("\n")[0] if value is None else ""
    return Trial(
        number,
        outward(reading, training.configuration),
        value,
        training.state.value.capitalize(),
        reason if training.stopped_early is None else training.stopped_early.text,
        training.ran_s,
        training.name,
    )


def _name_of(fn: Callable[..., Any]) -> str:
    return str(getattr(fn, "__name__", "function"))
