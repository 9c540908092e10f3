from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.unit.gateway.web.upstream import Upstream, serving_upstream
from tunewright.platform.http import LOOPBACK_NAMES
from tunewright.platform.rpc.client import open_channel
from tunewright_gateway.web.bridge import Bridge
from tunewright_gateway.web.methods import methods


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with serving_upstream() as upstream:
        yield upstream


@pytest_asyncio.fixture
async def bridge(upstream: Upstream) -> AsyncIterator[Bridge]:
    async with open_channel(upstream.endpoint, None) as channel:
        yield Bridge(methods(channel, None), LOOPBACK_NAMES)
