"""What released versions have written is read by today's code, whole; a store of theirs goes on."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e.served import Served
from tests.golden.__main__ import HERE, PROGRAM, with_image
from tests.golden.filled import filled_message, filled_value
from tests.golden.kinds import DOCUMENTS, message_types
from tunewright.core.states import JobState
from tunewright.platform.documents import from_document, to_document

VERSIONS = sorted(path.parent for path in HERE.glob("*/messages.json"))
LINES = [*(f"line {number}" for number in range(20)), "score=0.5"]


def written(name: str) -> list[object]:
    """Return what all versions have written there, each as (version, key, bytes)."""
    return [
        pytest.param(key, bytes.fromhex(content), id=f"{version.name}-{key}")
        for version in VERSIONS
        for key, content in json.loads((version / name).read_text()).items()
    ]


@pytest.mark.parametrize(("name", "content"), written("messages.json"))
def test_a_message_is_read_and_nothing_of_it_is_unknown(name: str, content: bytes) -> None:
    message = message_types()[name].FromString(content)
    message.DiscardUnknownFields()
    assert message.SerializeToString(deterministic=True) == content


@pytest.mark.parametrize(("name", "content"), written("documents.json"))
def test_a_document_is_read_and_keeps_what_it_says(name: str, content: bytes) -> None:
    document = msgspec.msgpack.decode(content)
    again = to_document(from_document(document, DOCUMENTS[name]))
    assert _still_says(msgspec.msgpack.decode(msgspec.msgpack.encode(again)), document)


def _still_says(now: Any, before: Any) -> bool:
    """Say whether all that was said is said; more may be, for fields are added."""
    if isinstance(before, dict):
        return all(key in now and _still_says(now[key], value) for key, value in before.items())
    if isinstance(before, list):
        return len(now) == len(before) and all(map(_still_says, now, before))
    return bool(now == before)


def test_what_is_written_fills_every_field() -> None:
    """Else a field could change its meaning unseen."""
    for name, kind in message_types().items():
        message = filled_message(kind())
        alone = [field for field in kind.DESCRIPTOR.fields if field.containing_oneof is None]
        assert {field.name for field, _ in message.ListFields()} >= {field.name for field in alone}, name
    for kind in DOCUMENTS.values():
        assert None not in to_document(filled_value(kind)).values(), kind


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A server of today on a store of that version."""
    served = Served(tmp_path)
    image = served.program(PROGRAM)
    served.data_dir.mkdir(mode=0o700)
    store = served.data_dir / "store.db"
    store.write_bytes(gzip.decompress((request.param / "store.db.gz").read_bytes()))
    with closing(sqlite3.connect(store)) as connection:
        for key, body in connection.execute("SELECT key, body FROM specs").fetchall():
            spec = with_image(msgspec.msgpack.decode(body)["spec"], image)  # the program is where this test has it
            connection.execute("UPDATE specs SET body = ? WHERE key = ?", (msgspec.msgpack.encode({"spec": spec}), key))
        connection.commit()
        (trainer,) = connection.execute("SELECT key FROM sessions").fetchone()
    (served.data_dir / "trainer").mkdir()
    (served.data_dir / "trainer/trainer-id").write_text(trainer)
    served.start()
    yield served
    served.end()


def test_a_store_goes_on_to_the_end_of_its_jobs(served: Served) -> None:
    with served.client() as client:
        running, finished = client.wait("running"), client.describe("finished")
        assert (running.state, running.trainings.completed) == (JobState.COMPLETED, 6)
        assert (finished.state, finished.trainings.completed) == (JobState.COMPLETED, 3)
        for name, count in (("running", 6), ("finished", 3)):
            trainings = list(client.trainings(name))
            assert [training.number for training in trainings] == list(range(1, count + 1))
            assert all([line.text for line in client.output(item.name)] == LINES for item in trainings)
