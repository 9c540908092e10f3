from __future__ import annotations

import math
import ssl
import time
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.callers import gate
from tests.unit.platform.certificates import another, authority_of, certificate_in
from tunewright.platform.certificates import CLIENT, certificate_file
from tunewright.platform.expiry import tell_expiry, tell_shown
from tunewright.platform.http import application, serving
from tunewright.platform.rpc.server import RpcServer

DAY_S = 86_400


def told(server: str) -> float | None:
    return REGISTRY.get_sample_value("tunewright_certificate_expires_timestamp_seconds", {"server": server})


async def test_both_servers_tell_when_their_certificates_expire(tmp_path: Path):
    tls = certificate_in(tmp_path)
    server = RpcServer("127.0.0.1", 0, gate(), tls)
    await server.start({})
    async with serving(application({}), "127.0.0.1", 0, tls):
        for name in ("grpc", "http"):
            expires = told(name)
            assert expires is not None
            assert expires - time.time() == pytest.approx(2 * DAY_S, abs=600)
    await server.stop()


def test_of_a_chain_it_is_the_servers_own(tmp_path: Path):
    chain = tmp_path / "chain.pem"
    own = certificate_in(tmp_path).certificate.read_text()
    authorities = ssl.create_default_context().get_ca_certs(binary_form=True)
    chain.write_text(f"for people\n{own}{ssl.DER_cert_to_PEM_cert(authorities[0])}")
    tell_expiry("chain", chain)
    assert told("chain") == pytest.approx(time.time() + 2 * DAY_S, abs=600)


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_has_no_time_until_it_is_renewed(tmp_path: Path, text: str):
    file = tmp_path / "renewed.pem"
    file.write_text(text)
    tell_expiry("renewed", file)
    assert math.isnan(told("renewed") or 0.0)
    file.write_text(certificate_in(tmp_path).certificate.read_text())
    assert (told("renewed") or 0.0) > time.time()


def test_of_what_is_shown_it_is_that_of_the_start_whatever_is_on_the_disk_now(tmp_path: Path):
    certificate_in(tmp_path)
    tell_shown("caller", certificate_file(tmp_path, CLIENT))
    at_the_start = told("caller")
    another(tmp_path, CLIENT, authority_of(tmp_path), days=30)
    assert told("caller") == at_the_start
    assert at_the_start is not None
    assert at_the_start - time.time() == pytest.approx(2 * DAY_S, abs=600)
