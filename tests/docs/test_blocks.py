"""All code in the docs is run by a test or shown for a reason, and is right as far as that can be read off it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, Block, blocks_of
from tests.docs.register import NEEDS, RUN_ELSEWHERE, RUN_WHOLE, SHOWN
from tunewright.cli.written import from_file

ROOT = DOCS.parent
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
LINKED = [
    ROOT / "README.md",
    *sorted([*DOCS.glob("**/*.md"), *ROOT.glob("services/*/README.md")]),
    ROOT / "bench/suggester/README.md",
]
LEAST_JOB = "script: train.py\nminimize: loss\nparams: {x: 0.0..1.0}\n"


def _is_job(block: Block) -> bool:
    return block.language == "yaml" and block.title not in SHOWN.get(block.page, {})


def test_every_block_is_run_or_shown_for_a_reason() -> None:
    forgotten = [
        str(block)
        for block in BLOCKS
        if block.language != "yaml"  # a job file is read below; a page that runs one runs it
        and block.page not in RUN_WHOLE
        and block.page not in RUN_ELSEWHERE
        and block.title not in SHOWN.get(block.page, {})
    ]
    assert not forgotten, "run it, or say in tests/docs/register.py why it is only shown"


def test_the_register_names_what_there_is() -> None:
    titles = {(block.page, block.title) for block in BLOCKS}
    assert {(page, title) for page, shown in SHOWN.items() for title in shown} <= titles
    assert {*RUN_WHOLE, *RUN_ELSEWHERE} <= {block.page for block in BLOCKS}
    assert set(NEEDS) <= set(RUN_WHOLE)
    for page, test in RUN_ELSEWHERE.items():
        assert page in (ROOT / test).read_text(), f"{test} does not read {page}"


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=str)
def test_python_is_python(block: Block) -> None:
    ast.parse(block.text)


@pytest.mark.parametrize("block", [block for block in BLOCKS if _is_job(block)], ids=str)
def test_a_job_file_is_one(block: Block, tmp_path: Path) -> None:
    """A part of one is read as part of the least job that there is."""
    for script in ("train.py", *re.findall(r"^script: (\S+)", block.text, re.MULTILINE)):
        (tmp_path / script).touch()
    for data in re.findall(r"data/\w+", block.text):
        (tmp_path / data).mkdir(parents=True)
    interpreter = tmp_path / ".venv/bin/python"
    interpreter.parent.mkdir(parents=True)
    interpreter.symlink_to(sys.executable)
    (tmp_path / "job.yaml").write_text(block.text if "params:" in block.text else LEAST_JOB + block.text)
    assert from_file(tmp_path / "job.yaml", "job").spec.definitions


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    astray = [link for link in _links(page) if not _leads_somewhere(page, link)]
    assert not astray


def test_every_page_is_in_the_index() -> None:
    index = set(_links(DOCS / "README.md"))
    assert {str(page.relative_to(DOCS)) for page in DOCS.glob("**/*.md")} - index - {"README.md"} == {
        str(page.relative_to(DOCS)) for page in DOCS.glob("adr/0*.md")
    }


def _links(page: Path) -> Iterator[str]:
    """Yield the relative links of a page, outside of its code."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in link and not link.startswith("mailto:"):
            yield link


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in _anchors(target.read_text()))


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
