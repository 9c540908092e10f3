"""An archive of a user's: what is in it comes into the folder, and nothing of it comes anywhere else."""

from __future__ import annotations

import io
import shutil
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunewright_trainer import unpacking
from tunewright_trainer.storage.port import quietly
from tunewright_trainer.unpacking import Unusable, unpack

Entry = tuple[str, bytes, str]
"""Name, kind, and what it holds or where it leads."""

FOLDER, LINK, NAME, FILE = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.REGTYPE


def write(path: Path, entries: list[Entry], mode: int = 0o644) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, mode
            if kind == FILE:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content.encode()))
            else:
                entry.linkname = content
                tar.addfile(entry)
    return path


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[..., Path]:
    """Unpack entries four folders deep, and return where."""

    def unpacked(*entries: Entry) -> Path:
        code = tmp_path / "of" / "an" / "attempt" / "code"
        code.mkdir(parents=True)
        unpack(write(tmp_path / "archive", list(entries)), code, 1, quietly)
        return code

    return unpacked


def outside(root: Path) -> list[str]:
    found = (str(path.relative_to(root)) for path in root.rglob("*"))
    return [path for path in found if path != "archive" and not path.startswith("of/an/attempt/code/")]


NOTHING = ["of", "of/an", "of/an/attempt", "of/an/attempt/code"]


def deep_links() -> Iterator[Entry]:
    """Yield what leads past Python's filter: a path that is too long to be resolved, by way of links, and out of it."""
    word, steps, path = "d" * 247, "abcdefghijklmnop", ""
    for step in steps:
        yield f"{path}{word}", FOLDER, ""
        yield f"{path}{step}", LINK, word
        path += f"{word}/"
    long = f"{'/'.join(steps)}/{'l' * 254}"
    yield long, LINK, "../" * len(steps)
    yield "escape", LINK, f"{long}/../../.."
    yield "escape/pwned", FILE, "owned"


@pytest.mark.parametrize(
    "entries",
    [
        list(deep_links()),
        [("../stolen", FILE, "x")],
        [("a/../../stolen", FILE, "x")],
        [("out", LINK, ".."), ("out/stolen", FILE, "x")],
        [("out", LINK, "/etc")],
        [("a", FOLDER, ""), ("a/out", LINK, "../..")],
        [("here", LINK, "."), ("out", LINK, "here/.."), ("out/stolen", FILE, "x")],
        [("in", FOLDER, ""), ("way", LINK, "in"), ("way/file", FILE, "behind a link")],
        [("in/link", LINK, "../file"), ("file", FILE, "x"), ("same", NAME, "in/link")],
        [("same", NAME, "../archive")],
        [("same", NAME, "not-there")],
        [("same", NAME, "")],
        [("empty", LINK, "")],
        [("pipe", tarfile.FIFOTYPE, "")],
        [("disk", tarfile.BLKTYPE, "")],
        [("file", FILE, "x"), ("file/below", FILE, "y")],
        [("folder/x", FILE, "x"), ("folder", FILE, "y")],
        [("/".join("f" * 100), FOLDER, "")],
        [("x" * 300, FOLDER, "")],
        [("x/" * 1000, FOLDER, "")],
    ],
)
def test_what_leads_elsewhere_or_is_no_file_is_refused_and_nothing_is_written_there(unpacked, tmp_path, entries):
    with pytest.raises(Unusable):
        unpacked(*entries)
    assert sorted(outside(tmp_path)) == NOTHING


def test_what_a_packed_folder_holds(unpacked):
    code = unpacked(
        (".", FOLDER, ""),
        ("./empty", FOLDER, ""),
        ("./train.py", FILE, "old"),
        ("./train.py", FILE, "print(1)"),
        ("/absolute", FILE, "as tar packs with -P"),
        ("deep/lib.py", FILE, "x"),
        ("deep/up.py", LINK, "../train.py"),
        ("deep/again.py", NAME, "./train.py"),
        ("dangling", LINK, "later"),
        ("deep", FOLDER, ""),
    )
    files = {str(path.relative_to(code)): path.read_text() for path in code.rglob("*") if path.is_file()}
    assert files == {
        "train.py": "print(1)",
        "absolute": "as tar packs with -P",
        "deep/lib.py": "x",
        "deep/up.py": "print(1)",
        "deep/again.py": "print(1)",
    }
    assert (code / "empty").is_dir()
    assert (code / "dangling").is_symlink()


@pytest.mark.parametrize(
    ("packed", "mode"), [(0o4755, 0o755), (0o777, 0o755), (0o644, 0o644), (0o666, 0o644), (0, 0o600)]
)
def test_who_may_run_a_file_is_kept_and_nothing_more(tmp_path, packed, mode):
    code = tmp_path / "code"
    code.mkdir()
    unpack(write(tmp_path / "archive", [("run", FILE, "go")], packed), code, 1, quietly)
    assert (code / "run").stat().st_mode & 0o7777 == mode


WORDS = st.sampled_from(["a", "b", "..", ".", ""])
PATHS = st.lists(WORDS, min_size=1, max_size=4).map("/".join)
ENTRIES = st.lists(
    st.one_of(
        st.tuples(PATHS, st.just(FILE), st.just("x")),
        st.tuples(PATHS, st.sampled_from([FOLDER, LINK, NAME]), PATHS),
    ),
    max_size=8,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES)
def test_whatever_an_archive_holds_no_link_of_it_leads_out(tmp_path_factory, entries):
    root = tmp_path_factory.mktemp("any")
    code = root / "of" / "an" / "attempt" / "code"
    code.mkdir(parents=True)
    archive = write(root / "archive", entries)
    with suppress(Unusable):
        unpack(archive, code, 1, quietly)
    assert sorted(outside(root)) == NOTHING
    for path in code.rglob("*"):
        try:
            real = path.resolve()
        except RuntimeError:  # links in a circle lead nowhere
            continue
        assert real.is_relative_to(code)


def test_an_archive_of_very_many_members_is_refused_before_they_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 1000)
    archive = write(tmp_path / "archive", [(str(number), FOLDER, "") for number in range(20_000)])
    tracemalloc.start()
    with pytest.raises(Unusable, match="more than 1000 files and folders"):
        unpack(archive, tmp_path, 1, quietly)
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()


def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path):
    with tarfile.open(tmp_path / "archive", "w:gz") as tar:
        header = tarfile.TarInfo("long")
        header.type, header.size = tarfile.XHDTYPE, 2**26
        tar.addfile(header, io.BytesIO(bytes(2**26)))
    tracemalloc.start()
    with pytest.raises(Unusable):
        unpack(tmp_path / "archive", tmp_path, 1, quietly)
    assert tracemalloc.get_traced_memory()[1] < 2**23
    tracemalloc.stop()


def test_names_of_one_file_need_room_each_for_they_become_copies(tmp_path):
    archive = write(
        tmp_path / "archive", [("large", FILE, "x" * 2**20), *((str(n), NAME, "./large") for n in range(9))]
    )
    copies = shutil.disk_usage(tmp_path).free // (10 * 2**20) + 1
    with pytest.raises(OSError, match="the code has"):
        unpack(archive, tmp_path, copies, quietly)
