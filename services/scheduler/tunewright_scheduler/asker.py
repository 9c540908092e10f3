"""Asks the suggester, from the ask record alone, and brings the answer back as a message.

The request is a function of the record and the job's immutable history, so any replica may send it, again and again.
What a suggester has answered for before is not sent again, only named; that is remembered here and may be lost.
While an answer takes its time, whoever asks says so in the job's record; when that ceases, another replica asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Final

import grpc
import structlog

from tunewright.core.errors import CallerError, NotFound, PeerError, TunewrightError
from tunewright.core.names import training_id
from tunewright.core.spec import Definition, TuningJobSpec
from tunewright.core.warm_start import static_of
from tunewright.platform import tracing
from tunewright.platform.codec import from_message, to_message, value_from_message, value_to_message
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.v1 import spec_pb2, suggestion_service_pb2, suggestion_service_pb2_grpc
from tunewright_scheduler import records, tally
from tunewright_scheduler.changes import Changes
from tunewright_scheduler.core.asking import ANSWER_DUE_S, MODELLED, Answered, AskFailed, StillAsked
from tunewright_scheduler.core.job import Ask, Outlook, Provenance, Suggestion, TuningJob
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.history import NOTHING, Histories, Mark, Marks
from tunewright_scheduler.parents import parent_messages

ANSWER_WITHIN_S: Final = 45.0
SAY_SO_EVERY_S: Final = ANSWER_DUE_S / 2
log = structlog.get_logger()


class Asker:
    def __init__(self, changes: Changes, channel: grpc.aio.Channel) -> None:
        self._changes = changes
        self._suggester = suggestion_service_pb2_grpc.SuggestionServiceStub(channel)
        self._histories = Histories(changes.store)
        self._marks = Marks()
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}

    def ask(self, uid: str, number: int) -> None:
        """Start asking in the background; an ask that is under way is left alone."""
        key = (uid, number)
        if key not in self._tasks:
            task = self._tasks[key] = asyncio.create_task(self._ask(uid, number))
            task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _ask(self, uid: str, number: int) -> None:
        """Ask and fold the answer in. A fault of this one job parks it; a missing suggester is told to the job."""
        with structlog.contextvars.bound_contextvars(job=uid), tracing.span("ask", job=uid, ask=number):
            await self._fold_in(uid, number)

    async def _fold_in(self, uid: str, number: int) -> None:
        try:
            async with self._said_so(uid, number):
                message = await self._answer(uid, number)
            await self._changes.send(uid, message)
        except NotFound:
            return  # deleted meanwhile
        except PeerError as error:
            log.warning("not asked; the ask is repeated when due", uid=uid, ask=number, error=str(error))
        except Exception as error:
            log.exception("ask failed", uid=uid, ask=number)
            with suppress(PeerError):  # repeated when due, the ask fails again
                await self._changes.park(uid, f"asking for configurations failed: {error}")

    @asynccontextmanager
    async def _said_so(self, uid: str, number: int) -> AsyncIterator[None]:
        """Keep the other replicas from asking the same, as long as this one is at it."""

        async def say_so() -> None:
            while True:
                await asyncio.sleep(SAY_SO_EVERY_S)
                try:
                    await self._changes.send(uid, StillAsked(number))
                except TunewrightError as error:
                    log.info("another may ask the same", uid=uid, ask=number, why=str(error))

        saying = asyncio.create_task(say_so())
        try:
            yield
        finally:
            saying.cancel()

    async def _answer(self, uid: str, number: int) -> Answered | AskFailed:
        found, ask = (
            await records.read_job(self._changes.store, uid),
            await records.read_ask(self._changes.store, uid, number),
        )
        if found is None or ask is None:
            raise NotFound("ask", f"{uid}/{number}")
        strategy = (await self._changes.spec(uid, ask.spec_revision)).strategy.value
        began, outcome = perf_counter(), "failed"
        try:
            answer = await self.answer(found.value, ask)
        except grpc.aio.AioRpcError as failed:
            error = error_of(failed)
            if isinstance(error, CallerError):
                outcome = "refused"
                raise error from failed
            return AskFailed(number, str(error))
        else:
            outcome = "answered"
            return answer
        finally:
            took_s = perf_counter() - began
            tally.asks.labels(strategy, outcome).inc()
            tally.ask_took.labels(strategy).observe(took_s)
            log.info("asked", ask=number, strategy=strategy, outcome=outcome, ms=round(took_s * 1000, 1))

    async def answer(self, job: TuningJob, ask: Ask) -> Answered:
        """Send what is new since the last answer; all of it to a replica that does not know the rest.

        Raises: AioRpcError.
        """
        mark = self._marks.take(ask.uid, ask.spec_revision)
        known = mark if mark.length <= ask.watermark else NOTHING
        response = await self._suggester.Suggest(await self.request(job, ask, known), timeout=ANSWER_WITHIN_S)
        if response.unknown_prefix:
            response = await self._suggester.Suggest(await self.request(job, ask), timeout=ANSWER_WITHIN_S)
        if response.digest:
            self._marks.put(ask.uid, ask.spec_revision, Mark(response.digest, ask.watermark))
        return answer_of(ask.number, response)

    async def request(self, job: TuningJob, ask: Ask, known: Mark = NOTHING) -> suggestion_service_pb2.SuggestRequest:
        """Build the request of an ask record, without the observations that are known."""
        spec = await self._changes.spec(job.uid, ask.spec_revision)
        request = suggestion_service_pb2.SuggestRequest(
            uid=job.uid,
            spec_revision=ask.spec_revision,
            strategy=f"STRATEGY_{spec.strategy.name}",
            direction=f"DIRECTION_{spec.objective.direction.name}",
            seed=job.seed,
            ask_number=ask.number,
            count=ask.count,
            budget=ask.budget,
            parallel=ask.parallel,
            effort=ask.effort,
            started=ask.started,
            warm_start=None if spec.warm_start is None else f"WARM_START_TYPE_{spec.warm_start.type.name}",
        )
        if spec.hyperband is not None:
            request.hyperband.CopyFrom(to_message(spec.hyperband, spec_pb2.HyperbandConfig))
        for definition in spec.definitions:
            request.definitions.append(_definition(definition))
        if spec.strategy in MODELLED:
            await self._add_history(request, spec, ask, known)
        if not known.digest:  # else they hold on with what is known
            parents = await parent_messages(self._histories, self._changes.spec, job.parents)
            request.definitions[0].parents.extend(parents)
        return request

    async def _add_history(
        self, request: suggestion_service_pb2.SuggestRequest, spec: TuningJobSpec, ask: Ask, known: Mark
    ) -> None:
        request.prefix_digest, request.prefix_length = known.digest, known.length
        history = await self._histories.of(ask.uid, ask.watermark)
        keys = [training_id(ask.uid, number) for number in ask.pending]
        pending = await self._changes.store.get_many("training_jobs", keys)
        for definition, message in zip(spec.definitions, request.definitions, strict=True):
            history.fill(message.observations, definition, known.length, ask.watermark)
            for key in keys:
                training = from_document(pending[key].document, Training)
                if training.definition_name == definition.name:
                    message.pending.append(_pending(training))


def _definition(definition: Definition) -> suggestion_service_pb2.DefinitionRequest:
    message = suggestion_service_pb2.DefinitionRequest(
        name=definition.name, static_hyperparameters=static_of(definition)
    )
    for parameter in definition.parameters:
        message.parameters.append(to_message(parameter, spec_pb2.Parameter))
        if parameter.hint is not None:
            message.default_point[parameter.name].CopyFrom(value_to_message(parameter.hint))
    return message


def _pending(training: Training) -> suggestion_service_pb2.Pending:
    message = suggestion_service_pb2.Pending(number=training.number)
    for name, value in training.configuration.items():
        message.configuration[name].CopyFrom(value_to_message(value))
    return message


def answer_of(number: int, response: suggestion_service_pb2.SuggestResponse) -> Answered:
    suggestions = tuple(
        Suggestion(
            configuration={name: value_from_message(value, name) for name, value in item.configuration.items()},
            provenance=from_message(item.provenance, Provenance),
            definition_name=item.definition_name,
            bracket=item.bracket,
            rungs=tuple(item.rungs),
        )
        for item in response.suggestions
    )
    outlook = from_message(response.outlook, Outlook) if response.HasField("outlook") else None
    recommended = response.recommended if response.HasField("recommended") else None
    return Answered(number, suggestions, exhausted=response.exhausted, outlook=outlook, recommended=recommended)
