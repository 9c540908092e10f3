"""The service through a real channel and real processes: the core's answers, and what happens when things go wrong."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import psutil
import pytest
from structlog.testing import capture_logs

from tests.callers import gate
from tests.unit.suggester.histories import CATEGORICAL, MIXED, mixed_ask
from tests.unit.suggester.requests import observations_of, pending_of, request_of
from tunewright.core.draws import random_configuration
from tunewright.core.errors import Fault, InvalidSpec, Unavailable
from tunewright.platform.codec import value_from_message
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import RpcServer
from tunewright.v1 import spec_pb2
from tunewright.v1 import suggestion_service_pb2 as pb
from tunewright.v1 import suggestion_service_pb2_grpc as pb_grpc
from tunewright_suggester.core.suggest import explain, suggest
from tunewright_suggester.frames import Kind
from tunewright_suggester.main import suggester
from tunewright_suggester.pool import FitPool
from tunewright_suggester.wire import read_ask

SERVICE = "tunewright.v1.SuggestionService"


@asynccontextmanager
async def stub():
    server = RpcServer("127.0.0.1", 0, gate({"t": "owner"}))
    async with suggester(workers=1) as servicer:
        await server.start({SERVICE: lambda target: pb_grpc.add_SuggestionServiceServicer_to_server(servicer, target)})
        async with open_channel(f"127.0.0.1:{server.port}", "t") as channel:
            yield pb_grpc.SuggestionServiceStub(channel)
        await server.stop()


def configuration_of(suggestion) -> dict:
    return {name: value_from_message(value) for name, value in suggestion.configuration.items()}


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # ended meanwhile: another test's child
        return ""


def fitting_processes() -> set[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return {child for child in children if "tunewright_suggester.fitting" in command_of(child)}


async def refusal_of(call):
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return error_of(failed.value)


async def test_a_modelled_ask_is_answered_over_the_wire_as_in_the_core():
    pending = random_configuration(MIXED, 5, 5)
    request = request_of(rows=12, budget=10)
    request.definitions[0].pending.append(pending_of(13, pending))
    expected = suggest(mixed_ask(12, pending=(pending,), budget=10))
    async with stub() as service:
        response = await service.Suggest(request)
        explained = await service.Explain(pb.ExplainRequest(ask=request, index=0))
        alone = explain(mixed_ask(12, pending=(pending,), budget=10), 0)
    assert configuration_of(response.suggestions[0]) == expected.suggestions[0].configuration
    assert response.suggestions[0].provenance.mean == expected.suggestions[0].provenance.mean
    assert response.outlook.probability == expected.outlook.probability
    assert explained.suggestion == response.suggestions[0]
    assert explained.lengthscales == alone.lengthscales
    assert [one.number for one in explained.neighbours] == [one.number for one in alone.neighbours]


async def test_a_prefix_and_its_tails_are_answered_as_the_whole():
    async with stub() as service:
        digest = (await service.Suggest(request_of(rows=8))).digest
        for low, high in ((8, 9), (9, 12)):
            tail = request_of(rows=high, prefix_digest=digest, prefix_length=low)
            tail.definitions[0].observations.CopyFrom(observations_of(MIXED, range(low, high)))
            continued = await service.Suggest(tail)
            assert continued.digest not in (b"", digest)
            digest = continued.digest
        whole = await service.Suggest(request_of(rows=12))
    assert continued == whole


async def test_an_unknown_prefix_asks_for_everything():
    async with stub() as service:
        response = await service.Suggest(request_of(rows=2, prefix_digest=b"0123456789abcdef", prefix_length=7))
    assert response.unknown_prefix
    assert not response.suggestions


def test_the_serving_process_loads_no_numpy():
    program = "import sys, tunewright_suggester.serve; print({'numpy', 'scipy'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert loaded.stdout == "set()\n"


async def test_hyperband_draws_at_once_until_there_is_something_to_learn_from():
    before = fitting_processes()
    config = spec_pb2.HyperbandConfig(max_resource=9)
    async with stub() as service:
        drawn = await service.Suggest(request_of("HYPERBAND", hyperband=config))
        none_yet = fitting_processes() - before
        learnt = await service.Suggest(request_of("HYPERBAND", rows=4, hyperband=config))
        some_now = fitting_processes() - before
    assert not drawn.digest
    assert not none_yet
    assert learnt.digest
    assert len(some_now) == 1


def test_the_order_in_which_pending_trainings_are_listed_changes_nothing():
    messages = [pending_of(number, random_configuration(MIXED, 5, number)) for number in (13, 14, 15)]
    asks = []
    for listed in (messages, messages[::-1]):
        request = request_of(rows=12)
        request.definitions[0].pending.extend(listed)
        asks.append(read_ask(request))
    assert asks[0] == asks[1]


async def test_random_and_grid_are_answered_without_a_process():
    before = fitting_processes()  # of servers that other tests share
    async with stub() as service:
        drawn = await service.Suggest(request_of("RANDOM", started=4))
        gridded = await service.Suggest(request_of("GRID", CATEGORICAL, count=9))
        after = fitting_processes()
    assert configuration_of(drawn.suggestions[0]) == random_configuration(MIXED, 3, 4)
    assert len(gridded.suggestions) == 6
    assert gridded.exhausted
    assert not after - before


async def test_hyperband_is_answered_over_the_wire_as_in_the_core():
    """Nothing observed: a draw. Else a process answers, as Hyperband may fit a model."""
    settings = spec_pb2.HyperbandConfig(max_resource=27)
    async with stub() as service:
        for rows in (0, 12):
            request = request_of("HYPERBAND", rows=rows, hyperband=settings, count=2)
            response = await service.Suggest(request)
            expected = suggest(read_ask(request)).suggestions
            assert [configuration_of(one) for one in response.suggestions] == [one.configuration for one in expected]
            assert [tuple(one.rungs) for one in response.suggestions] == [one.rungs for one in expected]
            assert bool(response.digest) == bool(rows)


async def test_bad_requests_are_refused_with_their_field():
    missing = request_of(rows=4)
    del missing.definitions[0].observations.columns[0]
    uneven = request_of(rows=4)
    uneven.definitions[0].observations.values.append(1.0)
    outside = request_of(rows=4)
    outside.definitions[0].pending.append(pending_of(5, {**random_configuration(MIXED, 5, 5), "units": 10**6}))
    hyperband = request_of("HYPERBAND")
    negative = request_of(budget=-1)
    async with stub() as service:
        fields = []
        for request in (pb.SuggestRequest(), missing, uneven, outside, hyperband, negative):
            error = await refusal_of(service.Suggest(request))
            assert isinstance(error, InvalidSpec)
            fields.append(error.field)
    assert fields == [
        "strategy",
        "definitions[0].observations.columns",
        "definitions[0].observations.values",
        "definitions[0].pending.units",
        "hyperband.max_resource",
        "budget",
    ]


DIES_ONCE = """
import os, pathlib, signal, sys
from tunewright_suggester.fitting import main
mark = pathlib.Path(sys.argv[1])
if not mark.exists():
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
main()
"""


async def test_a_process_that_dies_is_replaced_and_the_ask_answered(tmp_path):
    pool = FitPool(1, ("-c", DIES_ONCE, str(tmp_path / "died")))
    try:
        answer, _ = await pool.run(Kind.SUGGEST, request_of(rows=1).SerializeToString())
    finally:
        await pool.close()
    assert (tmp_path / "died").exists()
    assert len(pb.SuggestResponse.FromString(answer).suggestions) == 1


async def test_an_ask_that_ends_every_process_is_given_up():
    pool = FitPool(1, ("-c", "import sys; sys.stdin.read(1)"))
    try:
        with pytest.raises(Unavailable):
            await pool.run(Kind.SUGGEST, b"xx")
    finally:
        await pool.close()


async def test_an_abandoned_ask_leaves_no_answer_behind_for_the_next():
    pool = FitPool(1)
    try:
        await pool.run(Kind.SUGGEST, request_of(rows=1).SerializeToString())
        abandoned = asyncio.create_task(pool.run(Kind.SUGGEST, request_of(rows=300).SerializeToString()))
        await asyncio.sleep(0)
        abandoned.cancel()
        with pytest.raises(asyncio.CancelledError):
            await abandoned
        answer, _ = await pool.run(Kind.SUGGEST, request_of(rows=2).SerializeToString())
    finally:
        await pool.close()
    expected = suggest(read_ask(request_of(rows=2))).suggestions[0].configuration
    assert configuration_of(pb.SuggestResponse.FromString(answer).suggestions[0]) == expected


async def test_a_fault_of_the_core_is_logged_with_its_traceback_and_told_without():
    pool = FitPool(1)
    try:
        with capture_logs() as logged, pytest.raises(Fault) as told:
            await pool.run(Kind.SUGGEST, b"not a message")
    finally:
        await pool.close()
    assert "DecodeError" in logged[0]["traceback"]
    assert logged[0]["fault_id"] in str(told.value)
    assert "Traceback" not in str(told.value)
    assert "DecodeError" not in str(told.value)


PARENT = """
import asyncio, sys
import psutil
from tests.unit.suggester.requests import request_of
from tunewright_suggester.frames import Kind
from tunewright_suggester.pool import FitPool

async def main():
    pool = FitPool(1)
    await pool.run(Kind.SUGGEST, request_of(rows=1).SerializeToString())
    print(psutil.Process().children()[0].pid, flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


def test_workers_end_with_a_killed_parent(tmp_path):
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    worker.wait(timeout=20)
    assert not worker.is_running()
