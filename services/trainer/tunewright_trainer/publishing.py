"""What a training has left: packed at its end, published once it counts."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Final

import structlog

from tunewright.core.errors import TunewrightError
from tunewright.core.locations import Location
from tunewright.core.states import EndCause
from tunewright_trainer import artifact
from tunewright_trainer.core.attempt import Attempt, End
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.storage.buckets import Buckets
from tunewright_trainer.transfer import Transfer

PUBLISH_AGAIN_S: Final = 1.0
PUBLISH_AGAIN_MOST_S: Final = 60.0
NAMES_TOLD: Final = 10

log = structlog.get_logger()


async def packed(attempt: Attempt, folder: AttemptFolder, instances: int, end: End) -> End:
    """Pack what the program has left, and return how the attempt ended: not well, without its model.

    In a thread of its own, for it may take hours; cancelled, it leaves off, and leaves nothing that is half done.
    """
    threads = ThreadPoolExecutor(1, "pack")
    transfer = Transfer(threads, 0.0)
    try:
        left_out = await transfer.in_thread(partial(artifact.pack, folder, instances, transfer.told))
    except OSError as error:
        log.warning("artifact not packed", attempt=str(attempt), why=str(error))
        if (end.cause, end.exit_code) == (EndCause.EXITED, 0):
            why = f"ClientError: Artifact upload failed: the model could not be packed: {error}"
            return replace(end, cause=EndCause.OUTPUT_LOST, why=why)
    else:
        if left_out:
            log.warning("instances left the same", attempt=str(attempt), names=left_out[:NAMES_TOLD], of=len(left_out))
    finally:
        await transfer.end()
        threads.shutdown(wait=False)
    return end


async def publish(attempt: Attempt, folder: AttemptFolder, buckets: Buckets, target: Location) -> None:
    """Publish, however long the destination is away: the folder is kept until it is done."""

    def put() -> None:
        artifact.publish(folder, buckets.of(target), target)

    for failures in count(1):
        try:
            await asyncio.to_thread(put)
        except (OSError, TunewrightError) as error:
            log.warning("artifact not published", attempt=str(attempt), to=target.uri, why=str(error))
            await asyncio.sleep(backoff_s(failures, first_s=PUBLISH_AGAIN_S, most_s=PUBLISH_AGAIN_MOST_S))
        else:
            return
