"""SuggestionService: what needs no model is answered at once, models are fitted in the pool.

A replica keeps nothing that matters: any other gives the same answers.
"""

from __future__ import annotations

from typing import Any

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Strategy
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright.v1 import suggestion_service_pb2_grpc as pb_grpc
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.frames import Kind
from tunewright_suggester.pool import FitPool
from tunewright_suggester.prefixes import Prefixes
from tunewright_suggester.wire import read_ask, read_strategy, write_answer, write_explanation

Context = Any


class SuggestionServicer(pb_grpc.SuggestionServiceServicer):
    """Raises the errors of tunewright.core; the server's interceptor makes them statuses."""

    def __init__(self, workers: int = 0) -> None:
        """Fit in at most so many processes; 0: one per core."""
        self._pool = FitPool(workers)
        self._prefixes = Prefixes()

    async def close(self) -> None:
        await self._pool.close()

    async def Suggest(  # noqa: N802 - the generated base's name
        self, request: pb.SuggestRequest, _context: Context
    ) -> pb.SuggestResponse:
        if not _modelled(request):
            return write_answer(suggest(read_ask(request)))
        history = self._prefixes.completed(request)
        if history is None:
            return pb.SuggestResponse(unknown_prefix=True)
        for definition, observations in zip(request.definitions, history.observations, strict=True):
            definition.observations.CopyFrom(observations)
        response = pb.SuggestResponse.FromString(await self._pool.run(Kind.SUGGEST, request.SerializeToString()))
        response.digest = history.digest
        return response

    async def Explain(  # noqa: N802
        self, request: pb.ExplainRequest, _context: Context
    ) -> pb.ExplainResponse:
        if request.ask.prefix_digest:
            raise InvalidSpec("ask.prefix_digest", "an explanation needs the whole ask", "Send all observations")
        if not _modelled(request.ask):
            return write_explanation(explain(read_ask(request.ask), request.index))
        return pb.ExplainResponse.FromString(await self._pool.run(Kind.EXPLAIN, request.SerializeToString()))


def _modelled(request: pb.SuggestRequest) -> bool:
    """Say whether a process answers: Bayesian always, Hyperband once there is something to fit a model to."""
    strategy = read_strategy(request)
    observed = bool(request.prefix_digest) or any(one.observations.outcomes for one in request.definitions)
    return strategy is Strategy.BAYESIAN or (strategy is Strategy.HYPERBAND and observed)
