"""SuggestionService: what needs no model is answered at once, models are fitted in the pool.

A replica keeps nothing that matters: any other gives the same answers. It remembers which of its processes holds which
history; where none does, or that one is busy while another is free, the answer is "unknown prefix": send all.
"""

from __future__ import annotations

from collections import OrderedDict
from time import perf_counter
from typing import Any, Final

import structlog
from prometheus_client import Counter, Histogram

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Strategy
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright.v1 import suggestion_service_pb2_grpc as pb_grpc
from tunewright_suggester.core.effort import DEFAULT_TIER
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.frames import Kind
from tunewright_suggester.pool import PROGRAM, FitPool
from tunewright_suggester.turns import Elsewhere
from tunewright_suggester.wire import read_ask, read_strategy, write_answer, write_explanation

Context = Any
DIGESTS_KEPT: Final = 4_096
NO_TIER: Final = "none"
"""Of an answer that no model was asked for."""
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 45.0)

log = structlog.get_logger()
suggest_took = Histogram(
    "tunewright_suggest_seconds",
    "From an ask to its answer, waiting for a turn included",
    ["strategy", "tier"],
    buckets=BUCKETS,
)
unknown_prefixes = Counter("tunewright_unknown_prefixes", "Asks answered with: send the whole history")


class SuggestionServicer(pb_grpc.SuggestionServiceServicer):
    """Raises the errors of tunewright.core; the server's interceptor makes them statuses."""

    def __init__(self, workers: int = 0, program: tuple[str, ...] = PROGRAM) -> None:
        """Fit in at most so many processes that run `program`; 0: one per core."""
        self._pool = FitPool(workers, program)
        self._places: OrderedDict[bytes, int] = OrderedDict()
        """Digest of a history to where in the pool it is held."""

    async def close(self) -> None:
        await self._pool.close()

    async def Suggest(  # noqa: N802 - the generated base's name
        self, request: pb.SuggestRequest, _context: Context
    ) -> pb.SuggestResponse:
        began = perf_counter()
        response = await self._suggested(request)
        told_s = perf_counter() - began
        tier = (request.effort or DEFAULT_TIER) if _modelled(request) else NO_TIER
        suggest_took.labels(read_strategy(request).value, tier).observe(told_s)
        if response.unknown_prefix:
            unknown_prefixes.inc()
        log.info("suggested", ask=request.ask_number, count=len(response.suggestions), ms=round(told_s * 1000, 1))
        return response

    async def _suggested(self, request: pb.SuggestRequest) -> pb.SuggestResponse:
        if not _modelled(request):
            return write_answer(suggest(read_ask(request)))
        place = self._places.get(request.prefix_digest)
        if request.prefix_digest and place is None:
            return pb.SuggestResponse(unknown_prefix=True)
        try:
            answer, place = await self._pool.run(Kind.SUGGEST, request.SerializeToString(), request.uid, place)
        except Elsewhere:
            return pb.SuggestResponse(unknown_prefix=True)
        response = pb.SuggestResponse.FromString(answer)
        self._note(request.prefix_digest, response.digest, place)
        return response

    async def Explain(  # noqa: N802
        self, request: pb.ExplainRequest, _context: Context
    ) -> pb.ExplainResponse:
        if request.ask.prefix_digest:
            raise InvalidSpec("ask.prefix_digest", "an explanation needs the whole ask", "Send all observations")
        if not _modelled(request.ask):
            return write_explanation(explain(read_ask(request.ask), request.index))
        explained, _ = await self._pool.run(Kind.EXPLAIN, request.SerializeToString(), request.ask.uid)
        return pb.ExplainResponse.FromString(explained)

    def _note(self, before: bytes, now: bytes, place: int) -> None:
        """Remember where a history is; the one that it continues, or that nobody knew, is there no more."""
        self._places.pop(before, None)
        if now:
            self._places[now] = place
        while len(self._places) > DIGESTS_KEPT:
            self._places.popitem(last=False)


def _modelled(request: pb.SuggestRequest) -> bool:
    """Whether a model may be fitted: always for Bayesian, for Hyperband once there is something to learn from."""
    match read_strategy(request):
        case Strategy.BAYESIAN:
            return True
        case Strategy.HYPERBAND:
            return bool(request.prefix_digest) or any(one.observations.outcomes for one in request.definitions)
        case _:
            return False
