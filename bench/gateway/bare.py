"""The floor: uvicorn and starlette as the door has them, answering a constant. Run as a process of its own.

python -m bench.gateway.bare FILE      answers every POST with the file; prints the port, ends with its stdin
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.gateway.cores import on_servers_core
from bench.gateway.standing import Door
from tunewright.platform.http import serving

HOST: Final = "127.0.0.1"
MEDIA_TYPE: Final = "application/x-amz-json-1.1"


@contextmanager
def bare(folder: Path, answer: bytes, instead_of: Door) -> Iterator[Door]:
    """Serve while the block runs; yields where, for the clients of a door."""
    file = folder / "answer"
    file.write_bytes(answer)
    command = [sys.executable, "-m", "bench.gateway.bare", str(file)]
    with (
        on_servers_core(),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        yield instead_of.at(f"http://{HOST}:{int(process.stdout.readline())}", process.pid)
        process.communicate()


async def serve(answer: bytes) -> None:
    async def constant(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type=MEDIA_TYPE)

    async with serving(Starlette(routes=[Route("/", constant, methods=["POST"])]), HOST, 0) as port:
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]).read_bytes()))
