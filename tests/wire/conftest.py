from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import kafka as brokers
from tests.servers import mongodb as databases
from tests.wire.fleet import LEASE, STOP_GRACE_S, Fleet
from tests.wire.systems import System


@pytest.fixture(scope="session")
def kafka() -> brokers.KafkaServer:
    broker = brokers.own_kafka()
    broker.ensure_going()
    return broker


@pytest.fixture(scope="session")
def mongodb() -> databases.MongoServer:
    server = databases.own_mongodb()
    server.ensure_going()
    return server


@pytest.fixture(scope="session")
def fleet(
    kafka: brokers.KafkaServer, mongodb: databases.MongoServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Two of each service; they go on from test to test, and start again where a test has killed them."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), kafka.bootstrap, mongodb.database("wire"), prefix="wire-")
    try:
        fleet.start(terms={**LEASE, "TUNEWRIGHT_STOP_GRACE_S": f"{STOP_GRACE_S:g}"})
        yield fleet
    finally:
        fleet.close()
    assert fleet.programs() == []


@pytest.fixture
def system(fleet: Fleet, kafka: brokers.KafkaServer) -> Iterator[System]:
    fleet.start_again()
    system = System(fleet, kafka)
    yield system
    system.close()
