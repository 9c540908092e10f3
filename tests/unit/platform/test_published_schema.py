"""What other systems build on: the released schema reads what we write, and edits that break it are refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, message_factory

from tunewright.events.v1 import commands_pb2
from tunewright.platform.bus.topics import topics

PROTO = Path(__file__).parents[3] / "proto"
RELEASED = max(PROTO.glob("released/*.binpb"), key=lambda path: tuple(map(int, path.stem.split("."))))
BUF = Path(sys.executable).with_name("buf")


def breaking(proto: Path) -> subprocess.CompletedProcess[str]:
    command = [str(BUF), "breaking", str(proto), "--against", str(RELEASED)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.skipif(not BUF.exists(), reason="buf is not installed")
@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("int32 attempt = 3;", "int32 attempt = 9;", "attempt"),
        ("string training = 2;", "string training_name = 2;", "training"),
        ("bool failed = 4;", "string failed = 4;", "failed"),
        ("message DeleteTuningJob", "message RemoveTuningJob", "DeleteTuningJob"),
    ],
)
def test_an_edit_that_breaks_what_others_send_is_refused(tmp_path: Path, before: str, after: str, names: str) -> None:
    copy = shutil.copytree(PROTO, tmp_path / "proto")
    assert breaking(copy).returncode == 0
    commands = copy / "tunewright/events/v1/commands.proto"
    text = commands.read_text()
    assert before in text
    commands.write_text(text.replace(before, after))
    refused = breaking(copy)
    assert refused.returncode != 0
    assert names in refused.stdout


def test_the_released_schema_knows_every_message_of_every_topic_and_reads_ours() -> None:
    image = descriptor_pb2.FileDescriptorSet.FromString(RELEASED.read_bytes())
    schema = message_factory.GetMessages(image.file)
    assert {name for topic in topics().values() for name in topic.messages} <= set(schema)
    ours = commands_pb2.EndTraining(command_id="c", training="u/1", reports=0)
    theirs = schema["tunewright.events.v1.EndTraining"].FromString(ours.SerializeToString())
    assert (theirs.training, theirs.HasField("reports")) == ("u/1", True)
