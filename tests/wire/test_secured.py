"""The whole installation where nobody believes anybody: mutual TLS, SCRAM and ACLs on Kafka, a password on MongoDB."""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from typer.testing import CliRunner

from tests.servers import secured_mongodb
from tests.servers.process import CannotStart, give_up
from tests.servers.secured_kafka import SecuredKafka, password, secured_kafka
from tests.wire.fleet import LEASE, Fleet, until
from tests.wire.trainings import job, judge
from tunewright.cli import replaying
from tunewright.cli.app import app
from tunewright.cli.forms import Form
from tunewright.client import Address, Client
from tunewright.core.errors import Unavailable
from tunewright.platform.backends import kafka_problems
from tunewright.platform.bus.acls import OPERATOR, OTHERS, SERVICES, WHO, acls
from tunewright.platform.bus.consumer import letter
from tunewright.platform.bus.kafka import KafkaBus
from tunewright.platform.bus.kafka_cluster import Security
from tunewright.platform.bus.port import Delivered, Record
from tunewright.platform.bus.signing import SIGNATURE, signature
from tunewright.platform.bus.topics import DEAD_LETTERS, topics
from tunewright.platform.certificates import renew
from tunewright.platform.credentials import create_or_load
from tunewright.platform.settings import KafkaSettings, from_environment

pytestmark = pytest.mark.timeout(300)
SCRAM_USERS = [f"tunewright-{who}" for who in WHO]
ANSWER_S = 60


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    renew(folder, (), 2, datetime.now(UTC))
    for who in WHO:
        (folder / f"{who}.password").write_text(password(f"tunewright-{who}"))
    (folder / "mongodb.password").write_text(secured_mongodb.PASSWORD)
    return folder


@pytest.fixture(scope="module")
def broker(certificates: Path) -> Iterator[SecuredKafka]:
    """With every user's rights as the files of deploy/kafka/acls say, and the topics made by the operator's user."""
    broker = secured_kafka(certificates, SCRAM_USERS)
    try:
        broker.permit([line for who in (OPERATOR, *SERVICES) for line in acls(who, topics().values())])
        operator = from_environment(KafkaSettings, kafka(broker, OPERATOR))
        assert asyncio.run(kafka_problems(operator, create=True)) == []
        yield broker
    finally:
        broker.remove()


@pytest.fixture(scope="module")
def database(certificates: Path) -> Iterator[secured_mongodb.SecuredMongo]:
    server = secured_mongodb.SecuredMongo(certificates)
    try:
        server.start()
    except CannotStart as why:
        give_up(str(why))
    yield server
    server.remove()


def kafka(broker: SecuredKafka, who: str) -> dict[str, str]:
    return {
        "TUNEWRIGHT_KAFKA": broker.bootstrap,
        "TUNEWRIGHT_KAFKA_CA": str(broker.certificates / "authority.pem"),
        "TUNEWRIGHT_KAFKA_USER": f"tunewright-{who}",
        "TUNEWRIGHT_KAFKA_PASSWORD_FILE": str(broker.certificates / f"{who}.password"),
    }


