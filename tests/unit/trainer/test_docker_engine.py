"""What is asked of a container engine that behaves as none should, over its own socket."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tunewright_trainer.runner.docker.engine import Engine, Refused

PROGRESS = b'{"status":"Downloading","id":"0a1b"}\n'


@pytest.fixture
async def serve(tmp_path):
    """Serve an engine whose pulls send what is given, pauses in seconds between it; return a client of it."""
    runners, engines = [], []

    async def start(*sent: bytes | float) -> Engine:
        async def answer(request: web.Request) -> web.StreamResponse:
            if not request.path.endswith("/images/create"):
                return web.json_response({"ApiVersion": "1.43"})
            response = web.StreamResponse()
            await response.prepare(request)
            for part in sent:
                await (asyncio.sleep(part) if isinstance(part, float) else response.write(part))
            return response

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runners.append(web.AppRunner(app, shutdown_timeout=0.1))
        await runners[-1].setup()
        await web.UnixSite(runners[-1], str(tmp_path / "engine.sock")).start()
        engines.append(Engine(f"unix://{tmp_path}/engine.sock"))
        return engines[-1]

    yield start
    for engine in engines:
        await engine.close()
    for runner in runners:
        await runner.cleanup()


async def test_a_pull_of_which_nothing_is_heard_any_more_is_given_up(serve):
    engine = await serve(PROGRESS, 600.0)
    with pytest.raises(Refused, match=r"nothing was heard of it for 0\.2 s"):
        await asyncio.wait_for(engine.pull("team/large:1", silent_s=0.2), 10)


async def test_a_pull_may_take_longer_than_that_in_all(serve):
    engine = await serve(*[PROGRESS, 0.1] * 10, PROGRESS)
    await engine.pull("team/large:1", silent_s=0.7)


async def test_an_error_in_mid_pull_is_told(serve):
    engine = await serve(PROGRESS, b'{"errorDetail":{"message":"denied"},"error":"denied"}\n')
    with pytest.raises(Refused, match="denied"):
        await engine.pull("team/large:1", silent_s=5.0)
