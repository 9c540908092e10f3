"""Quotas of owners: how many jobs and trainings each may have at a time, also when several schedulers give at once.

Whoever adds to what an owner uses takes the owner's turn first, counts, and writes the turn with the commit that adds:
of two that counted the same, one is beaten and counts again. Without a quota none of this costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunewright.core.errors import QuotaExceeded
from tunewright.platform.store.port import Query, Store, Stored, Write
from tunewright_scheduler.controls import ControlRoom, Turn
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.look import Look

PAGE: Final = 100
PAGES: Final = 5
"""Looked through at once for trainings that fit and whose owners may run one more; the rest at the next look."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What has become of a look for trainings that may be granted now."""

    taken: int
    turns: list[Write]
    """To be written with the grants."""
    complete: bool
    """There are no more than these."""
    after: str | None = None
    """Where to look on; None: from the first one."""


@dataclass(slots=True)
class Allowance:
    """What is left of an owner's quota."""

    left: int
    turn: Turn
    used: bool = False

    def take(self) -> None:
        self.left -= 1
        self.used = True


class Quotas:
    def __init__(self, store: Store, room: ControlRoom) -> None:
        self._store, self._room = store, room

    async def one_more_job(self, owner: str) -> list[Write]:
        """Return what is to be written with a new job of the owner. Raises QuotaExceeded."""
        limit = (await self._room.now()).quota(owner).max_jobs
        if limit is None:
            return []
        turn = await self._room.turn(owner)
        active = await self._count("tuning_jobs", {"owner": owner, "active": True}, limit)
        if active >= limit:
            raise QuotaExceeded(f"the quota of {owner} for tuning jobs that have not ended", active + 1, limit)
        return [turn.write()]

    async def one_more_training(self, owner: str, begun: int) -> list[Write] | None:
        """Return what is to be written with a training that starts by itself, after `begun` of the same commit.

        None: the owner runs as many as it may.
        """
        limit = (await self._room.now()).quota(owner).max_parallel
        if limit is None:
            return []
        allowance = await self._allowance(owner, limit)
        return [allowance.turn.write()] if allowance.left > begun else None

    async def offer(self, look: Look, pool: str, wanted: int, after: str | None = None) -> Offer:
        """Let `look` place up to `wanted` trainings of a pool, in the order of claims; not of owners at their quotas.

        Where it has stopped among those that may not be granted, it looks on `after` that place the next time.
        """
        controls = await self._room.now()
        allowances: dict[str, Allowance | None] = {}
        taken = 0
        for looked in range(PAGES):
            size = PAGE if looked else wanted  # more only if some of the first are left out
            page = await self._store.find(
                Query("training_jobs", "claimable", {"pool": pool, "state": "READY"}, limit=size, after=after)
            )
            for item in page.items:
                if taken < wanted and not look.full and await self._place(look, item, controls, allowances):
                    taken += 1
            after = None if look.full else page.next
            if taken == wanted or after is None:
                break
        turns = [one.turn.write() for one in allowances.values() if one is not None and one.used]
        complete = taken < wanted and after is None
        return Offer(taken, turns, complete, None if taken else after)

    async def _place(
        self, look: Look, item: Stored, controls: Controls, allowances: dict[str, Allowance | None]
    ) -> bool:
        owner = item.document["owner"]
        if owner not in allowances:
            limit = controls.quota(owner).max_parallel
            allowances[owner] = None if limit is None else await self._allowance(owner, limit)
        allowance = allowances[owner]
        if allowance is not None and allowance.left <= 0:
            return False
        placed = await look.place(item)
        if placed and allowance is not None:
            allowance.take()
        return placed

    async def _allowance(self, owner: str, limit: int) -> Allowance:
        turn = await self._room.turn(owner)
        running = await self._count("training_jobs", {"owner": owner, "state": "RUNNING"}, limit)
        return Allowance(limit - running, turn)

    async def _count(self, collection: str, equals: dict[str, object], most: int) -> int:
        """Count what an owner has, up to `most`."""
        if most <= 0:
            return 0
        return len((await self._store.find(Query(collection, "by_owner", equals, limit=most))).items)
