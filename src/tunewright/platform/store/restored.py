"""What a store needs once it was brought back from a backup: it knows nothing of what happened since.

Trainers, the broker and whoever read events do know. Were numbers given out again that were given out since, two things
would bear one name: two runs of a training, two facts of a job. So what tells them apart is raised above all that can
have been given out: the numbers of attempts, and with them all that is said about them; the epochs of sessions, so that
every trainer opens its session anew and says what it holds; the versions of jobs, which the ids of events are made of
(each adapter raises them itself: `RAISED`).

No service may be running meanwhile. It may be done twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from tunewright.platform.store.port import Put, Query, Replace, Store, Stored

RESTORED: Final = "restored"
"""The key of its record among `controls`."""
RAISED: Final = "tuning_jobs"
"""The collection whose documents have their versions raised."""

COUNTED_FROM: Final = 1_577_836_800
"""2020-01-01. Seconds since then fit into an attempt's 32 bits, and come once, whichever backup is restored again."""


def attempts_above(now: float) -> int:
    """Return a number that none given out before `now` (Unix seconds) can have reached, by ones or by this.

    A training is run again less than once a second.
    """
    return int(now) - COUNTED_FROM


def versions_above(now: float) -> int:
    """Return by how much the versions of jobs are raised, to be above all before `now`, raised or not.

    A job changes many times a second, and less than once a millisecond.
    """
    return int((now - COUNTED_FROM) * 1000)


async def restore_done(store: Store) -> None:
    """Have all that is given out from now on be told from what was given out since the backup, but for versions."""
    now = await store.now()
    record = {"name": RESTORED, "at": now, "attempts_above": attempts_above(now)}
    await store.commit([Put("controls", RESTORED, record)])
    async for session in _sessions(store):
        epoch = round(now * 1000)  # as of a session that was forgotten: see the scheduler
        reopened = {**session.document, "epoch": epoch}  # its lease has run out when it did: so long its trainings ran
        await store.commit([Replace("sessions", session.key, reopened, session.version)])


async def _sessions(store: Store) -> AsyncIterator[Stored]:
    after: str | None = None
    while True:
        page = await store.find(Query("sessions", "by_id", limit=1000, after=after))
        for stored in page.items:
            yield stored
        after = page.next
        if after is None:
            return