def started(folder: Path, certificates: Path, broker: SecuredKafka, database: secured_mongodb.SecuredMongo) -> Fleet:
    """Start one of each service, each as its own user; the trainer's token may do what trainers do, and no more."""
    fleet = Fleet(folder, broker.bootstrap, database.uri)
    words = ["admin", "tokens", "add", "trainers", "--owner", "local", "--scope", "train", "--keys"]
    of_trainers = folder / "credentials-of-trainers"
    of_trainers.touch(0o600)
    of_trainers.write_text(CliRunner().invoke(app, [*words, "--file", str(folder / "access")]).stdout)
    server = {
        "TUNEWRIGHT_ACCESS": str(folder / "access"),
        "TUNEWRIGHT_TLS_CERTIFICATE": str(certificates / "server.pem"),
        "TUNEWRIGHT_TLS_KEY": str(certificates / "server-key.pem"),
        "TUNEWRIGHT_TLS_CLIENT_CA": str(certificates / "authority.pem"),
    }
    caller = {
        "TUNEWRIGHT_TLS_CA": str(certificates / "authority.pem"),
        "TUNEWRIGHT_TLS_CLIENT_CERTIFICATE": str(certificates / "client.pem"),
        "TUNEWRIGHT_TLS_CLIENT_KEY": str(certificates / "client-key.pem"),
    }
    store = {
        "TUNEWRIGHT_MONGODB_USER": secured_mongodb.USER,
        "TUNEWRIGHT_MONGODB_PASSWORD_FILE": str(certificates / "mongodb.password"),
    }
    suggester = fleet.add("suggester", TUNEWRIGHT_PROCESSES="1", **server)
    known = {"TUNEWRIGHT_SUGGESTER": suggester.grpc, "TUNEWRIGHT_COMMANDS": "on", **LEASE}
    scheduler = fleet.add("scheduler", **known, **server, **caller, **store, **kafka(broker, "scheduler"))
    metrics = fleet.add("metrics", TUNEWRIGHT_REPORTS="on", **server, **store, **kafka(broker, "metrics"))
    where = {"TUNEWRIGHT_SCHEDULER": scheduler.grpc}
    folders = {"TUNEWRIGHT_DATA_DIR": str(folder / "trainer"), "TUNEWRIGHT_IMAGE_ROOTS": str(folder)}
    folders["TUNEWRIGHT_CREDENTIALS"] = str(of_trainers)
    fleet.add("trainer", TUNEWRIGHT_SLOTS="2", **folders, **where, **caller, **kafka(broker, "trainer"))
    https = {
        "TUNEWRIGHT_HTTP_TLS_CERTIFICATE": str(certificates / "server.pem"),
        "TUNEWRIGHT_HTTP_TLS_KEY": str(certificates / "server-key.pem"),
    }
    fleet.add("gateway", TUNEWRIGHT_METRICS=metrics.grpc, **where, **caller, **https)
    return fleet


def address(fleet: Fleet, certificates: Path, *, shows: bool = True) -> Address:
    pair = (certificates / "client.pem", certificates / "client-key.pem") if shows else ()
    (scheduler,), (metrics,) = fleet.of("scheduler"), fleet.of("metrics")
    token = fleet.credentials.tunewright_token
    return Address(scheduler.grpc, token, metrics.grpc, certificates / "authority.pem", *pair)


def test_a_tuning_job_runs_where_every_link_is_encrypted_and_every_service_its_own_user(
    certificates: Path, broker: SecuredKafka, database: secured_mongodb.SecuredMongo, tmp_path: Path
):
    with ExitStack() as closing:
        fleet = started(tmp_path, certificates, broker, database)
        closing.callback(fleet.close)
        wanted = job(tmp_path, "secured", trainings=4)
        try:
            with Client(address(fleet, certificates)) as client:
                client.create(wanted.spec)
                until(lambda: client.describe("secured").state.final, "the job has ended", 150)
                judge(client, wanted)
            (gateway,) = fleet.of("gateway")
            context = ssl.create_default_context(cafile=certificates / "authority.pem")
            until(lambda: is_ready(gateway.http, context), "the gateway reaches the scheduler")
        except AssertionError as failure:
            failure.add_note(fleet.logs())
            raise
        with (
            Client(address(fleet, certificates, shows=False)) as nobody,
            pytest.raises(Unavailable, match="TUNEWRIGHT_TLS_CLIENT_CERTIFICATE"),
        ):
            nobody.describe("secured")
        told = "".join(member.log.read_text() for member in fleet.members)
        secrets = [secured_mongodb.PASSWORD, fleet.credentials.tunewright_token, *map(password, SCRAM_USERS)]
        assert not [secret for secret in secrets if secret in told]


def is_ready(where: str, context: ssl.SSLContext) -> bool:
    try:
        with urllib.request.urlopen(f"https://{where}/readyz", timeout=10, context=context):
            return True
    except urllib.error.HTTPError:
        return False


# Clients that are not ours, as services' users: what the broker itself refuses.


def foreign(broker: SecuredKafka, who: str, **more: object) -> dict[str, object]:
    return {
        "bootstrap.servers": broker.bootstrap,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(broker.certificates / "authority.pem"),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": f"tunewright-{who}",
        "sasl.password": password(f"tunewright-{who}"),
        "log_level": 0,
        **more,
    }


def refused_writes(broker: SecuredKafka, who: str) -> dict[str, bool]:
    """Say of each topic whether the broker refuses what this user writes to it."""
    producer, refused = Producer(foreign(broker, who, **{"enable.idempotence": True})), {}

    def delivered(error: KafkaError | None, message: Message) -> None:
        assert error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, error
        refused[message.topic()] = error is not None

    for topic in topics():
        producer.produce(topic, b"from a test", callback=delivered)
    assert producer.flush(ANSWER_S) == 0
    return refused


