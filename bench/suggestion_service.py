"""What the suggestion service adds to the core that it serves: transport, queueing, memory.

    python -m bench.suggestion_service          (make bench-suggestion-service)

Client and server share this process and its event loop, as in `tunewright local`; fitting processes are real. Transport
is timed with fitting processes whose core only draws, so that no fit's own scatter hides it; the floor is the same core
called in this process. Queueing is timed with the real one; the floor is that core's time, shared out over the cores.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psutil

from bench.rows import Row, report
from tunewright.core.access import INSTALLATION
from tunewright.core.space import Float
from tunewright.core.spec import Parameter, Strategy
from tunewright.platform.codec import to_message
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.gate import Gate
from tunewright.platform.rpc.server import RpcServer
from tunewright.v1 import spec_pb2
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright.v1 import suggestion_service_pb2_grpc as pb_grpc
from tunewright_suggester.core.drawing import draw_random
from tunewright_suggester.core.suggest import suggest
from tunewright_suggester.pool import PROGRAM
from tunewright_suggester.servicer import SuggestionServicer
from tunewright_suggester.wire import read_ask

SERVICE: Final = "tunewright.v1.SuggestionService"
DRAWS: Final = """
from tunewright_suggester import fitting
from tunewright_suggester.core.drawing import draw_random
fitting.suggest = draw_random
fitting.main()
"""
"""A fitting process whose core looks at no observation."""

JOBS, WORKERS = 50, 2
IMPORT: Final = "from tunewright_suggester import Optimizer"

Stub = pb_grpc.SuggestionServiceStub


def main() -> None:
    rows = [*asyncio.run(transport()), *asyncio.run(crowd()), *asyncio.run(large()), library()]
    report(rows)


async def transport() -> list[Row]:
    small, large, known = request_of("small", 0, 200, 10), request_of("large", 0, 10_000, 30), 10_000
    async with service(1, ("-c", DRAWS)) as stub:
        small_ms = await median_ms(lambda: stub.Suggest(small), 200)
        whole_ms = await median_ms(lambda: stub.Suggest(large), 10)
        digest = (await stub.Suggest(large)).digest
        tails = []
        for rows in range(known, known + 60):
            tail = request_of("large", rows, rows + 1, 30, prefix_digest=digest, prefix_length=rows)
            began = time.perf_counter()
            response = await stub.Suggest(tail)
            tails.append(1000 * (time.perf_counter() - began))
            assert not response.unknown_prefix
            digest = response.digest
    drawn = [read_ask(small), read_ask(tail)]
    floor_ms, floor_tail_ms = (statistics.median(timed_ms(lambda ask=ask: draw_random(ask), 50)) for ask in drawn)
    added_ms, tail_ms = small_ms - floor_ms, statistics.median(tails) - floor_tail_ms
    beside = f"floor: the same draw in-process {floor_ms:.2f} ms"
    whole = f"sent whole: {whole_ms:.0f} ms"
    return [
        Row("Suggest over gRPC adds, 200 × 10", added_ms, "ms", beside, small_ms / floor_ms, "≤ 2 ms", added_ms <= 2),
        Row("a tail of 1 onto 10,000 × 30", tail_ms, "ms", whole, tail_ms / whole_ms, "≤ 5 ms", tail_ms <= 5),
    ]


async def crowd() -> list[Row]:
    """50 jobs with 100 observations each ask at once, while draws go on."""
    requests = [request_of(f"job{number}", 0, 100, 10) for number in range(JOBS)]
    core_s = statistics.median(timed_ms(lambda: suggest(read_ask(requests[0])), 7)) / 1000
    async with service(WORKERS, PROGRAM) as stub:
        await asyncio.gather(*(stub.Suggest(request_of("warm", 0, 10, 10)) for _ in range(WORKERS)))
        alone_ms = await median_ms(lambda: stub.Suggest(draw_of(0)), 100)
        draws: list[float] = []
        drawing = asyncio.create_task(draw_on(stub, draws))
        taken = await asyncio.gather(*(seconds(stub.Suggest(request)) for request in requests))
        drawing.cancel()
    last_s, floor_s, draw_ms = max(taken), JOBS * core_s / WORKERS, statistics.median(draws)
    beside = f"floor: the core's {1000 * core_s:.0f} ms × {JOBS} / {WORKERS} = {floor_s:.2f} s"
    first = f"with no fit under way: {alone_ms:.2f} ms; p99 {statistics.quantiles(draws, n=100)[-1]:.1f} ms"
    return [
        Row("50 jobs at once, 100 × 10, p99", last_s, "s", beside, last_s / floor_s, "≤ 2 s", last_s <= 2),
        Row("Random while they fit, median", draw_ms, "ms", first, draw_ms / alone_ms, "≤ 5 ms", draw_ms <= 5),
    ]


async def large() -> list[Row]:
    """What the largest histories cost a fitting process."""
    async with service(1, PROGRAM) as stub:
        await stub.Suggest(request_of("large", 0, 10_000, 30))
        ordinary_mib = peak_mib()
        huge = request_of("huge", 0, 100_000, 10)
        took_s = await seconds(asyncio.gather(stub.Suggest(huge), return_exceptions=True))
        huge_mib = peak_mib()
    beside = f"memory: {huge_mib:.0f} MiB"
    held = "≤ 300 MiB"
    return [
        Row("memory of a fitting process, 10,000 × 30", ordinary_mib, "MiB", "", None, held, ordinary_mib <= 300),
        Row("100,000 × 10, asked cold and refused", took_s, "s", beside, None, "seconds", took_s <= 10),
    ]


def library() -> Row:
    bare_s, ours_s = (
        statistics.median(timed_ms(lambda text=text: subprocess.run([sys.executable, "-c", text], check=True), 7))
        / 1000
        for text in ("pass", IMPORT)
    )
    beside = f"floor: python -c pass {bare_s:.2f} s"
    return Row(IMPORT, ours_s, "s", beside, ours_s / bare_s, "≤ 0.4 s", ours_s <= 0.4)


@asynccontextmanager
async def service(workers: int, program: tuple[str, ...]) -> AsyncIterator[Stub]:
    server, servicer = RpcServer("127.0.0.1", 0, Gate(lambda _: INSTALLATION)), SuggestionServicer(workers, program)
    await server.start({SERVICE: lambda target: pb_grpc.add_SuggestionServiceServicer_to_server(servicer, target)})
    try:
        async with open_channel(f"127.0.0.1:{server.port}", "t") as channel:
            yield Stub(channel)
    finally:
        await server.stop()
        await servicer.close()


def request_of(uid: str, low: int, high: int, dimensions: int, **fields: object) -> pb.SuggestRequest:
    """Return a Bayesian ask with observations low … high − 1 of a bowl over the unit cube."""
    draw = random.Random(f"{uid}/{low}")
    points = [[draw.random() for _ in range(dimensions)] for _ in range(low, high)]
    names = [f"x{place}" for place in range(dimensions)]
    count = len(points)
    observations = pb.Observations(
        columns=[
            pb.Column(name=name, floats=column)
            for name, column in zip(names, zip(*points, strict=True), strict=bool(points))
        ],
        outcomes=[pb.OUTCOME_COMPLETED] * count,
        values=[sum((x - 0.3) ** 2 for x in point) for point in points],
        steps=[1] * count,
        numbers=range(low + 1, high + 1),
    )
    parameters = [to_message(Parameter(name, Float(0.0, 1.0)), spec_pb2.Parameter) for name in names]
    return pb.SuggestRequest(
        uid=uid,
        strategy=fields.pop("strategy", spec_pb2.STRATEGY_BAYESIAN),
        direction=spec_pb2.DIRECTION_MINIMIZE,
        count=1,
        ask_number=high,
        started=high,
        budget=100,
        definitions=[pb.DefinitionRequest(parameters=parameters, observations=observations)],
        **fields,
    )


def draw_of(started: int) -> pb.SuggestRequest:
    return request_of("draws", started, started, 10, strategy=f"STRATEGY_{Strategy.RANDOM.name}")


async def draw_on(stub: Stub, taken_ms: list[float]) -> None:
    for started in range(sys.maxsize):
        taken_ms.append(1000 * await seconds(stub.Suggest(draw_of(started))))
        await asyncio.sleep(0.01)


async def median_ms(call: Callable[[], Awaitable[object]], times: int) -> float:
    await call()
    return 1000 * statistics.median([await seconds(call()) for _ in range(times)])


async def seconds(call: Awaitable[object]) -> float:
    began = time.perf_counter()
    await call
    return time.perf_counter() - began


def timed_ms(call: Callable[[], object], times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def peak_mib() -> float:
    """Return the largest resident memory of the one fitting process so far, in MiB (Linux)."""
    (process,) = psutil.Process().children()
    status = Path(f"/proc/{process.pid}/status").read_text()
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
