"""What `make check` makes of pip-audit's answer."""

from __future__ import annotations

from tests.audit import judged

SOUND = {"name": "a", "version": "1", "vulns": []}
FAULTS = [{"id": "CVE-1", "fix_versions": ["2.1"]}, {"id": "X", "fix_versions": []}]
WEAK = {"name": "b", "version": "2", "vulns": FAULTS}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


def test_a_vulnerability_fails_with_what_mends_it():
    code, lines = judged([SOUND, WEAK, UNKNOWN])
    assert code == 1
    assert lines[:2] == ["b 2: CVE-1, mended in 2.1", "b 2: X, mended in no release"]
    assert lines[-1] == "pip-audit: 2 packages, 2 vulnerabilities; 1 unknown"


def test_none_passes():
    assert judged([SOUND]) == (0, ["pip-audit: 1 packages, 0 vulnerabilities; 0 unknown"])


def test_where_nobody_can_be_asked_it_says_so_and_passes():
    for report, why in (("no route", "no route"), ([UNKNOWN], "not found on PyPI"), ([], "nothing was said")):
        code, (line,) = judged(report)
        assert code == 0
        assert line.startswith("pip-audit: skipped")
        assert why in line
