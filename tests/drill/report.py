"""What was done, how long each recovery took, and what is wrong: for programs as JSON, for people as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.drill.recovery import Recovery


@dataclass(frozen=True, slots=True)
class Report:
    seed: int
    jobs: int
    trainings: int
    attempts: int
    """Leases that were granted: more than trainings where some were lost."""
    faults_s: float
    took_s: float
    """From the first job's creation until all have ended."""
    left_out: Sequence[str]
    """What this machine does not let us drill."""
    recoveries: Sequence[Recovery]
    failed: Sequence[str]
    """Trainings that the faults excuse, or do not, with their reasons."""
    wrong: Sequence[str]

    def write(self, folder: Path) -> None:
        (folder / "report.json").write_text(json.dumps(asdict(self), indent=2) + "\n")
        (folder / "report.md").write_text("\n".join(self.lines()) + "\n")

    def lines(self) -> Iterator[str]:
        verdict = f"{len(self.wrong)} things are wrong" if self.wrong else "nothing is wrong"
        yield f"# Drill {self.seed}: {verdict}"
        yield ""
        yield (
            f"{self.jobs} tuning jobs, {self.trainings} trainings under {self.attempts} leases, {self.took_s:.0f} s; "
            f"{len(self.recoveries)} faults in {self.faults_s:.0f} s."
        )
        yield from (f"Not drilled: {text}." for text in self.left_out)
        yield ""
        yield "| at, s | fault | lasted, s | hit | first progress, s | all, s |"
        yield "|---|---|---|---|---|---|"
        begins = min((recovery.deed.began_at for recovery in self.recoveries), default=0.0)
        for item in sorted(self.recoveries, key=lambda item: item.deed.began_at):
            deed = item.deed
            lasted = "had ended by itself" if deed.found_dead else f"{deed.ended_at - deed.began_at:.1f}"
            times = f"{_seconds(item.first_s)} | {_seconds(item.all_s)}"
            yield f"| {deed.began_at - begins:.1f} | {deed.fault} | {lasted} | {item.hit} | {times} |"
        yield ""
        yield from (f"- failed: {text}" for text in self.failed)
        yield from (f"- **wrong**: {text}" for text in self.wrong)


def _seconds(time_s: float | None) -> str:
    return "" if time_s is None else f"{time_s:.1f}"
