"""Generate src/tunewright/v1 and src/tunewright/events/v1 from the .proto files.

`--check` only says whether they are fresh. `--typescript` writes what the dashboard is built with, once its npm
packages are there.

Package names equal Python paths, so protoc's own output imports as it is.
"""

from __future__ import annotations

import filecmp
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from google.rpc import error_details_pb2
from grpc_tools import protoc

PROTO = Path(__file__).parent
SOURCE = PROTO.parent / "src"
DASHBOARD = PROTO.parent / "services/gateway/dashboard"


def generate(into: Path) -> list[Path]:
    """Write the generated modules below `into`; return their paths relative to it."""
    inputs = _inputs("tunewright/**/*.proto")
    outputs = [f"--python_out={into}", f"--pyi_out={into}"]
    services = [name for name in inputs if name.endswith("_service.proto")]
    _protoc(*outputs, *inputs)
    _protoc(f"--grpc_python_out={into}", *services)
    return sorted(path.relative_to(into) for path in into.rglob("*_pb2*.py*"))


def generate_typescript() -> None:
    """Write the messages that a browser knows, and those of errors."""
    into, plugin = DASHBOARD / "src/generated", DASHBOARD / "node_modules/.bin/protoc-gen-es"
    into.mkdir(parents=True, exist_ok=True)
    errors = ["google/rpc/error_details.proto"]
    _protoc(f"--plugin={plugin}", f"--es_out={into}", "--es_opt=target=ts", *_inputs("tunewright/v1/*.proto"), *errors)


def _inputs(pattern: str) -> list[str]:
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.glob(pattern))


def _protoc(*arguments: str) -> None:
    googles = Path(error_details_pb2.__file__).parents[2]
    includes = [f"-I{PROTO}", f"-I{files('grpc_tools') / '_proto'}", f"-I{googles}"]
    if protoc.main(["protoc", *includes, *arguments]) != 0:
        sys.exit("protoc failed")


def check() -> None:
    with tempfile.TemporaryDirectory() as folder:
        stale = [
            name
            for name in generate(Path(folder))
            if not (SOURCE / name).exists() or not filecmp.cmp(Path(folder) / name, SOURCE / name, shallow=False)
        ]
    if stale:
        sys.exit(f"generated code is stale, run `make proto`: {', '.join(map(str, stale))}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--check"]:
            check()
        case ["--typescript"]:
            generate_typescript()
        case _:
            generate(SOURCE)
