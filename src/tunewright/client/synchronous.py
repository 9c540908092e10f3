"""The synchronous SDK client: the asynchronous one, run on an event loop in the background.

There is one implementation of every call. The loop has its own thread, so that this client works in scripts, in
notebooks (where a loop runs already) and from several threads. All clients of a process share the one loop, which lives
as long as the process: gRPC's own thread goes on calling into a loop that has been closed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from tunewright.client.address import Address
from tunewright.client.asynchronous import CLAIM_PATIENCE_S, AsyncClient
from tunewright.client.calling import DEADLINE_S, PATIENCE_S
from tunewright.client.drafting import JobFileRead, TriedMetrics
from tunewright.client.explaining import Explanation, Replayed
from tunewright.client.operations import Operations
from tunewright.client.resources import Curve, FoundLine, Measurement, OutputLine, TrainingJob, TuningJob, Watched
from tunewright.core.analysis import Analyses, Analysis
from tunewright.core.finished import FinishedTraining
from tunewright.core.space import Configuration, Range
from tunewright.core.spec import Definition, EnqueuedConfiguration, MetricDefinition, Objective, TuningJobSpec

if TYPE_CHECKING:
    import pandas as pd

    from tunewright.client.claiming.trainings import ClaimedTraining
    from tunewright.client.jobs import Job
    from tunewright.client.narrowing import Narrowing

T = TypeVar("T")
_END: Any = object()
_starting = threading.Lock()


class Client:
    """Tuning jobs of a server; see AsyncClient for what each call does and raises."""

    def __init__(self, address: Address | None = None, *, deadline_s: float = DEADLINE_S) -> None:
        self._loop = _background_loop()
        self._client = self._run(_opened(address, deadline_s))
        self.operations = Operations(self._client.operations, self._run)
        """For operators."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._run(self._client.close())

    def job(self, job: str | TuningJob) -> Job:
        from tunewright.client.jobs import Job

        return Job(self, job)

    def create(self, spec: TuningJobSpec, *, request_id: str | None = None) -> TuningJob:
        return self._run(self._client.create(spec, request_id=request_id))

    def import_job(self, spec: TuningJobSpec, trainings: Sequence[FinishedTraining], *, origin: str = "") -> TuningJob:
        return self._run(self._client.import_job(spec, trainings, origin=origin))

    def validate(self, spec: TuningJobSpec) -> None:
        self._run(self._client.validate(spec))

    def describe(self, job: str) -> TuningJob:
        return self._run(self._client.describe(job))

    def list(self, *, status: str = "", newest_first: bool = True) -> Iterator[TuningJob]:
        return self._each(self._client.list(status=status, newest_first=newest_first))

    def stop(self, job: str) -> TuningJob:
        return self._run(self._client.stop(job))

    def pause(self, job: str) -> TuningJob:
        return self._run(self._client.pause(job))

    def resume(self, job: str) -> TuningJob:
        return self._run(self._client.resume(job))

    def amend(
        self,
        job: str,
        *,
        max_trainings: int | None = None,
        max_parallel: int | None = None,
        max_runtime_s: int | None = None,
        max_cost: float | None = None,
        priority: int | None = None,
        ranges: Mapping[str, Range] | None = None,
        definition_name: str = "",
        enqueue: Sequence[EnqueuedConfiguration] = (),
        expected_revision: int | None = None,
        request_id: str | None = None,
    ) -> TuningJob:
        amending = self._client.amend(
            job,
            max_trainings=max_trainings,
            max_parallel=max_parallel,
            max_runtime_s=max_runtime_s,
            max_cost=max_cost,
            priority=priority,
            ranges=ranges,
            definition_name=definition_name,
            enqueue=enqueue,
            expected_revision=expected_revision,
            request_id=request_id,
        )
        return self._run(amending)

    def enqueue(
        self, job: str, *configurations: Configuration, definition_name: str = "", request_id: str | None = None
    ) -> TuningJob:
        enqueuing = self._client.enqueue(job, *configurations, definition_name=definition_name, request_id=request_id)
        return self._run(enqueuing)

    def extend(
        self, job: str, *, name: str = "", max_trainings: int | None = None, request_id: str | None = None
    ) -> TuningJob:
        return self._run(self._client.extend(job, name=name, max_trainings=max_trainings, request_id=request_id))

    def retry_failed(self, job: str, *, request_id: str | None = None) -> TuningJob:
        return self._run(self._client.retry_failed(job, request_id=request_id))

    def narrow(self, job: str, *, name: str = "", max_trainings: int | None = None) -> Narrowing:
        return self._run(self._client.narrow(job, name=name, max_trainings=max_trainings))

    def delete(self, job: str) -> None:
        self._run(self._client.delete(job))

    def trainings(self, job: str, *, best_first: bool = False, newest_first: bool = False) -> Iterator[TrainingJob]:
        return self._each(self._client.trainings(job, best_first=best_first, newest_first=newest_first))

    def create_training(
        self,
        name: str,
        definition: Definition,
        *,
        tags: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> TrainingJob:
        return self._run(self._client.create_training(name, definition, tags=tags, request_id=request_id))

    def describe_training(self, training: str) -> TrainingJob:
        return self._run(self._client.describe_training(training))

    def definition_of(self, training: str) -> Definition:
        return self._run(self._client.definition_of(training))

    def wait_training(self, training: str) -> TrainingJob:
        return self._run(self._client.wait_training(training))

    def training_jobs(
        self, *, status: str = "", name_contains: str = "", newest_first: bool = True
    ) -> Iterator[TrainingJob]:
        found = self._client.training_jobs(status=status, name_contains=name_contains, newest_first=newest_first)
        return self._each(found)

    def stop_training(self, training: str) -> TrainingJob:
        return self._run(self._client.stop_training(training))

    def delete_training(self, training: str) -> None:
        self._run(self._client.delete_training(training))

    def tag(self, job: str, tags: Mapping[str, str] | None = None, *, remove: Sequence[str] = ()) -> Mapping[str, str]:
        return self._run(self._client.tag(job, tags, remove=remove))

    def tag_training(
        self, training: str, tags: Mapping[str, str] | None = None, *, remove: Sequence[str] = ()
    ) -> Mapping[str, str]:
        return self._run(self._client.tag_training(training, tags, remove=remove))

    def watch(self, job: str, *, since: str = "", patience_s: float = PATIENCE_S) -> Iterator[Watched]:
        return self._each(self._client.watch(job, since=since, patience_s=patience_s))

    def wait(self, job: str) -> TuningJob:
        return self._run(self._client.wait(job))

    def best(self, job: str) -> TrainingJob:
        return self._run(self._client.best(job))

    def recommended(self, job: str) -> TrainingJob:
        return self._run(self._client.recommended(job))

    def output(
        self,
        training: str,
        *,
        follow: bool = False,
        tail: int = 0,
        contains: str = "",
        matches: str = "",
        instance: int | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Iterator[OutputLine]:
        lines = self._client.output(
            training,
            follow=follow,
            tail=tail,
            contains=contains,
            matches=matches,
            instance=instance,
            patience_s=patience_s,
        )
        return self._each(lines)

    def search_output(self, job: str, *, contains: str = "", matches: str = "") -> Iterator[FoundLine]:
        return self._each(self._client.search_output(job, contains=contains, matches=matches))

    def curves(self, job: str, metric: str = "", *, max_points: int = 0) -> Iterator[Curve]:
        return self._each(self._client.curves(job, metric, max_points=max_points))

    def follow_curves(
        self, job: str, metric: str = "", *, max_points: int = 0, patience_s: float = PATIENCE_S
    ) -> Iterator[Curve]:
        return self._each(self._client.follow_curves(job, metric, max_points=max_points, patience_s=patience_s))

    def measurements(
        self,
        training: str,
        metric: str = "",
        *,
        follow: bool = False,
        max_points: int = 0,
        patience_s: float = PATIENCE_S,
    ) -> Iterator[Measurement]:
        measured = self._client.measurements(
            training, metric, follow=follow, max_points=max_points, patience_s=patience_s
        )
        return self._each(measured)

    def report(
        self, training: str, values: Mapping[str, float], *, attempt: int = 0, request_id: str | None = None
    ) -> None:
        self._run(self._client.report(training, values, attempt=attempt, request_id=request_id))

    def claim(self, job: str, *, patience_s: float = CLAIM_PATIENCE_S) -> Iterator[ClaimedTraining]:
        from tunewright.client.claiming.trainings import ClaimedTraining

        claims = self._run(self._client.claims(job, patience_s))
        try:
            while (training := self._run(claims.next())) is not None:
                yield ClaimedTraining(training, self._run)
        finally:
            self._run(claims.close())

    def analyze(self, job: str, *analyses: Analysis, definition_name: str = "") -> Analyses:
        return self._run(self._client.analyze(job, *analyses, definition_name=definition_name))

    def read_job_file(self, text: str, *, name: str = "") -> JobFileRead:
        return self._run(self._client.read_job_file(text, name=name))

    def write_job_file(self, spec: TuningJobSpec) -> str:
        return self._run(self._client.write_job_file(spec))

    def try_metrics(
        self, metrics: Sequence[MetricDefinition], text: str, *, objective: Objective | None = None
    ) -> TriedMetrics:
        return self._run(self._client.try_metrics(metrics, text, objective=objective))

    def explain(self, training: str) -> Explanation:
        return self._run(self._client.explain(training))

    def replay(self, job: str) -> Iterator[Replayed]:
        return self._each(self._client.replay(job))

    def dataframe(self, job: str, *, full: bool = False, curves: bool = False) -> pd.DataFrame:
        return self._run(self._client.dataframe(job, full=full, curves=curves))

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _each(self, items: AsyncIterator[T]) -> Iterator[T]:
        while (item := self._run(_next(items))) is not _END:
            yield item


def _background_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that runs in the background, started the first time."""
    with _starting:
        return _started_loop()


@cache
def _started_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="tunewright-client", daemon=True).start()
    return loop


async def _opened(address: Address | None, deadline_s: float) -> AsyncClient:
    return AsyncClient(address, deadline_s=deadline_s)


async def _next(items: AsyncIterator[T]) -> T:
    return await anext(items, _END)
