"""Handles on one tuning job: the verbs of a client that are about a job, without its name each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Concatenate, Generic, ParamSpec, TypeVar

from tunewright.client.asynchronous import AsyncClient
from tunewright.client.explaining import Explanation
from tunewright.client.resources import TuningJob
from tunewright.client.synchronous import Client

C_co = TypeVar("C_co", covariant=True)
R = TypeVar("R")
P = ParamSpec("P")


class Handle(Generic[C_co]):
    """Where a job was given as a value its uid is kept, so that this stays the same job whoever gets its name later."""

    def __init__(self, client: C_co, job: str | TuningJob) -> None:
        self._client = client
        self._job = job.uid if isinstance(job, TuningJob) else job

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._job!r})"


def _of_job(verb: Callable[Concatenate[C_co, str, P], R]) -> Callable[Concatenate[Handle[C_co], P], R]:
    """Return a client's verb for the job of a handle."""

    @wraps(verb)
    def call(handle: Handle[C_co], /, *arguments: P.args, **named: P.kwargs) -> R:
        return verb(handle._client, handle._job, *arguments, **named)  # noqa: SLF001 - a method of it in all but place

    whole = signature(verb)
    own = [parameter for name, parameter in whole.parameters.items() if name != "job"]
    call.__signature__ = whole.replace(parameters=own)  # type: ignore[attr-defined]  # where inspect looks first
    return call


class AsyncJob(Handle[AsyncClient]):
    """A tuning job, from `AsyncClient.job`."""

    describe = _of_job(AsyncClient.describe)
    watch = _of_job(AsyncClient.watch)
    wait = _of_job(AsyncClient.wait)
    best = _of_job(AsyncClient.best)
    recommended = _of_job(AsyncClient.recommended)
    trainings = _of_job(AsyncClient.trainings)
    claim = _of_job(AsyncClient.claim)

    dataframe = _of_job(AsyncClient.dataframe)
    curves = _of_job(AsyncClient.curves)
    follow_curves = _of_job(AsyncClient.follow_curves)
    search_output = _of_job(AsyncClient.search_output)
    analyze = _of_job(AsyncClient.analyze)
    replay = _of_job(AsyncClient.replay)

    stop = _of_job(AsyncClient.stop)
    pause = _of_job(AsyncClient.pause)
    resume = _of_job(AsyncClient.resume)
    amend = _of_job(AsyncClient.amend)
    enqueue = _of_job(AsyncClient.enqueue)
    extend = _of_job(AsyncClient.extend)
    retry_failed = _of_job(AsyncClient.retry_failed)
    narrow = _of_job(AsyncClient.narrow)
    tag = _of_job(AsyncClient.tag)
    delete = _of_job(AsyncClient.delete)

    async def explain(self, training: str = "") -> Explanation:
        """Say why a training of the job, by default the best, has its configuration. Raises as AsyncClient.explain."""
        return await self._client.explain(training or (await self.best()).id)


class Job(Handle[Client]):
    """A tuning job, from `Client.job`."""

    describe = _of_job(Client.describe)
    watch = _of_job(Client.watch)
    wait = _of_job(Client.wait)
    best = _of_job(Client.best)
    recommended = _of_job(Client.recommended)
    trainings = _of_job(Client.trainings)
    claim = _of_job(Client.claim)

    dataframe = _of_job(Client.dataframe)
    curves = _of_job(Client.curves)
    follow_curves = _of_job(Client.follow_curves)
    search_output = _of_job(Client.search_output)
    analyze = _of_job(Client.analyze)
    replay = _of_job(Client.replay)

    stop = _of_job(Client.stop)
    pause = _of_job(Client.pause)
    resume = _of_job(Client.resume)
    amend = _of_job(Client.amend)
    enqueue = _of_job(Client.enqueue)
    extend = _of_job(Client.extend)
    retry_failed = _of_job(Client.retry_failed)
    narrow = _of_job(Client.narrow)
    tag = _of_job(Client.tag)
    delete = _of_job(Client.delete)

    def explain(self, training: str = "") -> Explanation:
        return self._client.explain(training or self.best().id)
