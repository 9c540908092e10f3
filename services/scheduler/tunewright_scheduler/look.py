"""One look on behalf of the claims of a pool: which of them gets which training, by the rules of core/sharing_out.py.

What is asked of the store beside the trainings themselves, the pool's trainers, is asked once, and only where it
matters: a training does not fit, or was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tunewright.platform.documents import from_document
from tunewright.platform.store.port import Query, Store, Stored
from tunewright_scheduler.core.controls import Controls
from tunewright_scheduler.core.session import Session
from tunewright_scheduler.core.sharing_out import Peer, Place, Reservation, Waiting, open_places, place_for, reservation
from tunewright_scheduler.needs import Needs

MOST_PEERS: Final = 1000


class Look:
    """Places trainings, one by one in the order of claims. `places` are taken from, `kept` may be set."""

    def __init__(
        self, store: Store, needs: Needs, controls: Controls, pool: str, places: Sequence[Place], kept: Reservation
    ) -> None:
        self._store, self._needs, self._controls, self._pool = store, needs, controls, pool
        self.places = places
        self.kept = kept
        self._peers: list[Peer] | None = None
        self._now = 0.0
        self.shares: list[list[Stored]] = [[] for _ in places]
        """Per place what it was given."""

    @property
    def full(self) -> bool:
        """Say whether nothing more can be placed, whatever it is."""
        return not open_places(self.places, self.kept)

    async def place(self, item: Stored) -> bool:
        """Give a training to a claim; False: it waits."""
        waiting = await self._waiting(item)
        peers = await self._others() if waiting.left_by else ()
        index = place_for(waiting, self.places, self.kept, peers, self._now)
        if index is None:
            await self._keep_for(waiting)
            return False
        self.places[index].take(waiting.demand)
        self.shares[index].append(item)
        return True

    async def _keep_for(self, waiting: Waiting) -> None:
        if not self.kept.trainer_id and all(place.sized for place in self.places):
            peers = await self._others()
            self.kept = reservation(waiting, peers, self._now) or self.kept

    async def _waiting(self, item: Stored) -> Waiting:
        document = item.document
        demand = await self._needs.of(document["uid"], document["spec_revision"], document["definition_name"])
        ready_at = document.get("ready_at")
        since = document["created_at"] if ready_at is None else ready_at
        return Waiting(item.key, demand, since, document.get("left_by", ""))

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
