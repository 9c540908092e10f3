"""A real Kafka broker for tests.

TUNEWRIGHT_TEST_KAFKA names one that runs already. Otherwise Apache's own jars are fetched once by Maven into
.venv/kafka-VERSION-… and started on Java, one node, below a folder of its own. No container is tried: where Java and
Maven are missing, tests that need a broker are skipped, and under CI they fail.
"""

from __future__ import annotations

import atexit
import base64
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.servers.process import CannotStart, ServerProcess, free_ports, give_up

POM: Final = Path(__file__).with_name("pom.xml")
VERSION: Final = re.findall(r"<version>([\d.]+)</version>", POM.read_text())[1]
JARS: Final = POM.parents[2] / ".venv" / f"kafka-{VERSION}-{hashlib.sha256(POM.read_bytes()).hexdigest()[:8]}"
STARTED: Final = "Kafka Server started"

PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
log.index.size.max.bytes=65536
"""

LOG4J: Final = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
logger.started.name=kafka.server.KafkaRaftServer
logger.started.level=info
logger.server.name=org.apache.kafka.server
logger.server.level=error
"""


class KafkaServer(ServerProcess):
    """One broker."""

    def __init__(self, jars: Path, formatting: Sequence[str] = (), ways: int = 0) -> None:
        """`formatting` is what its storage is formatted with besides: the first users.

        It listens at so many addresses more, `ways`, each of which may be told to clients as another one.
        """
        super().__init__("kafka")
        self._jars, self._formatting = jars, formatting
        self._port, controller = free_ports(2)
        (self.folder / "log4j2.properties").write_text(LOG4J)
        self._properties = self.folder / "server.properties"
        self._properties.write_text(self._settings(controller))
        self.ways = [f"127.0.0.1:{port}" for port in free_ports(ways)]

    def tell_as(self, addresses: Sequence[str]) -> None:
        """Tell clients that come by one of the `ways` to go on by its address here, say a line's. Before the start."""
        names = [f"WAY{number}" for number in range(len(self.ways))]
        own = f"PLAINTEXT://{self.bootstrap}"
        told = [own, *(f"{name}://{address}" for name, address in zip(names, addresses, strict=True))]
        listening = [f"{name}://{address}" for name, address in zip(names, self.ways, strict=True)]
        found = re.sub(r"(?m)^listeners=.*$", rf"\g<0>,{','.join(listening)}", self._properties.read_text())
        found = re.sub(r"(?m)^advertised.listeners=.*$", f"advertised.listeners={','.join(told)}", found)
        protocols = ",".join(f"{name}:PLAINTEXT" for name in names)
        found = re.sub(r"(?m)^listener.security.protocol.map=.*$", rf"\g<0>,{protocols}", found)
        self._properties.write_text(found)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def _settings(self, controller: int) -> str:
        return PROPERTIES.format(port=self._port, controller=controller, folder=self.folder)

    def start(self, *, empty: bool = False) -> None:
        """Start, with what it had; `empty`: as a new cluster on the old address. Returns once it serves."""
        data = self.folder / "data"
        if empty:
            shutil.rmtree(data, ignore_errors=True)
        if not data.exists():
            self._format()
        self.spawn([*self.java("kafka.Kafka"), str(self._properties)], self._serves)

    def ensure_going(self) -> None:
        """Start it again if the last who used it left it ended."""
        if not self.going:
            self.start()

    def _format(self) -> None:
        cluster = "t" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        command = [*self.java("kafka.tools.StorageTool"), "format", "-t", cluster, "-c", str(self._properties)]
        command += self._formatting
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotStart(f"formatting Kafka's storage failed: {done.stdout}{done.stderr}")

    def java(self, main: str) -> list[str]:
        """Return the command that runs a program of Kafka's."""
        log4j = f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties"
        quick = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
        return ["java", *quick, log4j, "-cp", f"{self._jars}/*", main]

    def _serves(self) -> bool:
        return STARTED in self.log.read_text(errors="replace")


class RunningKafka:
    """A broker that somebody else runs: nothing of it is started or ended here."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap


def kafka() -> KafkaServer | RunningKafka:
    """Return the broker that all tests of this process share, started by the first who asks; skip where there is none.

    It ends with this process. Topics have fixed names: keep tests apart with a prefix each.
    """
    server = _shared()
    if isinstance(server, str):
        give_up(server)
    return server


def own_kafka() -> KafkaServer:
    """Return the shared broker for a test that ends it; skip if it is not ours to end."""
    server = kafka()
    if isinstance(server, RunningKafka):
        pytest.skip("this test ends the broker, and TUNEWRIGHT_TEST_KAFKA names one that is not ours")
    return server


def another_kafka(ways: int = 0) -> KafkaServer:
    """Return a broker of one's own, not yet started; remove it. Skip where there can be none."""
    if os.environ.get("TUNEWRIGHT_TEST_KAFKA"):
        pytest.skip("this test ends its broker, and TUNEWRIGHT_TEST_KAFKA names one that is not ours")
    try:
        return KafkaServer(fetched(), ways=ways)
    except CannotStart as why:
        give_up(f"no Kafka broker: {why}")


@cache
def _shared() -> KafkaServer | RunningKafka | str:
    """Return the broker, or why there is none, which is found out once."""
    if bootstrap := os.environ.get("TUNEWRIGHT_TEST_KAFKA"):
        return RunningKafka(bootstrap)
    try:
        server = KafkaServer(fetched())
        atexit.register(server.remove)
        server.start()
    except CannotStart as why:
        return f"no Kafka broker: {why}"
    return server


def fetched() -> Path:
    """Return the folder of jars; the first of several test processes fetches them."""
    if shutil.which("java") is None:
        raise CannotStart("install Java 17, or name one in TUNEWRIGHT_TEST_KAFKA")
    JARS.parent.mkdir(exist_ok=True)
    with JARS.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not JARS.exists():
            _fetch()
    return JARS


def _fetch() -> None:
    if shutil.which("mvn") is None:
        raise CannotStart("install Maven to fetch one, or name one in TUNEWRIGHT_TEST_KAFKA")
    partial = JARS.with_suffix(".partial")
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    done = subprocess.run(["mvn", "-q", "-B", "-f", str(POM), *goal], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise CannotStart(f"Maven could not fetch it: {(done.stdout + done.stderr).strip()[:300]}")
    partial.rename(JARS)
