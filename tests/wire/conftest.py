from __future__ import annotations

import pytest

from tests.servers import kafka as brokers
from tests.servers import mongodb as databases


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
