"""What deleted jobs have left is removed, and kept from coming back.

Output may be delivered again when its job is gone: a collector died before it had committed its offsets, a trainer
comes back from a partition. The start of an attempt would then begin its stream anew, for nobody to remove. So a
deletion is remembered for longer than messages are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import structlog

from tunewright.core.errors import Conflict
from tunewright.platform.bus.topics import topics
from tunewright.platform.store.port import Check, Insert, Put, Query, Remove, Store, Write
from tunewright_metrics.collecting import standings

PAGE: Final = 100
TIMES_KEPT: Final = 2
"""A deletion is remembered for so many times as long as messages of training.output are kept."""

log = structlog.get_logger()


async def deleted(store: Store, uids: Collection[str]) -> set[str]:
    """Return those of the jobs that have been deleted lately."""
    return set(await store.get_many("deletions", list(uids))) if uids else set()


def undeleted(writes: Iterable[Write]) -> list[Check]:
    """Return the conditions under which streams may begin: a deletion meanwhile, heard elsewhere, beats the commit."""
    begun = dict.fromkeys(
        write.document["uid"] for write in writes if isinstance(write, Insert) and write.collection == "streams"
    )
    return [Check("deletions", uid, 0) for uid in begun]


async def purge(store: Store, uid: str) -> None:
    """Remember that the job is deleted, and remove all that is kept of it. Raises Unavailable: to be done again."""
    await _remember(store, uid)
    while page := (await store.find(Query("streams", "by_job", {"uid": uid}, limit=PAGE))).items:
        for stored in page:
            for collection in ("measurements", "output"):
                await _empty(store, Query(collection, "by_training", {"uid": uid, "number": stored.document["number"]}))
            try:  # the stream last, so that a crash leaves the way to what is left
                await store.commit([Remove("streams", stored.key, stored.version), *standings.removals(stored.key)])
            except Conflict:
                log.info("written while being removed", key=stored.key)
    await _empty(store, Query("contents", "by_job", {"uid": uid}))


async def _remember(store: Store, uid: str) -> None:
    now = await store.now()
    forgotten = Query("deletions", "by_time", high=now - TIMES_KEPT * topics()["training.output"].retention_s)
    old = (await store.find(forgotten)).items
    await store.commit([*(Remove("deletions", item.key) for item in old), Put("deletions", uid, {"at": now})])


async def _empty(store: Store, query: Query) -> None:
    """Remove all that the query finds, page by page."""
    page = Query(query.collection, query.index, query.equals, limit=PAGE)
    while items := (await store.find(page)).items:
        await store.commit([Remove(query.collection, item.key) for item in items])
