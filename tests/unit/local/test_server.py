"""What the embedded server says of itself."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tunewright.core.errors import InvalidSpec
from tunewright.core.spec import Definition
from tunewright.local.images import require_engine
from tunewright.local.server import local_server
from tunewright.local.training import runner_settings
from tunewright.platform import lifecycle
from tunewright.platform.local_options import LocalOptions


def asked(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - http://
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


async def ready(options: LocalOptions) -> tuple[int, dict[str, Any]]:
    stop = asyncio.Event()
    async with local_server(options) as running:
        working = asyncio.create_task(lifecycle.run_together(list(running.parts), stop))
        try:
            return await asyncio.to_thread(asked, f"http://{running.http}/readyz")
        finally:
            stop.set()
            await working


async def test_it_is_not_ready_while_the_engine_does_not_answer(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    options = LocalOptions(tmp_path / "data", runner="docker", slots=1)
    assert await ready(options) == (503, {"ready": False, "failing": ["runner"]})


async def test_an_engine_that_is_named_to_it_is_the_one_it_asks(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///another.sock")
    monkeypatch.setenv("TUNEWRIGHT_DOCKER_HOST", f"unix://{tmp_path}/named.sock")
    with pytest.raises(InvalidSpec, match=f"engine at unix://{tmp_path}/named.sock"):
        await require_engine("here", Definition("team/image:1"), runner_settings(LocalOptions(tmp_path)).docker_host)


async def test_it_is_ready_without_one_where_nothing_needs_one(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert await ready(LocalOptions(tmp_path / "data", slots=1)) == (200, {"ready": True, "failing": []})
