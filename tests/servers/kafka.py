"""A real Kafka broker for tests.

TUNEWRIGHT_TEST_KAFKA names one that runs already. Otherwise Apache's own jars are fetched once by Maven into
.venv/kafka-VERSION and started on Java, one node, below a folder of its own. No container is tried: where Java and
Maven are missing, tests that need a broker are skipped, and under CI they fail.
"""

from __future__ import annotations

import atexit
import base64
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Final

import pytest

POM: Final = Path(__file__).with_name("pom.xml")
VERSION: Final = re.findall(r"<version>([\d.]+)</version>", POM.read_text())[1]
JARS: Final = POM.parents[2] / ".venv" / f"kafka-{VERSION}"
START_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 20.0
PARENT: Final = ThreadPoolExecutor(1)
"""The thread that starts brokers: one that is to end with its parent ends with the thread that started it."""
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


class CannotStart(Exception):  # noqa: N818 - what a broker does
    pass


class KafkaServer:
    """One broker on 127.0.0.1, on the same port every time that it is started."""

    def __init__(self, jars: Path) -> None:
        self._jars = jars
        self._folder = Path(tempfile.mkdtemp(prefix="tunewright-kafka-"))
        self._port, self._controller = _free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self._folder / "broker.log"
        (self._folder / "log4j2.properties").write_text(LOG4J)
        self._properties = self._folder / "server.properties"
        self._properties.write_text(
            PROPERTIES.format(port=self._port, controller=self._controller, folder=self._folder)
        )

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self, *, empty: bool = False) -> None:
        """Start, with what it had; `empty`: as a new cluster on the old address. Returns once it serves."""
        data = self._folder / "data"
        if empty:
            shutil.rmtree(data, ignore_errors=True)
        if not data.exists():
            self._format()
        self._log.write_bytes(b"")
        with self._log.open("ab") as log:
            command = [*_with_us(), *self._java("kafka.Kafka"), str(self._properties)]
            self._process = PARENT.submit(subprocess.Popen, command, stdout=log, stderr=log).result()
        self._wait_until_it_serves(self._process)

    def ensure_going(self) -> None:
        """Start it again if the last who used it left it ended."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        """End it in order; it keeps what it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: its connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        """End it and leave nothing behind."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _format(self) -> None:
        cluster = "t" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        command = [*self._java("kafka.tools.StorageTool"), "format", "-t", cluster, "-c", str(self._properties)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotStart(f"formatting Kafka's storage failed: {done.stdout}{done.stderr}")

    def _java(self, main: str) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={self._folder}/log4j2.properties"
        quick = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
        return ["java", *quick, log4j, "-cp", f"{self._jars}/*", main]

    def _wait_until_it_serves(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while STARTED not in self._log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
                self.kill()
                raise CannotStart(f"the broker did not start; the last lines of its log:\n{last}")
            time.sleep(0.05)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class RunningKafka:
    """A broker that somebody else runs: nothing of it is started or ended here."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap


def kafka() -> KafkaServer | RunningKafka:
    """Return the broker that all tests of this process share, started by the first who asks; skip where there is none.

    It ends with this process. Topics have fixed names: keep tests apart with a prefix each.
    """
    server = _shared()
    if isinstance(server, (KafkaServer, RunningKafka)):
        return server
    if os.environ.get("CI"):
        pytest.fail(server, pytrace=False)
    pytest.skip(server)


def own_kafka() -> KafkaServer:
    """Return the shared broker for a test that ends it; skip if it is not ours to end."""
    server = kafka()
    if isinstance(server, RunningKafka):
        pytest.skip("this test ends the broker, and TUNEWRIGHT_TEST_KAFKA names one that is not ours")
    return server


@cache
def _shared() -> KafkaServer | RunningKafka | str:
    """Return the broker, or why there is none, which is found out once."""
    if bootstrap := os.environ.get("TUNEWRIGHT_TEST_KAFKA"):
        return RunningKafka(bootstrap)
    try:
        server = KafkaServer(_fetched())
        atexit.register(server.remove)
        server.start()
    except CannotStart as why:
        return f"no Kafka broker: {why}"
    return server


def _fetched() -> Path:
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


def _with_us() -> list[str]:
    """Let the broker end with this process, however this ends, where the system can."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
