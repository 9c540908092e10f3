"""What metrics says, folded into trainings and jobs. Consumes training.results."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from tunewright.core.claimed import runs_elsewhere
from tunewright.core.errors import CallerError, PeerError
from tunewright.core.stopping import StopEvidence, sentence
from tunewright.core.values import replace
from tunewright.events.v1 import results_pb2
from tunewright.platform.bus.consumer import Received, handling
from tunewright.platform.codec import from_message
from tunewright_scheduler.bells import trainer_bell
from tunewright_scheduler.change import Change
from tunewright_scheduler.changes import TOGETHER, Changes
from tunewright_scheduler.core.ending import stopped_early, summarized
from tunewright_scheduler.core.training import ReadingFault, Resend, Summary, Unmatched, heard, warned
from tunewright_scheduler.elsewhere import say_again

log = structlog.get_logger()


class Results:
    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    async def take_all(self, batch: list[Received]) -> None:
        """Take the messages, those of one job in order and in few commits; out of `batch` once they are done.

        After Unavailable it goes on where it was. Were all repeated, a long batch on a store that fails now and then
        would never be done.
        """
        while batch:
            some = batch[:TOGETHER]
            outcomes = await asyncio.gather(*map(self._take, some), return_exceptions=True)
            failed = [(item, error) for item, error in zip(some, outcomes, strict=True) if error is not None]
            batch[: len(some)] = [item for item, _ in failed]
            for _, error in failed:
                raise error

    async def _take(self, item: Received) -> None:
        with handling(item):
            await self.take(item.message)

    async def take(self, message: Any) -> None:
        """Fold one message. Raises Unavailable, upon which it is delivered again; a fault of ours parks the job."""
        step = _step(message)
        if step is None:
            return
        try:
            await self._changes.make(message.uid, step, reading=[message.number])
        except PeerError:
            raise
        except CallerError as error:
            log.info("result dropped", uid=message.uid, number=message.number, why=str(error))
        except Exception as error:
            log.exception("result failed", uid=message.uid, number=message.number)
            await self._changes.park(message.uid, f"reading a result failed: {error}")


def _step(message: Any) -> Callable[[Change], Awaitable[None]] | None:
    match message:
        case results_pb2.TrainingSummarized():
            return lambda change: _summarized(change, message)
        case results_pb2.StopAdvised():
            return lambda change: _stop_advised(change, message)
        case results_pb2.ResendRequested():
            return lambda change: _resend(change, message)
        case results_pb2.MetricNeverMatched():
            return lambda change: _never_matched(change, message)
        case results_pb2.MetricMatched():
            return lambda change: _matched(change, message)
        case _:
            return None  # OutputSettled: the trainer keeps its spool until the training is final


async def _summarized(change: Change, message: results_pb2.TrainingSummarized) -> None:
    training = await change.training(message.number)
    summary = Summary(
        objective=message.objective_value if message.HasField("objective_value") else None,
        fault=message.objective_fault,
        steps=message.steps,
        last_values={item.metric: item.value for item in message.last_values},
        objective_error=message.objective_error if message.HasField("objective_error") else None,
        curve=tuple(message.curve),
        curve_steps=tuple(message.curve_steps),
        tail=tuple(message.tail),
        faults=tuple(from_message(item, ReadingFault) for item in message.faults),
    )
    await change.put(summarized(training, message.attempt, summary, change.now))


async def _stop_advised(change: Change, message: results_pb2.StopAdvised) -> None:
    training = await change.training(message.number)
    metric = change.spec.objective_of(training.definition_name).metric_name
    evidence = StopEvidence(
        rule=message.rule,
        step=message.step,
        value=message.value,
        against=message.against if message.HasField("against") else None,
        compared=tuple(message.compared),
    )
    evidence = replace(evidence, text=sentence(evidence, metric, change.spec.early_stopping.percentile))
    told = stopped_early(training, message.attempt, evidence, change.now)
    if told is not training:
        await change.put(told)
        change.bells.add(trainer_bell(training))


async def _resend(change: Change, message: results_pb2.ResendRequested) -> None:
    training = await change.training(message.number)
    if training.attempt != message.attempt or training.state.final:
        return
    if runs_elsewhere(training.pool):
        say_again(change, training)
    else:
        gap, before = (message.instance, message.from_line), training.resend
        again = before is not None and (before.instance, before.from_line) == gap
        mark = replace(before, again_at=change.now) if before is not None and again else Resend(*gap, change.now)
        await change.put(replace(training, resend=mark))
        change.bells.add(trainer_bell(training))


async def _never_matched(change: Change, message: results_pb2.MetricNeverMatched) -> None:
    training = await change.training(message.number)
    if training.attempt == message.attempt and not training.state.final:
        unmatched = Unmatched(message.metric, message.regex, message.lines_read, change.now, message.nearest)
        told = warned(training, unmatched)
        if told is not training:
            await change.put(told)


async def _matched(change: Change, message: results_pb2.MetricMatched) -> None:
    training = await change.training(message.number)
    if training.attempt == message.attempt and any(item.metric == message.metric for item in training.silent):
        await change.put(heard(training, message.metric))
