"""TLS between services, with and without certificates of the callers, and what is said when two do not meet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
import structlog

from tests.callers import gate
from tests.unit.platform.certificates import another, authority_of, caller_in, certificate_in, server_in, stranger
from tests.unit.platform.greeter import SERVICE, Greeter, echo
from tunewright.client import Address, AsyncClient
from tunewright.client.address import find
from tunewright.core.errors import InvalidSpec, Unavailable
from tunewright.platform.certificates import CLIENT, SERVER, make
from tunewright.platform.rpc.client import open_channel
from tunewright.platform.rpc.rebuilt import error_of
from tunewright.platform.rpc.server import RpcServer
from tunewright.platform.rpc.tls import CallerTls, Tls
from tunewright.v1 import tuning_service_pb2 as pb
from tunewright.v1 import tuning_service_pb2_grpc as pb_grpc

HERE = ("localhost", "127.0.0.1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certificate_in(tmp_path)
    return tmp_path


@asynccontextmanager
async def serving(tls: Tls | None) -> AsyncIterator[str]:
    server = RpcServer("127.0.0.1", 0, gate({"right": "somebody"}), tls)
    await server.start({SERVICE: lambda target: pb_grpc.add_TuningServiceServicer_to_server(Greeter(echo), target)})
    yield f"127.0.0.1:{server.port}"
    await server.stop()


async def ask(endpoint: str, tls: CallerTls | None) -> str:
    """Return what the server answers. Raises what a caller of ours makes of the failure."""
    async with open_channel(endpoint, "right", tls) as channel:
        stub = pb_grpc.TuningServiceStub(channel)
        try:
            return (await stub.GetTuningJob(pb.GetTuningJobRequest(job="a"), timeout=30)).job.reason
        except grpc.aio.AioRpcError as failed:
            raise error_of(failed) from failed


async def refusal(endpoint: str, tls: CallerTls | None) -> str:
    with pytest.raises(Unavailable) as refused:
        await ask(endpoint, tls)
    return str(refused.value)


async def test_a_server_that_demands_certificates_serves_who_shows_one_and_nobody_else(folder: Path):
    async with serving(server_in(folder, mutual=True)) as endpoint:
        assert await ask(endpoint, caller_in(folder, shows=True)) == "a"
        said = await refusal(endpoint, caller_in(folder))
        assert "TUNEWRIGHT_TLS_CLIENT_CERTIFICATE" in said
        assert await ask(endpoint, caller_in(folder, shows=True)) == "a"


@pytest.mark.parametrize("which", ["foreign", "expired", "a server's"])
async def test_a_certificate_that_is_not_the_authoritys_or_not_for_callers_opens_nothing(folder: Path, which: str):
    match which:
        case "foreign":
            another(folder, CLIENT, stranger())
        case "expired":
            another(folder, CLIENT, authority_of(folder), days=-1)
        case _:
            make(authority_of(folder), SERVER, HERE, 2, datetime.now(UTC)).write(folder, CLIENT)
    async with serving(server_in(folder, mutual=True)) as endpoint:
        assert "TUNEWRIGHT_TLS_CLIENT_CERTIFICATE" in await refusal(endpoint, caller_in(folder, shows=True))


async def test_a_server_of_another_authority_is_told_nothing_and_the_variable_is_named(folder: Path):
    another(folder, SERVER, stranger(), HERE)
    async with serving(server_in(folder)) as endpoint:
        said = await refusal(endpoint, caller_in(folder))
    assert "not signed by the authority in TUNEWRIGHT_TLS_CA" in said
    assert "ipv4:" not in said, "gRPC's own words are not for people"


async def test_an_expired_certificate_is_called_so(folder: Path):
    another(folder, SERVER, authority_of(folder), HERE, days=-1)
    async with serving(server_in(folder)) as endpoint:
        assert "has expired. Renew it: `tunewright admin certs`" in await refusal(endpoint, caller_in(folder))


async def test_a_certificate_of_the_future_asks_for_a_look_at_the_clocks(folder: Path):
    make(authority_of(folder), SERVER, HERE, 2, datetime.now(UTC) + timedelta(days=1)).write(folder, SERVER)
    async with serving(server_in(folder)) as endpoint:
        assert "clocks" in await refusal(endpoint, caller_in(folder))


async def test_a_certificate_without_the_hosts_name_is_called_so(folder: Path):
    another(folder, SERVER, authority_of(folder), ("scheduler.example",))
    async with serving(server_in(folder)) as endpoint:
        assert "does not name the host" in await refusal(endpoint, caller_in(folder))


async def test_plaintext_and_tls_name_each_other(folder: Path):
    async with serving(None) as endpoint:
        assert "speaks plaintext" in await refusal(endpoint, caller_in(folder))
    async with serving(server_in(folder)) as endpoint:
        assert "TUNEWRIGHT_TLS_CA" in await refusal(endpoint, None)


async def test_the_sdk_says_it_too(folder: Path):
    another(folder, SERVER, stranger(), HERE)
    ca = caller_in(folder, shows=True)
    async with (
        serving(server_in(folder)) as endpoint,
        AsyncClient(Address(endpoint, "right", ca=ca.ca, certificate=ca.certificate, key=ca.key)) as client,
    ):
        with pytest.raises(Unavailable, match="not signed by the authority in TUNEWRIGHT_TLS_CA"):
            await client.describe("a")


async def test_renewed_files_hold_for_the_next_connection(folder: Path):
    async with serving(server_in(folder, mutual=True)) as endpoint:
        shows = caller_in(folder, shows=True)
        assert await ask(endpoint, shows) == "a"
        authority = authority_of(folder)
        another(folder, SERVER, authority, HERE, days=-1)
        assert "has expired" in await refusal(endpoint, shows)
        another(folder, SERVER, authority, HERE)
        assert await ask(endpoint, shows) == "a"


async def test_while_renewed_files_do_not_fit_together_or_are_away_the_old_ones_hold(folder: Path):
    async with serving(server_in(folder)) as endpoint:
        kept = (folder / "server-key.pem").read_bytes()
        (folder / "server-key.pem").write_bytes((folder / "client-key.pem").read_bytes())
        assert await ask(endpoint, caller_in(folder)) == "a"
        (folder / "server-key.pem").unlink()
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                assert await ask(endpoint, caller_in(folder)) == "a"
        assert [log["event"] for log in logs] == ["certificate not read again"], "once, not with each handshake"
        (folder / "server-key.pem").write_bytes(kept)
        assert await ask(endpoint, caller_in(folder)) == "a"


async def test_what_cannot_be_used_is_named_before_anybody_calls(folder: Path):
    broken, absent = folder / "broken.pem", folder / "absent.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n")
    server, caller = server_in(folder), caller_in(folder, shows=True)
    for field, use in {
        "TUNEWRIGHT_TLS_KEY: .*is not the key of": Tls(server.certificate, folder / "client-key.pem"),
        "TUNEWRIGHT_TLS_KEY: .*no key in PEM": Tls(server.certificate, server.certificate),
        "TUNEWRIGHT_TLS_KEY: .*absent.pem cannot be read": Tls(server.certificate, absent),
        "TUNEWRIGHT_TLS_CERTIFICATE: .*holds no certificate": Tls(broken, server.key),
        "TUNEWRIGHT_TLS_CLIENT_CA: .*holds no certificate": Tls(server.certificate, server.key, broken),
    }.items():
        with pytest.raises(InvalidSpec, match=field) as refused:
            RpcServer("127.0.0.1", 0, gate(), use)
        assert "secret" not in str(refused.value)
    for field, shown in {
        "TUNEWRIGHT_TLS_CA: .*absent.pem cannot be read": CallerTls(absent),
        "TUNEWRIGHT_TLS_CA: .*holds no certificate": CallerTls(broken),
        "TUNEWRIGHT_TLS_CLIENT_KEY: .*is not the key of": CallerTls(caller.ca, caller.certificate, server.key),
    }.items():
        with pytest.raises(InvalidSpec, match=field):
            open_channel("a:1", "t", shown)


def test_the_variables_of_a_caller_belong_together(folder: Path):
    given = {"TUNEWRIGHT_ENDPOINT": "a:1", "TUNEWRIGHT_TOKEN": "t"}
    pair = {"TUNEWRIGHT_TLS_CLIENT_CERTIFICATE": str(folder / "client.pem"), "TUNEWRIGHT_TLS_CLIENT_KEY": "key.pem"}
    found = find(None, given | pair | {"TUNEWRIGHT_TLS_CA": "ca.pem"})
    assert found.tls() == CallerTls(Path("ca.pem"), folder / "client.pem", Path("key.pem"))
    assert find(None, given).tls() is None
    with pytest.raises(InvalidSpec, match=r"over TLS only.*TUNEWRIGHT_TLS_CA"):
        find(None, given | pair).tls()
    with pytest.raises(InvalidSpec, match="TUNEWRIGHT_TLS_CLIENT_KEY: belong together"):
        find(None, given | {"TUNEWRIGHT_TLS_CA": "c", "TUNEWRIGHT_TLS_CLIENT_KEY": "k"}).tls()
