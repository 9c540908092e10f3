"""One attempt on the engine: its containers from their making to its end.

What it keeps in the attempt's folder, beside the spools: `made` (all containers were created; only then is one
started, so that one that is missing afterwards is lost and not to be made again), `through` (how far the log was
copied; of the second instance `through-2`), `stop` (cause and deadline of the first stop), `end.json` (the end, written
before the containers are removed).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any, Final

import structlog

from tunewright.core.arns import Account
from tunewright.core.errors import InvalidSpec
from tunewright.core.states import EndCause
from tunewright_trainer.core.attempt import End, Launch
from tunewright_trainer.core.lease import backoff_s
from tunewright_trainer.ends import read_end, write_end
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.runner.docker import containers
from tunewright_trainer.runner.docker.bringing import Bringing, StoppedBefore
from tunewright_trainer.runner.docker.engine import Away, Engine, Refused
from tunewright_trainer.runner.docker.following import AGAIN_MOST_S, AGAIN_S, Followed, Gone, follow, lasting
from tunewright_trainer.runner.docker.outcome import TAKEN_DOWN, State, end_of, first_failed, missing_program
from tunewright_trainer.runner.docker.settings import DockerSettings
from tunewright_trainer.runner.stops import Stop, note_stop, read_stop

PEER_GRACE_S: Final = 10.0
"""SIGTERM to SIGKILL for instances one of whose peers has failed."""
TERM_WITHIN_S: Final = 0.5
"""How long a stop waits for its SIGTERM to be out; it follows by itself where the engine is slower."""
REMOVE_WITHIN_S: Final = 60.0
FIRST_WORDS_BYTES: Final = 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Home:
    """What all runs of a runner share."""

    engine: Engine
    trainer_id: str
    settings: DockerSettings
    account: Account
    machine_began: float | None
    """Unix seconds; what ran before it and not to its end is lost."""


class Run:
    """Use it within one loop; `close` lets go of it. `make` says what is to be created, per instance."""

    def __init__(self, launch: Launch, folder: AttemptFolder, home: Home, make: Callable[[], list[Any]]) -> None:
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self.started_at: float | None = None
        self._launch, self._folder, self._engine = launch, folder, home.engine
        self._memory_bytes = containers.memory_limit(launch, home.settings)
        self._unsaid_bytes = 0 if launch.need.memory_bytes else self._memory_bytes
        self._names = containers.container_names(home.trainer_id, launch)
        self._network = containers.attempt_name(home.trainer_id, launch.attempt)
        self._spool_quota_bytes = home.settings.spool_quota_bytes
        self._bringing = Bringing(launch, folder, home.engine, home.settings, home.trainer_id, make)
        self._taken_down_at = [] if home.machine_began is None else [home.machine_began]
        self._tasks: set[asyncio.Task[None]] = set()
        self._killing: asyncio.Task[None] | None = None

    async def begin(self, *, found: bool) -> None:
        """Start it, or go on with what an earlier process has begun (`found`). Return once that is under way."""
        if (end := read_end(self._folder.root / "end.json")) is not None:
            self._tell(end)
            self._spawn(self._dispose())
            return
        if (stop := read_stop(self._folder)) is not None:
            self._bringing.stop_noted.set()
            self._kill_at(stop.deadline)
        self._spawn(self._attend(found=found))
        await self._bringing.under_way.wait()

    @property
    def waits_for(self) -> str:
        return "" if self.ended.done() else self._bringing.waits_for

    def refuse(self, why: str) -> None:
        self._unstarted(EndCause.START_FAILED, why)

    # -- From the making to the end

    async def _attend(self, *, found: bool) -> None:
        try:
            await self._run(found=found)
        except Exception as error:
            log.exception("a training can be followed no further", attempt=str(self._launch.attempt))
            self._bringing.under_way.set()
            await self._give_up(f"a fault of the trainer: {error!r}")
        finally:
            self._bringing.under_way.set()

    async def _give_up(self, why: str) -> None:
        """Conclude it after a fault of ours: as lost, but not before what may run is gone, however long that takes."""
        for failures in count(1):
            if self.ended.done():
                return
            try:
                await self._remove_containers()
                self._unstarted(EndCause.LOST, why)
                await self._dispose()
            except Exception as error:  # noqa: BLE001 - one of these has brought us here
                log.warning("not ended yet", attempt=str(self._launch.attempt), failures=failures, why=repr(error))
                await asyncio.sleep(backoff_s(failures, first_s=AGAIN_S, most_s=AGAIN_MOST_S))

    async def _run(self, *, found: bool) -> None:
        try:
            waiting = await self._bringing.make(found=found)
            async with self._following() as following:
                await self._bringing.start(waiting)
                await self._watch(following)
        except (Refused, InvalidSpec) as why:
            await self._take_down()
            self.refuse(str(why))
        except StoppedBefore:
            await self._take_down()
            self._unstarted(EndCause.STOPPED, "")
        except Gone as gone:
            await self._take_down()
            self._unstarted(EndCause.LOST, str(gone))
        await self._dispose()

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[list[asyncio.Task[State]]]:
        """Follow all containers, from before their start on: see following.HEAD_START_S."""
        following = [asyncio.create_task(self._follow(number)) for number in range(len(self._names))]
        try:
            yield following
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    async def _watch(self, following: Sequence[asyncio.Task[State]]) -> None:
        self._spawn(self._note_start())
        try:
            states = await asyncio.gather(*following)
        except (Gone, Refused) as why:
            await self._take_down()
            self._unstarted(EndCause.LOST, str(why))
        else:
            stop = read_stop(self._folder)
            if stop is None:
                await self._look_who_ended(states)
            end = end_of(states, stop, self._spool_bytes(), self._taken_down_at, self._unsaid_bytes)
            self._conclude(self._explained(end))

    def _explained(self, end: End) -> End:
        if end.cause is not EndCause.EXITED or end.failed is None:
            return end
        with self._folder.instance(end.failed).spool.open("rb") as spool:
            why = missing_program(end.exit_code, spool.read(FIRST_WORDS_BYTES))
        return replace(end, why=why) if why else end

    async def _follow(self, number: int) -> State:
        instance = self._folder.instance(number)
        through = instance.spool.with_name(instance.spool.name.replace("spool", "through"))
        name, bringing = self._names[number], self._bringing
        container = Followed(
            self._engine,
            name,
            self._memory_bytes,
            bringing.started,
            self._spool_quota_bytes,
            self._end_flood,
            was_away=bringing.found_away,
        )
        state = await follow(container, instance.spool, through)
        if state.exit_code != 0 and len(self._names) > 1:
            self._spawn(self._end_peers())
        return state

    async def _look_who_ended(self, states: Sequence[State]) -> None:
        """Note when the engine took a container down, or somebody else by it: that is no fault of the program's."""
        first = first_failed(states)
        if first is None or states[first].exit_code not in TAKEN_DOWN:
            return
        state = states[first]
        with suppress(Refused):
            try:
                taken = await self._engine.was_signalled(self._names[first], state.started_at)
            except Away:  # a second after an end that was not asked for
                taken = True
            if taken:
                self._taken_down_at.append(state.finished_at)

    async def _note_start(self) -> None:
        with suppress(Refused):
            states = await lasting(lambda: asyncio.gather(*[self._engine.state(name) for name in self._names]))
            began = [state.started_at for state in states if state is not None and state.started_at > 0]
            if self.started_at is None:
                self.started_at = min(began, default=None)

    def _unstarted(self, cause: EndCause, why: str) -> None:
        """Conclude it without an exit code; a stop's cause goes before LOST."""
        stop, now = read_stop(self._folder), time.time()
        if stop is not None and cause is not EndCause.START_FAILED:
            cause = stop.cause
        began = self.started_at if self.started_at is not None else now
        self._conclude(End(cause, None, began, now, self._spool_bytes(), why))

    def _conclude(self, end: End) -> None:
        """Write down how it ended, before anybody is told."""
        write_end(self._folder.root / "end.json", end)
        self._tell(end)

    def _tell(self, end: End) -> None:
        self.started_at = None if end.exit_code is None else end.started_at
        if not self.ended.done():
            self.ended.set_result(end)

    def _spool_bytes(self) -> tuple[int, ...]:
        return self._folder.spool_bytes(len(self._names))

    # -- Stops

    def _end_flood(self) -> None:
        """Kill it at once: what it prints from now on fills the engine's disk, and nobody reads it."""
        self._spawn(self.stop(EndCause.SPOOL_FULL, 0.0))

    async def stop(self, cause: EndCause, grace_s: float) -> None:
        if self.ended.done():
            return
        known, deadline = read_stop(self._folder), time.time() + grace_s
        if known is None or deadline < known.deadline:
            note_stop(self._folder, Stop(known.cause if known else cause, deadline))
            self._kill_at(deadline)
        self._bringing.stop_noted.set()
        if known is None and grace_s > 0:
            await asyncio.wait([self._spawn(self._terminate(self._names))], timeout=TERM_WITHIN_S)

    def _kill_at(self, deadline: float) -> None:
        """SIGTERM is not sent twice, also after a restart: to many programs that means "at once"."""
        if self._killing is not None:
            self._killing.cancel()
        self._killing = self._spawn(self._kill_later(deadline))

    async def _kill_later(self, deadline: float) -> None:
        await self._bringing.started.wait()
        await asyncio.sleep(deadline - time.time())
        await self._signal_all(self._names, "SIGKILL")

    async def _terminate(self, names: Sequence[str]) -> None:
        """Send SIGTERM to the programs, as soon as there are some."""
        await self._bringing.started.wait()
        await asyncio.gather(*[lasting(partial(self._engine.has_program, name)) for name in names])
        await self._signal_all(names, "SIGTERM")

    async def _signal_all(self, names: Sequence[str], signal: str) -> None:
        async def signal_all() -> None:
            await asyncio.gather(*[self._engine.signal(name, signal) for name in names])

        try:
            await lasting(signal_all)
        except Refused as why:
            log.warning("the engine does not signal", attempt=str(self._launch.attempt), signal=signal, why=str(why))

    async def _end_peers(self) -> None:
        await self._terminate(self._names)
        await asyncio.sleep(PEER_GRACE_S)
        await self._signal_all(self._names, "SIGKILL")

    # -- Removal

    async def _take_down(self) -> None:
        """End what may run of it, before its end is told. Nothing does before all were made."""
        try:
            if self._bringing.made:
                await lasting(self._remove_all)
        except Refused as why:
            self._not_removed(why)

    def _not_removed(self, why: Exception) -> None:
        log.warning("containers are left over, to be removed later", attempt=str(self._launch.attempt), why=str(why))

    async def _dispose(self) -> None:
        """Remove what the engine still has of it, now that its end is written. What is left is reaped later."""
        try:
            async with asyncio.timeout(REMOVE_WITHIN_S):
                await lasting(self._remove_all)
        except (Refused, TimeoutError) as why:
            self._not_removed(why)

    async def _remove_containers(self) -> None:
        """End them, whatever is known of them: by their names."""
        await asyncio.gather(*[self._engine.remove(name) for name in self._names])

    async def _remove_all(self) -> None:
        await self._remove_containers()
        await asyncio.gather(*[self._engine.remove_volume(name) for name in self._names])
        if len(self._names) > 1:
            await self._engine.remove_network(self._network)

    async def remove(self) -> None:
        """Let go of it, and remove what the engine still has."""
        await self.close()
        try:
            async with asyncio.timeout(REMOVE_WITHIN_S):
                await self._remove_all()
        except (Away, Refused, TimeoutError) as why:
            self._not_removed(why)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, part: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(part)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
