"""One look on behalf of the claims of a pool: which of them gets which training, by the rules of core/sharing_out.py.

What is asked of the store beside the trainings themselves, the pool's trainers, is asked once, and only where it
matters: a training does not fit, or was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Document, Query, Store, Stored
from tunewright_scheduler import records
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.fitting import Demand, fits
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.sharing_out import Peer, Place, Reservation, Waiting, open_places, place_for, reservation
from tunewright_scheduler.needs import Needs

MOST_PEERS: Final = 1000


class Look:
    """Places trainings, one by one in the order of claims. `places` are taken from, `kept` may be set.

    What costs grows with what is placed, not with who waits: a host is counted when it is about to be given something,
    and what has fitted nowhere is not tried again, since places only fill up.
    """

    def __init__(
        self, store: Store, needs: Needs, controls: Controls, pool: str, places: Sequence[Place], kept: Reservation
    ) -> None:
        self._store, self._needs, self._controls, self._pool = store, needs, controls, pool
        self.places = places
        self.kept = kept
        self._sized = all(place.sized for place in places)
        self._peers: list[Peer] | None = None
        self._able: dict[Demand, list[Peer]] = {}
        self._demands: dict[tuple[str, int, str], Demand] = {}
        self._fits_nowhere: set[Demand] = set()
        self._counted_together = 1
        self._now = 0.0
        self.shares: list[list[Stored]] = [[] for _ in places]
        """Per place what it was given."""
        self.full = self._nothing_open()
        """Nothing more can be placed, whatever it is."""

    def _nothing_open(self) -> bool:
        return not open_places(self.places, self.kept)

    async def place(self, item: Stored) -> bool:
        """Give a training to a claim; False: it waits."""
        waiting = await self._waiting(item)
        place = None if waiting.demand in self._fits_nowhere else await self._place_for(waiting)
        if place is None:
            await self._keep_for(waiting)
            return False
        self.places[place].take(waiting.demand)
        self.shares[place].append(item)
        self.full = self._nothing_open()
        return True

    async def _place_for(self, waiting: Waiting) -> int | None:
        peers = await self._able_to_hold(waiting.demand) if waiting.left_by else ()
        while (index := place_for(waiting, self.places, self.kept, peers, self._now)) is not None:
            if self.places[index].host.counted:
                return index
            await self._count(waiting.demand)
        if not waiting.left_by:  # else it may be kept from one place alone
            self._fits_nowhere.add(waiting.demand)
        return None

    async def _count(self, demand: Demand) -> None:
        """Look up what is taken of the first hosts that may hold this, twice as many each time that it comes to it."""
        able = [self.places[index] for index in open_places(self.places, self.kept)]
        hosts = {one.trainer_id: one.host for one in able if not one.host.counted and one.holds(demand)}
        some = dict(list(hosts.items())[: self._counted_together])
        self._counted_together *= 2
        held = await records.held_by(self._store, list(some))
        for trainer_id, host in some.items():
            for document in held[trainer_id]:
                host.take(await self._demand(document))
            host.counted = True

    async def _keep_for(self, waiting: Waiting) -> None:
        if self.kept.trainer_id or not self._sized:
            return
        kept = reservation(waiting, await self._able_to_hold(waiting.demand), self._now)
        if kept is not None:
            self.kept = kept
            self.full = self._nothing_open()

    async def _able_to_hold(self, demand: Demand) -> Sequence[Peer]:
        """Return the trainers of the pool that could hold it if they held nothing else."""
        if demand not in self._able:
            self._able[demand] = [peer for peer in await self._others() if fits(demand, peer.capacity)]
        return self._able[demand]

    async def _demand(self, document: Document) -> Demand:
        which = (document["uid"], document["spec_revision"], document["definition_name"])
        if which not in self._demands:
            self._demands[which] = await self._needs.of(*which)
        return self._demands[which]

    async def _waiting(self, item: Stored) -> Waiting:
        document = item.document
        ready_at = document.get("ready_at")
        since = document["created_at"] if ready_at is None else ready_at
        return Waiting(item.key, await self._demand(document), since, document.get("left_by", ""))

    async def _others(self) -> Sequence[Peer]:
        """Return the trainers of the pool that take on work."""
        if self._peers is None:
            self._now = await self._store.now()
            page = await self._store.find(Query("sessions", "by_pool", {"pool": self._pool}, limit=MOST_PEERS))
            sessions = [from_document(stored.document, Session) for stored in page.items]
            self._peers = [
                Peer(session.trainer_id, session.capacity)
                for session in sessions
                if session.expires_at > self._now
                and not session.draining
                and session.trainer_id not in self._controls.cordons
            ]
        return self._peers
