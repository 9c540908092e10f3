"""An embedded server whose access file knows Ada and Bob, and Ada's jobs on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.claiming import job
from tunewright.client import Address, AsyncClaimedTraining, AsyncClient
from tunewright.core.access import Principal, Scope, digest_of
from tunewright.core.spec import Limits
from tunewright.local.server import local_server
from tunewright.platform import lifecycle
from tunewright.platform.access_file import FILE_NAME, Entry, add
from tunewright.platform.credentials import load
from tunewright.platform.local_options import LocalOptions

USERS = frozenset({Scope.READ, Scope.JOBS, Scope.TRAIN, Scope.REPORT})
MARK = "adas-secret"


def principal(name: str, owner: str, *scopes: Scope, expires_at: float | None = None) -> Entry:
    """Return one whose token is `NAME-token`, and whose key pair is `NAMEKEY` with `NAME-secret`."""
    who = Principal(name, owner, frozenset(scopes) or USERS, expires_at)
    return Entry(who, digest_of(f"{name}-token"), f"{name.upper()}KEY", f"{name}-secret")


@dataclass
class House:
    """Where the server is, with what only Ada knows: an ended job, and one of which a training runs in her hands."""

    endpoint: str
    http: str
    folder: Path
    ended: str = ""
    going: str = ""
    trainings: list[str] = field(default_factory=list)
    trainer: str = ""
    epoch: int = 0
    etag: str = ""
    claimed: AsyncClaimedTraining | None = None

    @property
    def access(self) -> Path:
        return self.folder / FILE_NAME

    def address(self, name: str) -> Address:
        """Return where somebody calls, by the name of a principal; empty: the installation itself."""
        own = load(self.folder / "credentials").tunewright_token
        return Address(self.endpoint, f"{name}-token" if name else own)


@asynccontextmanager
async def serving(folder: Path, **options: Any) -> AsyncIterator[House]:
    stop = asyncio.Event()
    async with local_server(LocalOptions(folder, slots=1, **options)) as running:
        working = asyncio.create_task(lifecycle.run_together(list(running.parts), stop))
        try:
            yield House(running.grpc, running.http, folder)
        finally:
            stop.set()
            await working


@asynccontextmanager
async def adas(folder: Path) -> AsyncIterator[House]:
    """Serve; Ada has a job that has ended and one that goes on, of which she runs a training."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(serving(folder))
        for name in ("ada", "bob"):
            add(house.access, principal(name, name))
        ada = await stack.enter_async_context(AsyncClient(house.address("ada")))
        tags = {"project": f"{MARK}-project"}
        ended = await ada.create(job("ended-job", tags=tags, limits=Limits(max_parallel=1, max_trainings=1)))
        async for training in ada.claim(ended.uid):
            async with training:
                training.report("score", 0.5)
        going = await ada.create(job("going-job", tags=tags, limits=Limits(max_parallel=1, max_trainings=3)))
        claims = ada.claim(going.uid)  # kept: a loop that nobody holds hands back what it has
        house.claimed = await anext(claims)
        house.ended, house.going = ended.uid, going.uid
        house.trainings = [item.name for uid in (ended.uid, going.uid) async for item in ada.trainings(uid)]
        house.trainings += [f"{ended.uid}/1", f"{going.uid}/1"]
        try:
            yield house
        finally:
            await house.claimed.hand_back()
