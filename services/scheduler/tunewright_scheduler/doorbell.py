"""Carries bells between schedulers: what is rung here wakes who waits at the others, and the other way round.

Nothing waits for it, and nothing depends on it. What has been rung since the last publication goes out as one record;
if the bus is away, it is dropped. Whoever waits looks again by himself after a while. Each scheduler says now and then
that it is there; one that hears of no other tells its bells to nobody, so that a single one pays nothing for this.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Final

import structlog

from tunewright.core.errors import Unavailable
from tunewright.events.v1 import requests_pb2
from tunewright.platform.bus.messages import Unreadable, read, to_record
from tunewright.platform.bus.port import Bus, Delivered
from tunewright_scheduler.bells import Bells
from tunewright_scheduler.records import SOURCE

TOPIC: Final = "training.requests"
GATHER_S: Final = 0.02
"""A burst goes out together, and after what it was rung for has been answered here."""
AGAIN_S: Final = 1.0
HERE_EVERY_S: Final = 5.0
GONE_AFTER_S: Final = 3 * HERE_EVERY_S

log = structlog.get_logger()


class Doorbell:
    def __init__(self, bells: Bells, bus: Bus) -> None:
        self._bells, self._bus = bells, bus
        self._source = f"{SOURCE}/{uuid.uuid4().hex}"
        self._rung: set[str] = set()
        self._any = asyncio.Event()
        self._heard_at = float("-inf")
        """When another scheduler was heard last, by the loop's clock."""

    async def run(self) -> None:
        """Carry bells until cancelled."""
        self._bells.on_ring = self._note
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._be_known())
                group.create_task(self._tell())
                group.create_task(self._hear())
        finally:
            self._bells.on_ring = lambda _name: None

    def _note(self, bell: str) -> None:
        if asyncio.get_running_loop().time() < self._heard_at + GONE_AFTER_S:
            self._rung.add(bell)
            self._any.set()

    async def _be_known(self) -> None:
        while True:
            await self._publish(())
            await asyncio.sleep(HERE_EVERY_S)

    async def _tell(self) -> None:
        while True:
            await self._any.wait()
            await asyncio.sleep(GATHER_S)
            bells = sorted(self._rung)
            self._rung.clear()
            self._any.clear()
            await self._publish(bells)

    async def _publish(self, bells: Sequence[str]) -> None:
        message = requests_pb2.Doorbell(bells=bells)
        try:
            await self._bus.publish([to_record(TOPIC, self._source, message, source=self._source)])
        except Unavailable as error:
            log.info("bells not told", error=str(error))

    async def _hear(self) -> None:
        while True:
            try:
                async with self._bus.listen([TOPIC]) as listening:
                    while True:
                        for delivered in await listening.batch():
                            self._ring(delivered)
            except Unavailable as error:
                log.info("bells not heard", error=str(error))
                await asyncio.sleep(AGAIN_S)

    def _ring(self, delivered: Delivered) -> None:
        """Ring here what another scheduler has rung there."""
        if delivered.record.headers.get("ce_source") == self._source.encode():
            return
        try:
            message = read(delivered.record)
        except Unreadable as why:
            log.info("doorbell not readable", why=str(why))
            return
        self._heard_at = asyncio.get_running_loop().time()
        for bell in message.bells:  # type: ignore[attr-defined]  # the topic carries nothing else
            self._bells.ring_here(bell)
