"""What is in the tests' images: a shell, and the Python that runs the tests."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

FOLDERS: Final = ("bin", "etc", "proc", "sys", "dev", "root", "usr/bin", "lib64", "opt/ml", "tmp")
PASSWD: Final = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
GROUP: Final = "root:x:0:\nnogroup:x:65534:\n"
LEFT_OUT: Final = frozenset(
    {"test", "tests", "site-packages", "idlelib", "tkinter", "lib2to3", "ensurepip", "__pycache__", "turtledemo"}
)
VERSION: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"


class Busybox:
    changes: tuple[str, ...] = ("ENV PATH=/bin", 'CMD ["/bin/sh"]')

    def write(self, tar: tarfile.TarFile) -> None:
        for folder in FOLDERS:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        busybox = shutil.which("busybox") or "/bin/busybox"
        tar.add(Path(busybox).resolve(), "bin/busybox")
        listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
        for command in listed:
            if command != "busybox":
                add_link(tar, f"bin/{command}", "busybox")
        add_link(tar, "usr/bin/env", "/bin/env")
        add_file(tar, "etc/passwd", PASSWD)
        add_file(tar, "etc/group", GROUP)


class PythonRoot(Busybox):
    """Busybox, the interpreter with its library, and installed distributions with all that they require."""

    changes = (
        "ENV PATH=/opt/python/bin:/bin",
        "ENV LD_LIBRARY_PATH=/opt/python/lib",
        "ENV PYTHONDONTWRITEBYTECODE=1",
        'CMD ["python3"]',
    )

    left_out: frozenset[str] = LEFT_OUT
    """Of Python's own library."""

    def __init__(self, distributions: Iterable[str]) -> None:
        self._distributions = distributions

    def write(self, tar: tarfile.TarFile) -> None:
        super().write(tar)
        binaries = list(self._write_binaries(tar))
        for name in _closure(self._distributions):
            binaries += _write_distribution(tar, name)
        for library in sorted(_shared_libraries(binaries) - set(binaries)):
            tar.add(library.resolve(), str(library).lstrip("/"))

    def _write_binaries(self, tar: tarfile.TarFile) -> Iterator[Path]:
        interpreter = Path(sys.base_prefix, "bin", VERSION)
        tar.add(interpreter.resolve(), f"opt/python/bin/{VERSION}")
        yield interpreter
        for name in ("python3", "python"):
            add_link(tar, f"opt/python/bin/{name}", VERSION)
        for shared in Path(sys.base_prefix, "lib").glob("libpython3*.so*"):
            tar.add(shared, f"opt/python/lib/{shared.name}")
        library = Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix}))
        tar.add(library, f"opt/python/lib/{VERSION}", filter=self._wanted)
        yield from library.glob("lib-dynload/*.so")

    def _wanted(self, entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        name = Path(entry.name).name
        unwanted = name in self.left_out or name.startswith(("config-", "_tkinter", "_test"))
        return None if unwanted else entry


def _closure(names: Iterable[str]) -> list[str]:
    """Return these distributions and what they require, as far as it is installed."""
    wanted, found = list(names), []
    while wanted:
        name = wanted.pop()
        if name.lower() in found:
            continue
        try:
            required = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another system, or an extra's
        found.append(name.lower())
        requirements = [Requirement(text) for text in required]
        wanted += [item.name for item in requirements if item.marker is None or item.marker.evaluate({"extra": ""})]
    return sorted(found)


def _write_distribution(tar: tarfile.TarFile, name: str) -> list[Path]:
    """Write its files, console scripts with this image's interpreter; return the shared libraries."""
    site = Path("opt/python/lib", VERSION, "site-packages")
    binaries = []
    for file in distribution(name).files or []:
        path = Path(str(file.locate())).resolve()
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        if file.parts[0] == "..":
            if path.parent.name == "bin":
                script = path.read_text(errors="replace").partition("\n")[2]
                add_file(tar, f"opt/python/bin/{path.name}", f"#!/opt/python/bin/python3\n{script}", 0o755)
            continue
        tar.add(path, str(site / file))
        if ".so" in path.suffixes:
            binaries.append(path)
    return binaries


def _shared_libraries(binaries: list[Path]) -> set[Path]:
    """Return the system's libraries that they are linked with, and the loader."""
    said = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False).stdout
    found = set()
    for line in said.splitlines():
        words = line.split()
        path = words[2] if len(words) > 2 and words[1] == "=>" else words[0] if words else ""
        if path.startswith(("/lib", "/usr")) and not path.endswith(":"):
            found.add(Path(path))
    return found


def add_file(tar: tarfile.TarFile, name: str, content: str, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content.encode()), mode
    tar.addfile(entry, io.BytesIO(content.encode()))


def add_link(tar: tarfile.TarFile, name: str, to: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, to
    tar.addfile(entry)
