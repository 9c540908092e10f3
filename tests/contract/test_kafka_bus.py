from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from tests.contract.bus_contract import OTHER, TOPIC, BusContract
from tests.servers.kafka import kafka
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.topics import topics

TWO = [topics()[TOPIC], topics()[OTHER]]


def new_prefix() -> str:
    """Keep a test apart from all others on the same broker."""
    return f"{uuid.uuid4().hex[:8]}."


class TestKafkaBus(BusContract):
    @pytest.fixture
    async def bus(self) -> AsyncIterator[KafkaBus]:
        bus = KafkaBus(kafka().bootstrap, TWO, prefix=new_prefix())
        try:
            await bus.open()
            yield bus
        finally:
            await bus.close()
