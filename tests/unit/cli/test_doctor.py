"""What `tunewright doctor` says where a server answers, where it lacks its store, and where there is none."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest

from tests.callers import gate
from tunewright.cli import doctor
from tunewright.cli.forms import Form
from tunewright.client.operations import AsyncOperations, Operations
from tunewright.core.errors import Unavailable
from tunewright.platform.rpc.server import RpcServer
from tunewright.v1 import operations_service_pb2 as pb
from tunewright.v1 import operations_service_pb2_grpc
from tunewright.v1.tuning_service_pb2 import Finding

TOKEN = "right"


class Server(operations_service_pb2_grpc.OperationsServiceServicer):
    def __init__(self, findings=(), error=None):
        self.findings, self.error = findings, error

    async def Diagnose(self, _request, _context):  # noqa: N802
        if self.error is not None:
            raise self.error
        return pb.DiagnoseResponse(findings=self.findings)


@pytest.fixture
async def examined(monkeypatch, capsys):
    """Return what a doctor says of a server, and its exit code."""

    async def examine(servicer: Server, *, form: Form = Form.TABLE) -> tuple[int, str]:
        server = RpcServer("127.0.0.1", 0, gate({TOKEN: "me"}))
        register = partial(operations_service_pb2_grpc.add_OperationsServiceServicer_to_server, servicer)
        await server.start({"tunewright.v1.OperationsService": register})
        monkeypatch.setenv("TUNEWRIGHT_ENDPOINT", f"127.0.0.1:{server.port}")
        monkeypatch.setenv("TUNEWRIGHT_TOKEN", TOKEN)
        try:
            code = await asyncio.to_thread(doctor.doctor, "", None, form=form)
        finally:
            await server.stop(0)
        return code, capsys.readouterr().out

    return examine


async def test_where_nothing_waits_it_says_so(examined):
    assert await examined(Server()) == (0, "Nothing waits for anything unusual.\n")


async def test_a_fault_is_told_with_its_remedy_and_an_exit_code(examined):
    finding = Finding(cause="NO_TRAINER", text="pool 'a' has\nno trainer", remedy="Start one")
    assert await examined(Server([finding])) == (1, "NO_TRAINER\tpool 'a' has no trainer\tStart one\n")


async def test_what_was_asked_for_is_told_without_one(examined):
    code, said = await examined(Server([Finding(cause="JOB_PAUSED", text="paused", remedy="resume")]), form=Form.JSON)
    assert (code, [item["cause"] for item in json.loads(said)]) == (0, ["JOB_PAUSED"])


async def test_a_cause_that_only_a_newer_server_knows_is_a_fault(examined):
    assert (await examined(Server([Finding(cause="NEW", text="new", remedy="look")])))[0] == 1


async def test_a_scheduler_without_its_store_is_told_from_one_that_is_away(examined):
    code, said = await examined(Server(error=Unavailable("MongoDB", "no primary")))
    assert code == 1
    assert said.startswith("STORE_UNREACHABLE\t")
    assert "no primary" in said


def test_a_scheduler_that_is_away_is_named_with_its_address(monkeypatch, capsys):
    monkeypatch.setenv("TUNEWRIGHT_ENDPOINT", "127.0.0.1:1")
    monkeypatch.setenv("TUNEWRIGHT_TOKEN", TOKEN)
    assert doctor.doctor("", None, form=Form.TABLE) == 1
    assert capsys.readouterr().out.startswith("SCHEDULER_UNREACHABLE\tNothing answers at 127.0.0.1:1")


def test_without_any_server_it_says_how_to_start_one(tmp_path, capsys):
    assert doctor.doctor("", tmp_path / "none", form=Form.TABLE) == 1
    said = capsys.readouterr().out
    assert said.startswith("NO_SERVER\t")
    assert "tunewright local" in said


def test_both_clients_offer_the_same_to_operators():
    verbs = {name for name in vars(AsyncOperations) if not name.startswith("_")}
    assert verbs == {name for name in vars(Operations) if not name.startswith("_")}
    assert {"diagnose", "cordon", "release", "settle", "unpark", "pause_starts", "set_quota"} <= verbs
