"""Write the golden files of a version: `python -m tests.golden --write 0.1.0`."""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import signal
import socket
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.served import Served, job
from tests.golden.filled import filled_message, filled_value
from tests.golden.kinds import DOCUMENTS, message_types
from tunewright.core.spec import Limits
from tunewright.platform.documents import to_document
from tunewright.platform.store.collections import COLLECTIONS
from tunewright.platform.store.port import Insert
from tunewright.platform.store.sqlite import SqliteStore
from tunewright.v1 import spec_pb2

HERE = Path(__file__).parent
PROGRAM = 'i=0\nwhile [ $i -lt 20 ]; do echo "line $i"; sleep 0.05; i=$((i+1)); done\necho "score=0.5"'
NOWHERE = "file:///golden/program"


def write(version: str) -> None:
    folder = HERE / version
    folder.mkdir()
    messages = {
        name: filled_message(kind()).SerializeToString(deterministic=True).hex()
        for name, kind in sorted(message_types().items())
    }
    documents = {
        name: msgspec.msgpack.encode(to_document(filled_value(kind))).hex() for name, kind in sorted(DOCUMENTS.items())
    }
    for name, content in (("messages.json", messages), ("documents.json", documents)):
        (folder / name).write_text(json.dumps(content, indent=1) + "\n")
    with tempfile.TemporaryDirectory() as made:
        store = asyncio.run(_anonymous(_interrupted(Path(made)), Path(made)))
        (folder / "store.db.gz").write_bytes(gzip.compress(store.read_bytes(), 9, mtime=0))


def _interrupted(folder: Path) -> Path:
    """Return the store of a server that was killed with one job at its end, and one on its way."""
    served = Served(folder)
    served.start()
    image = served.program(PROGRAM)
    with served.client() as client:
        client.create(job(image, "finished", limits=Limits(2, 3)))
        client.wait("finished")
        client.create(job(image, "running", limits=Limits(2, 6)))
        for watched in client.watch("running"):
            if watched.job.trainings.ended >= 2:
                break
    served.end(signal.SIGKILL)
    return served.data_dir / "store.db"


async def _anonymous(store: Path, folder: Path) -> Path:
    """Return a copy that names neither this machine nor its folders."""
    path = folder / "anonymous.db"
    copy = SqliteStore(path)
    with closing(sqlite3.connect(store)) as connection:
        for collection in COLLECTIONS:
            for key, body in connection.execute(f"SELECT key, body FROM {collection}"):  # noqa: S608 - a declared name
                document = _without(msgspec.msgpack.decode(body), folder)
                await copy.commit([Insert(collection, _without(key, folder), document)])
    await copy.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
    return path


def _without(value: Any, folder: Path) -> Any:
    match value:
        case str():
            return value.replace(str(folder), "/golden").replace(socket.gethostname(), "host")
        case list():
            return [_without(item, folder) for item in value]
        case {"spec": bytes() as spec}:
            return {"spec": with_image(spec, NOWHERE)}
        case dict():
            return {key: _without(item, folder) for key, item in value.items()}
        case _:
            return value


def with_image(spec: bytes, image: str) -> bytes:
    message = spec_pb2.TuningJobSpec.FromString(spec)
    for definition in message.definitions:
        definition.image = image
    return message.SerializeToString(deterministic=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("--write", metavar="VERSION", required=True)
    write(parser.parse_args().write)
