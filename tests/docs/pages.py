"""Blocks of code in the docs: where they stand, which are run, and how a page is run from its top to its bottom.

A block whose text before it ends with "`NAME`:" is the file NAME. Other blocks of python and sh are run where they
stand, all of a page in one shell, as a reader would type them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final = sorted([*DOCS.glob("*.md"), *DOCS.glob("integrations/*.md"), DOCS.parent / "README.md"])
LANGUAGES: Final = ("python", "yaml", "sh")
FENCED: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED: Final = re.compile(r"`(\w+\.\w+)`[^`\n]*:\s*$")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str
    file: str = ""
    """What the page calls it; empty: it is run where it stands."""

    @property
    def title(self) -> str:
        """Its first line, by which tests name it."""
        return self.text.splitlines()[0]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(path: Path) -> Iterator[Block]:
    """Yield a page's blocks of code; what is shown only, as output is, has no language."""
    text = path.read_text()
    for found in FENCED.finditer(text):
        language, code = found.groups()
        if language in LANGUAGES:
            before = text[: found.start()]
            named = NAMED.search(before.rstrip("\n"))
            page = str(path.relative_to(DOCS)) if path.is_relative_to(DOCS) else f"../{path.name}"
            yield Block(page, before.count("\n") + 1, language, code, named[1] if named else "")


def as_script(page: str, shown: set[str], folder: Path) -> str:
    """Return the shell script that a page is, without the blocks of those titles; their texts lie in the folder."""
    lines = ["set -eu -o pipefail"]
    for block in blocks_of(DOCS / page):
        if block.title in shown or (block.language == "yaml" and not block.file):
            continue
        lines.append(f"echo '=== {block}' >&2")
        written = folder / f"{block.line}.{block.language}"
        written.write_text(block.text)
        if block.file:
            lines.append(shlex.join(["cp", str(written), block.file]))
        elif block.language == "python":
            lines.append(shlex.join(["python", str(written)]))
        elif block.language == "sh":
            lines.append(block.text)
    return "\n".join(lines)
