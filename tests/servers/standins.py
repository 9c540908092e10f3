"""What stands in for a registry's images that ours and the compose file begin at: made from what this machine has.

The Python image is whole, and packages come from wheels in it. Kafka's and MongoDB's are shells: the machine's own
programs are mounted into them (`MOUNTED`), Kafka itself and a server of MongoDB's protocol.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.servers.engine import Engine
from tests.servers.kafka import fetched
from tests.servers.mongodb import TRANSACTION_S
from tests.servers.process import CHECKOUT, CannotStart
from tests.servers.rootfs import LEFT_OUT, PythonRoot

WHEELHOUSE: Final = "/wheelhouse"
BUILDERS: Final = ("hatchling", "grpcio-tools", "googleapis-common-protos")
"""What images are built with, beside what is in them."""
DEBIANS: Final = ("useradd", "install")
"""Programs of a Debian image that busybox lacks."""
SETTINGS: Final = ("etc/login.defs", "etc/default/useradd")
LIBRARIES: Final = ("libstdc++.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1")
"""What wheels are linked with and do not bring."""

KAFKA: Final = """\
#!/bin/sh
# As Apache's image does it: what is KAFKA_A_B in the environment is a.b in the properties.
set -e
env | grep ^KAFKA_ | grep -v ^KAFKA_HEAP_OPTS= | sed 's/^KAFKA_//' | while IFS== read -r name value; do
  echo "$(echo "$name" | tr A-Z_ a-z.)=$value"