def refused_read(broker: SecuredKafka, who: str, topic: str, group: str = "") -> int | None:
    """Return with which error the broker refuses this user's reading, None if it does not."""
    more = {"group.id": group or who, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer(foreign(broker, who, **more))
    try:
        consumer.subscribe([topic]) if group else consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        while True:
            message = consumer.poll(ANSWER_S)
            assert message is not None
            code = message.error().code() if message.error() else None
            if group or code != KafkaError.GROUP_AUTHORIZATION_FAILED:  # without a group it is asked about all the same
                return code
    finally:
        consumer.close()


@pytest.mark.parametrize("who", [*SERVICES, OTHERS])
def test_a_user_writes_what_topics_toml_says_and_no_more(broker: SecuredKafka, who: str):
    """Other systems have no rights here: a foreign producer."""
    may = {name for name, topic in topics().items() if who in topic.producers}
    may |= {DEAD_LETTERS} if who in {"scheduler", "metrics"} else set()
    refused = refused_writes(broker, who)
    assert {topic for topic, no in refused.items() if not no} == may


@pytest.mark.parametrize("who", SERVICES)
def test_a_user_reads_what_topics_toml_says_and_no_more(broker: SecuredKafka, who: str):
    for name, topic in topics().items():
        if who not in topic.consumers:
            assert refused_read(broker, who, name) == KafkaError.TOPIC_AUTHORIZATION_FAILED, name


def test_a_user_is_no_member_of_anothers_group_and_makes_no_topics(broker: SecuredKafka):
    assert refused_read(broker, "metrics", "training.output", "scheduler") == KafkaError.GROUP_AUTHORIZATION_FAILED
    scheduler = AdminClient(foreign(broker, "scheduler"))
    (made,) = scheduler.create_topics([NewTopic("another", 1)]).values()
    with pytest.raises(KafkaException, match=r"(?i)authorization"):
        made.result(ANSWER_S)


def test_an_operator_sends_a_letter_once_more_and_it_is_marked(
    broker: SecuredKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    keys = create_or_load(tmp_path / "credentials", grpc="", http="")
    stop = Record("tuning.commands", "k", b'{"commandId":"c","job":"j"}', {"ce_type": b"StopTuningJob"})
    signed = replace(stop, headers={**stop.headers, SIGNATURE: signature(stop, keys).encode()})
    told = letter(Delivered(signed, 0, 0), "for an operator")
    producer = Producer(foreign(broker, "scheduler"))
    producer.produce(told.topic, told.value, told.key, headers=dict(told.headers))
    assert producer.flush(ANSWER_S) == 0
    given = kafka(broker, OPERATOR) | {"TUNEWRIGHT_CREDENTIALS": str(tmp_path / "credentials")}

    def found() -> dict[str, Any]:
        capsys.readouterr()
        replaying.list_letters("tuning.commands", "", 100, 0, Form.JSON, given)
        (one,) = [one for one in json.loads(capsys.readouterr().out) if one["reason"] == "for an operator"]
        return one

    before = found()
    assert before["replayed"] is None
    replaying.replay_letter(before["place"], None, Form.TABLE, again=False, force=False, environ=given)
    assert found()["replayed"] is not None


async def test_a_certificate_opens_where_one_is_demanded_and_nothing_else_does(broker: SecuredKafka):
    folder = broker.certificates
    shown = Security(folder / "authority.pem", folder / "client.pem", folder / "client-key.pem")
    assert await pings(broker.mutual, shown) is None
    assert await pings(broker.mutual, Security(folder / "authority.pem"))
    assert await pings(broker.bootstrap, Security(user="tunewright-trainer", password=password("tunewright-trainer")))
    said = await pings(
        broker.bootstrap, Security(folder / "authority.pem", user="tunewright-trainer", password="s3cret")
    )
    assert said
    assert "s3cret" not in said


async def pings(where: str, security: Security) -> str | None:
    """Return why the broker does not answer, None if it does."""
    bus = KafkaBus(where, topics().values(), security=security)
    try:
        await bus.ping()
    except Unavailable as error:
        return str(error)
    else:
        return None
    finally:
        await bus.close()
