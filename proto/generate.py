"""Generate src/tunewright/v1 and src/tunewright/events/v1 from the .proto files.

`--check` only says whether they are fresh.

Package names equal Python paths, so protoc's own output imports as it is.
"""

from __future__ import annotations

import filecmp
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

PROTO = Path(__file__).parent
SOURCE = PROTO.parent / "src"


def generate(into: Path) -> list[Path]:
    """Write the generated modules below `into`; return their paths relative to it."""
    inputs = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("tunewright/**/*.proto"))
    includes = [f"-I{PROTO}", f"-I{files('grpc_tools') / '_proto'}"]
    outputs = [f"--python_out={into}", f"--pyi_out={into}"]
    services = [name for name in inputs if name.endswith("_service.proto")]
    for arguments in ([*outputs, *inputs], [f"--grpc_python_out={into}", *services]):
        if protoc.main(["protoc", *includes, *arguments]) != 0:
            sys.exit("protoc failed")
    return sorted(path.relative_to(into) for path in into.rglob("*_pb2*.py*"))


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
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        generate(SOURCE)