done >/tmp/server.properties
run() { java $KAFKA_HEAP_OPTS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp 'JARS/*' "$@"; }
run kafka.tools.StorageTool format --ignore-formatted -t 5L6g3nShT-eMCtK--X86sw -c /tmp/server.properties
exec java $KAFKA_HEAP_OPTS -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp 'JARS/*' kafka.Kafka /tmp/server.properties
"""
MONGOD: Final = """\
#!/bin/sh
cd CHECKOUT && exec PYTHON -m tests.servers.secantusd 27017 /data/db TRANSACTION_S mongodb rs0
"""
MONGOSH: Final = """\
#!PYTHON
# What the health check asks in JavaScript. The set needs no initiating here: the server is one from its start.
import sys, pymongo
admin = pymongo.MongoClient("mongodb", directConnection=True, serverSelectionTimeoutMS=2000).admin
sys.exit(not admin.command("hello").get("isWritablePrimary"))
"""
NPM: Final = """\
#!/bin/sh
# Leaves what `make dashboard` has built where a build leaves it: the build itself is not what an image is tested for.
case $1 in
ci) mkdir -p node_modules/.bin && cp /usr/local/lib/node_modules/protoc-gen-es node_modules/.bin ;;
run) mkdir -p ../tunewright_gateway && cp -r /usr/local/lib/node_modules/pages ../tunewright_gateway/dashboard ;;
esac
"""
PLUGIN: Final = """\
#!/bin/sh
cat >/dev/null
printf '\\020\\001'  # it knows optional fields, and has nothing to write
"""


class SlimPython(PythonRoot):
    """In place of python:3-slim: with pip, which installs from wheels beside it and asks no index."""

    changes = (
        "ENV PATH=/opt/python/bin:/usr/local/bin:/usr/sbin:/usr/bin:/bin",
        "ENV LD_LIBRARY_PATH=/opt/python/lib",
        f"ENV PIP_NO_INDEX=1 PIP_FIND_LINKS={WHEELHOUSE}",
        'CMD ["python3"]',
    )
    left_out = LEFT_OUT - {"__pycache__"}

    def __init__(self, wheels: Path) -> None:
        super().__init__(["pip"])
        self._wheels = wheels

    def write(self, tar: tarfile.TarFile) -> None:
        super().write(tar)
        for name in SETTINGS:
            tar.add(Path("/", name), name)
        tar.add(self._wheels, WHEELHOUSE.lstrip("/"))

    def _write_binaries(self, tar: tarfile.TarFile) -> Iterator[Path]:
        yield from super()._write_binaries(tar)
        programs = [Path(shutil.which(name) or name) for name in DEBIANS]
        for path in [*programs, *(found for name in LIBRARIES for found in Path("/lib").glob(f"*-linux-gnu/{name}"))]:
            tar.add(path.resolve(), str(path).lstrip("/"))
            yield path


def python_image(engine: Engine) -> str:
    return engine.image("test/slim-python:1", lambda: SlimPython(wheelhouse()))


def node_image(engine: Engine, pages: Path) -> str:
    """Return the name of an image whose npm leaves these pages."""
    files = {f"pages/{path.relative_to(pages)}": path.read_text() for path in pages.rglob("*") if path.is_file()}
    return engine.built(
        f"FROM {engine.busybox}\nCOPY npm /usr/local/lib/node_modules/npm/bin/npm-cli.js\n"
        "COPY npm /usr/local/bin/node\n"
        "COPY protoc-gen-es /usr/local/lib/node_modules/\nCOPY pages /usr/local/lib/node_modules/pages\n",
        **{"npm": NPM, "protoc-gen-es": PLUGIN},
        **files,
    )


def kafka_image(engine: Engine) -> str:
    program = KAFKA.replace("JARS", str(fetched()))
    return _shell(engine, 'ENTRYPOINT ["/bin/kafka"]', kafka=program)


def mongodb_image(engine: Engine) -> str:
    server = MONGOD.replace("CHECKOUT", shlex.quote(str(CHECKOUT))).replace("TRANSACTION_S", str(TRANSACTION_S))
    programs = {"mongod": server, "mongosh": MONGOSH}
    return _shell(engine, "", **{name: text.replace("PYTHON", sys.executable) for name, text in programs.items()})


def mounted() -> list[str]:
    """Return the volumes that the containers of Kafka and MongoDB need."""
    java = Path(shutil.which("java") or "/usr/bin/java").resolve()
    wanted = ["/usr", "/lib", "/lib64", "/etc/alternatives", *map(str, Path("/etc").glob("java*"))]
    wanted += [str(java.parents[1]), sys.base_prefix, sys.prefix, str(fetched()), str(CHECKOUT)]
    found: list[str] = []
    for path in sorted({path for path in wanted if Path(path).exists()}):
        if not any(Path(path).is_relative_to(other) for other in found):
            found.append(path)
    return [f"{path}:{path}:ro" for path in found]


def wheelhouse() -> Path:
    """Return the folder of wheels; the first of several test processes fetches them."""
    declared, pins = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"], CHECKOUT / "constraints.txt"
    extras = [line for extra in _extras() for line in declared["optional-dependencies"][extra]]
    wanted = sorted([*declared["dependencies"], *extras, *BUILDERS])
    digest = hashlib.sha256("\n".join([*wanted, pins.read_text()]).encode()).hexdigest()[:12]
    folder = Path(sys.prefix, f"wheelhouse-{digest}")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _download(wanted, pins, folder)
    return folder


def _extras() -> set[str]:
    """Return those that any image has."""
    told = re.compile(r"^RUN python install.py (.+)$", re.MULTILINE)
    texts = [path.read_text() for path in CHECKOUT.glob("services/*/Dockerfile")]
    return {name for text in texts for line in told.findall(text) for name in line.split()}


def _download(wanted: list[str], pins: Path, folder: Path) -> None:
    partial = folder.with_suffix(".partial")
    words = ["download", "--quiet", "--disable-pip-version-check", "--constraint", str(pins), "--dest", str(partial)]
    done = subprocess.run([sys.executable, "-m", "pip", *words, *wanted], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise CannotStart(f"pip could not fetch wheels: {done.stderr.strip()[:500]}")
    partial.rename(folder)


def _shell(engine: Engine, instruction: str, **programs: str) -> str:
    copied = "".join(f"COPY {name} /bin/{name}\n" for name in programs)
    return engine.built(f"FROM {engine.busybox}\nENV PATH=/bin:/usr/bin\n{copied}{instruction}\n", **programs)
