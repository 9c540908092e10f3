"""docs/events.md as it stands, on a real broker: kcat, OpenSSL and a program that has the published schema and not us.

Only the broker's address and the prefix of the tests' topics are put in.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS
from tests.servers.kafka import KafkaServer
from tests.wire.fleet import Fleet, until
from tests.wire.systems import System
from tunewright.core.errors import NotFound
from tunewright.core.states import JobState

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not (shutil.which("kcat") and shutil.which("openssl")), reason="kcat or openssl is missing"),
]
PAGE = (DOCS / "events.md").read_text()
RELEASED = max((DOCS.parent / "proto/released").glob("*.binpb"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


class Reader:
    """Follows the page in a folder that holds what it has saved."""

    def __init__(self, fleet: Fleet, kafka: KafkaServer, folder: Path) -> None:
        self.folder, self._kafka = folder, kafka
        (folder / ".tunewright").mkdir()
        shutil.copy(fleet.folder / "credentials", folder / ".tunewright/credentials")
        shutil.copy(RELEASED, folder / "schema.binpb")
        (folder / "create.json").write_text(blocks("json")[0])
        (folder / "elsewhere.py").write_text(self._here(blocks("python")[0]))
        tools = Path(sys.executable).parent
        self._environ = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "KEY_ID": fleet.credentials.aws_access_key_id,
            "SECRET": fleet.credentials.aws_secret_access_key,
            "TUNEWRIGHT_KAFKA": kafka.bootstrap,
            "TUNEWRIGHT_KAFKA_PREFIX": "wire-",
            "TUNEWRIGHT_CREDENTIALS": str(folder / ".tunewright/credentials"),
        }

    def types(self, marker: str, place: str = "") -> str:
        """Run the block of the shell that this stands in, about the letter at a place."""
        (block,) = [text.replace("0:0", place) for text in blocks("sh") if marker in text]
        return self._run(
            ["bash", "-euo", "pipefail", "-c", self._here(block)], {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        )

    def lists(self) -> list[dict[str, Any]]:
        command = [sys.executable, "-m", "tunewright", "admin", "dead-letters", "list", "--output", "json"]
        found: list[dict[str, Any]] = json.loads(self._run(command, {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}))
        return found

    def runs(self, *arguments: str) -> str:
        """Run the page's program, which knows nothing of our package."""
        return self._run([sys.executable, "-P", *arguments], {})

    def _run(self, command: list[str], more: dict[str, str]) -> str:
        environ = self._environ | more
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=150, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _here(self, text: str) -> str:
        text = text.replace("localhost:9092", self._kafka.bootstrap)
        text = re.sub(r"-t (?=tuning|dead)", "-t wire-", text)  # what kcat is given; what is signed has no prefix
        text = text.replace('subscribe(["tuning', 'subscribe(["wire-tuning')
        return text.replace("producer.produce(topic", 'producer.produce("wire-" + topic')


@pytest.fixture
def reader(fleet: Fleet, kafka: KafkaServer, tmp_path: Path) -> Reader:
    return Reader(fleet, kafka, tmp_path)


def test_a_reader_of_the_page_tunes_elsewhere(fleet: Fleet, system: System, reader: Reader):
    reader.types("$(tunewright sign")
    uid = system.answers("nightly-2025-06-01").uid
    reader.types("openssl")  # the same command once more: the same answer
    assert system.answers("nightly-2025-06-01").uid == uid
    told = reader.runs("elsewhere.py", uid).splitlines()
    assert [line.split()[0] for line in told].count("TrainingJobGranted") == 4
    assert told[-1].startswith("TuningJobEnded")
    with fleet.client() as client:
        job = client.describe("nightly")
        assert (job.state, job.trainings.completed) == (JobState.COMPLETED, 4)
        assert all(training.objective_value is not None for training in client.trainings("nightly"))
    system.send("tuning.commands", "DeleteTuningJob", uid, {"commandId": f"delete-{uid}", "job": uid})
    assert system.answers(f"delete-{uid}").uid == uid
    with fleet.client() as client, pytest.raises(NotFound):
        client.describe(uid)


def test_a_reader_of_the_page_finds_dead_letters(system: System, reader: Reader):
    marker = "not ours at all"
    system.send_as_is("tuning.commands", b"k", marker.encode(), {"ce_type": b"Surprise"})
    until(lambda: "Surprise" in reader.types("-t dead-letters"), "the letter is there")
    told = reader.lists()
    (place,) = [letter["place"] for letter in told if "'Surprise'" in letter["reason"]]
    assert marker in reader.types("dead-letters show 0:0\n", place)
    assert (reader.folder / "value.json").read_text() == marker
