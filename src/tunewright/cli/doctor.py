"""`tunewright doctor`: why something waits and what to do; also where there is no server, or a part of one."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tunewright.cli.forms import Form
from tunewright.cli.output import record_of, show
from tunewright.cli.records import FINDING
from tunewright.cli.serving import answers, is_ours
from tunewright.cli.wording import duration, printable
from tunewright.client.address import Address, find
from tunewright.client.resources import Finding
from tunewright.core.causes import CAUSES
from tunewright.core.errors import InvalidSpec, NotFound, Unavailable

FAULTY: Final = 1
OUR_PEER: Final = "the server"
"""How an error calls the server that we have called; what it calls itself has another name."""


def doctor(job: str, data_dir: Path | None, *, form: Form) -> int:
    """Print what is found; return the exit code: 1 if somebody should look after it. Raises NotFound: no such job."""
    findings = _findings(job, data_dir)
    if findings or form is not Form.TABLE:
        show(form, [record_of(finding) for finding in findings], FINDING, lambda: _print(findings))
    else:
        print(f"{job}: nothing unusual to wait for." if job else "Nothing waits for anything unusual.")
    return FAULTY if any(is_fault(finding) for finding in findings) else 0


def is_fault(finding: Finding) -> bool:
    """Say whether somebody should look after it; a cause that a newer server names is taken for one."""
    return finding.cause not in CAUSES or CAUSES[finding.cause].fault


def _findings(job: str, data_dir: Path | None) -> list[Finding]:
    try:
        address = find(data_dir)
    except (NotFound, InvalidSpec) as error:
        return [found("NO_SERVER", why=str(error))]
    if not answers(address):
        return [_unreachable(address, "nobody listens there", data_dir)]
    from tunewright.client import Client  # gRPC loads for longer than the above takes

    with Client(address) as client:
        try:
            return client.operations.diagnose(job)
        except Unavailable as error:
            if error.peer != OUR_PEER:  # it answers; what it stands on does not
                return [found("STORE_UNREACHABLE", endpoint=address.endpoint, why=str(error))]
            return [_unreachable(address, str(error), data_dir)]


def _unreachable(address: Address, why: str, data_dir: Path | None) -> Finding:
    folder = f" --data-dir {data_dir}" if data_dir is not None else ""
    start = f"`tunewright local{folder}`" if is_ours(data_dir) else "`tunewright serve scheduler`, where it runs"
    return found("SCHEDULER_UNREACHABLE", endpoint=address.endpoint, why=why, start=start)


def found(cause: str, **told: Any) -> Finding:
    return Finding(cause, CAUSES[cause].text.format(**told), CAUSES[cause].remedy.format(**told))


def _print(findings: Sequence[Finding]) -> None:
    """Print a table for people, in colour; lines with tabs between them for programs."""
    if not sys.stdout.isatty():
        for finding in findings:
            print(
                "\t".join(printable(text).replace("\n", " ") for text in (finding.cause, finding.text, finding.remedy))
            )
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 1, 1, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for finding in findings:
        said = Text(printable(finding.text), style="bold")
        if finding.since is not None:
            said.append(f"  (for {duration(max(0.0, time.time() - finding.since))})", style="dim")
        said.append(f"\n→ {printable(finding.remedy)}", style="green")
        table.add_row(Text(finding.cause, style="bold red" if is_fault(finding) else "yellow"), said)
    Console(highlight=False).print(table)
