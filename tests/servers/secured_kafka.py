"""A Kafka broker that believes nobody: TLS, SCRAM-SHA-512 or a certificate, and ACLs for all but the admin."""

from __future__ import annotations

import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.servers.kafka import KafkaServer, fetched
from tests.servers.process import CannotStart, free_ports, give_up

ADMIN: Final = "admin"
PASSWORD: Final = "password-of-"
"""In front of the user's name."""
SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"

# What comes later in a file of properties holds. The controller is this process; who reaches it is nobody.
PROPERTIES: Final = """\
listeners=SASL_SSL://127.0.0.1:{port},SSL://127.0.0.1:{mutual},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://127.0.0.1:{port},SSL://127.0.0.1:{mutual}
listener.security.protocol.map=SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={login}
listener.name.ssl.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={folder}/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location={authority}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
allow.everyone.if.no.acl.found=false
"""

CLIENT: Final = """\
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config={login}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
"""


def password(user: str) -> str:
    return PASSWORD + user


def login(user: str) -> str:
    return f'{SCRAM} required username="{user}" password="{password(user)}";'


class SecuredKafka(KafkaServer):
    """`certificates` is a folder of `tunewright admin certs`; `users` are there besides the admin."""

    def __init__(self, jars: Path, certificates: Path, users: list[str]) -> None:
        (self._mutual,) = free_ports(1)
        self.certificates = certificates
        known = [f"SCRAM-SHA-512=[name={user},password={password(user)}]" for user in (ADMIN, *users)]
        super().__init__(jars, [word for user in known for word in ("--add-scram", user)])
        both = [(certificates / name).read_text() for name in ("server-key.pem", "server.pem")]
        (self.folder / "keystore.pem").write_text("".join(both))
        self._admin = self.folder / "admin.properties"
        self._admin.write_text(CLIENT.format(login=login(ADMIN), authority=certificates / "authority.pem"))

    @property
    def mutual(self) -> str:
        """Where a certificate is demanded in a password's place."""
        return f"127.0.0.1:{self._mutual}"

    def permit(self, lines: list[str]) -> None:
        """Hand each line to Kafka's own kafka-acls.sh. Raises AssertionError: it did not take one."""
        tool = [*self.java("org.apache.kafka.tools.AclCommand"), "--bootstrap-server", self.bootstrap]
        tool += ["--command-config", str(self._admin)]

        def run(line: str) -> None:
            done = subprocess.run([*tool, *shlex.split(line)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, lines))

    def _settings(self, controller: int) -> str:
        more = PROPERTIES.format(
            port=self._port,
            mutual=self._mutual,
            controller=controller,
            login=login(ADMIN),
            folder=self.folder,
            authority=self.certificates / "authority.pem",
        )
        return super()._settings(controller) + more


def secured_kafka(certificates: Path, users: list[str]) -> SecuredKafka:
    """Return a broker of the test's own that serves; skip where there is none. Remove it."""
    try:
        server = SecuredKafka(fetched(), certificates, users)
        server.start()
    except CannotStart as why:
        give_up(f"no Kafka broker: {why}")
    return server
