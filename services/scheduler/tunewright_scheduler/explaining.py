"""ExplanationService on the wire: what was asked is asked again, from its record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import grpc

from tunewright.core.errors import IllegalTransition
from tunewright.platform.documents import from_document
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import caller
from tunewright.platform.store.port import Store
from tunewright.v1 import explanation_service_pb2 as pb
from tunewright.v1 import explanation_service_pb2_grpc, suggestion_service_pb2_grpc
from tunewright.v1.suggestion_service_pb2 import ExplainRequest, ExplainResponse
from tunewright_scheduler import records
from tunewright_scheduler.asker import ANSWER_WITHIN_S, Asker, answer_of
from tunewright_scheduler.core.job import Ask, TuningJob
from tunewright_scheduler.core.origins import FALLBACK, Origin, difference, origins
from tunewright_scheduler.core.training import Training
from tunewright_scheduler.resources import training_message
from tunewright_scheduler.servicer import TuningServicer
from tunewright_scheduler.tuning_jobs import TuningJobs

AT_ONCE: Final = 500
"""So many documents are read together."""
NOT_ASKED: Final = {
    "": "it was asked for by itself",
    "imported": "it has run elsewhere, and was imported",
    "enqueued": "somebody has enqueued this configuration",
    FALLBACK: "a random draw, for the suggester did not answer",
}


class ExplanationServicer(explanation_service_pb2_grpc.ExplanationServiceServicer):
    def __init__(
        self, store: Store, tuning: TuningServicer, jobs: TuningJobs, asker: Asker, suggester: grpc.aio.Channel
    ) -> None:
        self._store, self._tuning, self._jobs, self._asker = store, tuning, jobs, asker
        self._suggester = suggestion_service_pb2_grpc.SuggestionServiceStub(suggester)

    async def ExplainTrainingJob(  # noqa: N802
        self, request: pb.ExplainTrainingJobRequest, _context: grpc.aio.ServicerContext
    ) -> pb.ExplainTrainingJobResponse:
        training = await self._tuning.training(request.training)
        job = (await self._jobs.find(caller(), training.uid)).value
        origin = (await self._origins(job, await self._trainings(job))).get(training.number)
        explanation = pb.Explanation(training=training_message(training))
        if origin is None:
            explanation.text = _without_an_ask(training)
            return pb.ExplainTrainingJobResponse(explanation=explanation)
        told = await self._explained(job, origin)
        explanation.text, explanation.noise, explanation.ask_number = told.text, told.noise, origin.ask.number
        explanation.observations = origin.ask.watermark
        explanation.pending.extend(origin.ask.pending)
        explanation.neighbours.extend(told.neighbours)
        explanation.lengthscales.update(told.lengthscales)
        return pb.ExplainTrainingJobResponse(explanation=explanation)

    async def ReplayTuningJob(  # noqa: N802
        self, request: pb.ReplayTuningJobRequest, _context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.ReplayTuningJobResponse]:
        job = (await self._jobs.find(caller(), request.job)).value
        trainings = await self._trainings(job)
        taken: dict[int, list[tuple[Origin, Training]]] = {}
        found = await self._origins(job, trainings)
        for training in trainings:
            if training.number in found:
                origin = found[training.number]
                taken.setdefault(origin.ask.number, []).append((origin, training))
        for number, of_ask in taken.items():
            replayed = pb.Replayed(
                ask_number=number,
                trainings=[training.number for _, training in of_ask],
                difference=await self._difference(job, of_ask),
            )
            yield pb.ReplayTuningJobResponse(replayed=replayed)

    async def _difference(self, job: TuningJob, taken: Sequence[tuple[Origin, Training]]) -> str:
        """Ask again, and say what is other first; empty if nothing is."""
        ask = taken[0][0].ask
        request = await self._asker.request(job, ask)
        try:
            answer = answer_of(ask.number, await self._suggester.Suggest(request, timeout=ANSWER_WITHIN_S))
        except grpc.aio.AioRpcError as failed:
            raise error_of(failed) from failed
        for origin, training in taken:
            if origin.index >= len(answer.suggestions):
                return f"training {training.number}: nothing is suggested for it now"
            if other := difference(training, answer.suggestions[origin.index]):
                return other
        return ""

    async def _explained(self, job: TuningJob, origin: Origin) -> ExplainResponse:
        ask = await self._asker.request(job, origin.ask)
        try:
            response: ExplainResponse = await self._suggester.Explain(
                ExplainRequest(ask=ask, index=origin.index), timeout=ANSWER_WITHIN_S
            )
        except grpc.aio.AioRpcError as failed:
            raise error_of(failed) from failed
        return response

    async def _origins(self, job: TuningJob, trainings: Sequence[Training]) -> dict[int, Origin]:
        asks: list[Ask] = []
        for first in range(0, job.asks, AT_ONCE):
            keys = [records.ask_key(job.uid, number) for number in range(first, min(first + AT_ONCE, job.asks))]
            stored = await self._store.get_many("asks", keys)
            asks += [from_document(stored[key].document, Ask) for key in keys if key in stored]
        return origins(trainings, asks)

    async def _trainings(self, job: TuningJob) -> list[Training]:
        found: list[Training] = []
        for first in range(1, job.started + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, job.started + 1))
            read = await records.read_trainings(self._store, job.uid, numbers)
            found += [read[number].value for number in numbers if number in read]
        return found


def _without_an_ask(training: Training) -> str:
    source = training.provenance.source
    if training.repeats is not None:
        return f"it repeats training {training.repeats}, one of the best, to tell the good from the lucky"
    if source not in NOT_ASKED:
        raise IllegalTransition(f"training job {training.name}", "of no ask that is still known", "be explained")
    why = f": {training.provenance.reason}" if training.provenance.reason else ""
    return NOT_ASKED[source] + why
