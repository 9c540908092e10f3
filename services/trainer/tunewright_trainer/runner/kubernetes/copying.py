"""A pod's log on its way into the spool, to its end."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from typing import Final

import structlog

from tunewright_trainer.runner.kubernetes.cluster import AWAY, ApiError, Cluster
from tunewright_trainer.runner.kubernetes.names import Place
from tunewright_trainer.runner.kubernetes.pods import Pods, backoff_s
from tunewright_trainer.runner.log_follower import LineDecoder, LogCopy

log = structlog.get_logger()

LAST_TRIES: Final = 5
"""How often the log of a pod that has ended is asked for: its node may have thrown it away with the container."""
AT_ONCE_BYTES: Final = 64 * 1024
"""How much is copied before other trainings have their turn."""
END_WAIT_S: Final = 1.0
"""How long behind the end of its log a pod's end may be told."""


async def copy_log(cluster: Cluster, pods: Pods, place: Place, copy: LogCopy) -> None:
    """Return once all that a container says is in the spool, or what is missing is told there.

    The pod must be known, and its container started. What is read of a container that has ended is its whole log;
    where its node has none of it left, the stream that was being read at the end has had it all, if it ended in order.
    """
    failures, in_order = 0, False
    while (pod := pods.get(place)) is not None:
        had_ended = pod.ended
        try:
            await _read(cluster, pod.name, copy, follow=not had_ended)
        except AWAY:
            in_order = False
            failures += 1
        except (ApiError, ValueError, OSError) as error:
            failures += 1
            if had_ended and (pod.gone or failures >= LAST_TRIES):
                if not in_order:
                    log.warning("the end of a training's output is lost", pod=pod.name, why=str(error))
                    with suppress(OSError):
                        copy.tell_gap()
                return
            in_order = in_order and had_ended
        else:
            if had_ended:
                return
            failures, in_order = 0, True
            await _end_told(pods, place)
            continue
        await asyncio.sleep(backoff_s(failures))


async def _end_told(pods: Pods, place: Place) -> None:
    """Wait for a pod's end, if it comes soon: behind it nobody asks a node for a log that it has thrown away."""
    until = time.monotonic() + END_WAIT_S
    while (pod := pods.get(place)) is not None and not pod.ended and (left_s := until - time.monotonic()) > 0:
        await pods.changed(left_s)


async def _read(cluster: Cluster, pod: str, copy: LogCopy, *, follow: bool) -> None:
    """Read a log from where the copy ends until the API ends it. Raises ApiError, OSError, ValueError or AWAY."""
    copy.begin()
    decoder = LineDecoder()
    async with aclosing(cluster.log(pod, copy.since_s, follow=follow)) as chunks:
        async for chunk in chunks:
            for at in range(0, len(chunk), AT_ONCE_BYTES):
                copy.write(decoder.pieces(chunk[at : at + AT_ONCE_BYTES]))
                await asyncio.sleep(0)
