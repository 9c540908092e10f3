"""Advice as the service answers it."""

from __future__ import annotations

from tunewright.platform.codec import to_message
from tunewright.v1 import metrics_service_pb2 as pb
from tunewright_metrics.core.history import History


def advice_on(history: History) -> pb.AnalyzeResponse:
    """Return advice, why there is none where too little is known, and the ranges to try next. Takes up to a second.

    The model's libraries load here: a collector that nobody asks needs none of them.
    """
    from tunewright_metrics.core.advice.advise import advise
    from tunewright_metrics.core.advice.narrowing import narrowed

    advised = advise(history)
    return pb.AnalyzeResponse(
        advice=[to_message(item, pb.Advice) for item in advised.advice],
        refused=[
            pb.Refusal(analysis=pb.ANALYSIS_ADVICE, definition_name=item.definition_name, reason=item.reason)
            for item in advised.untold
        ],
        narrowed=[to_message(item, pb.Narrowed) for item in narrowed(history, advised.advice)],
    )
