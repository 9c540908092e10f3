"""What docs/events.md shows is taken as it stands."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tunewright.core.access import OWNER
from tunewright.core.check import check
from tunewright.core.spec import TuningJobSpec
from tunewright.platform.access import keys_of
from tunewright.platform.bus.messages import read
from tunewright.platform.bus.port import Record
from tunewright.platform.bus.signing import SIGNATURE, signature, signed_owner
from tunewright.platform.codec import from_message
from tunewright.platform.credentials import Credentials, create_or_load

PAGE = (Path(__file__).parents[3] / "docs/events.md").read_text()
KEYS = Credentials("TWKEY", "secret", "token")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_job_is_right_and_the_report_is_read():
    job, report = (text.encode() for text in blocks("json"))
    command = read(Record("tuning.commands", "", job, {"ce_type": b"CreateTuningJob"}))
    assert check(from_message(command.spec, TuningJobSpec)).name == "nightly"
    assert read(Record("training.reports", "", report, {"ce_type": b"MetricsReported"})).report_id == "epoch-7"


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("bash")), reason="bash or openssl is not installed")
def test_the_shell_line_signs_as_we_do(tmp_path):
    (tmp_path / "create.json").write_text(blocks("json")[0])
    (line,) = [text for text in blocks("sh") if "openssl" in text]
    digest = line.partition("kcat")[0] + "\necho $KEY_ID:$DIGEST"
    environment = {"PATH": "/usr/bin:/bin", "SECRET": KEYS.aws_secret_access_key, "KEY_ID": KEYS.aws_access_key_id}
    done = subprocess.run(
        ["bash", "-euc", digest], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    value = (tmp_path / "create.json").read_bytes()
    record = Record("tuning.commands", "", value, {"ce_type": b"CreateTuningJob"})
    assert done.stdout.strip() == signature(record, KEYS)


class Producer:
    """Stands for confluent_kafka's: keeps what is sent."""

    sent: list[Record] = []  # noqa: RUF012 - the page makes the instance

    def __init__(self, _settings: dict[str, str]) -> None: ...

    def produce(self, topic: str, value: bytes, key: str, *, headers: dict[str, str]) -> None:
        self.sent.append(Record(topic, key, value, {name: text.encode() for name, text in headers.items()}))

    def flush(self) -> None: ...


def test_the_python_example_is_taken(tmp_path, monkeypatch):
    (tmp_path / ".tunewright").mkdir()
    keys = create_or_load(tmp_path / ".tunewright" / "credentials", grpc="", http="")
    kafka = ModuleType("confluent_kafka")
    kafka.Producer = Producer
    monkeypatch.setitem(sys.modules, "confluent_kafka", kafka)
    monkeypatch.setenv("HOME", str(tmp_path))
    exec(blocks("python")[0], {})  # noqa: S102 - our own page
    (record,) = Producer.sent
    assert SIGNATURE in record.headers
    assert signed_owner(record, keys_of(keys).get) == OWNER
    assert read(record).job == "nightly"
