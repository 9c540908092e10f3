"""What operators see of services apart: the log of one job through all of them, and what each one measures."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest
from docs.observed import PAGE

from tests.wire.fleet import Fleet, until
from tests.wire.trainings import job
from tunewright.core.spec import Strategy

pytestmark = pytest.mark.timeout(300)
OVER_WITHIN_S = 150
SERVICES = ("scheduler", "suggester", "trainer", "metrics")


def lines(fleet: Fleet, service: str) -> list[dict[str, Any]]:
    texts = [member.log.read_text() for member in fleet.members if member.service == service]
    return [json.loads(line) for text in texts for line in text.splitlines() if line.startswith("{")]


def of_job(fleet: Fleet, service: str, uid: str) -> list[dict[str, Any]]:
    return [line for line in lines(fleet, service) if line.get("job") == uid]


def test_the_log_of_a_job_is_found_in_every_service_by_its_uid_and_by_one_trace_id(fleet: Fleet) -> None:
    fleet.start_again()
    wanted = job(fleet.folder, "observed", strategy=Strategy.BAYESIAN, trainings=2)
    with fleet.client() as client:
        uid = client.create(wanted.spec).uid
        until(lambda: client.describe("observed").state.final, "the job has ended", OVER_WITHIN_S)
    for service in SERVICES:
        until(lambda service=service: bool(of_job(fleet, service, uid)), f"{service} has told of it", OVER_WITHIN_S)
    traces = {line["trace_id"] for service in SERVICES for line in of_job(fleet, service, uid) if "trace_id" in line}
    told = {service: {line["event"] for line in of_job(fleet, service, uid)} for service in SERVICES}
    assert "attempt ends" in told["trainer"]
    assert "suggested" in told["suggester"]
    assert {"created", "asked"} <= told["scheduler"]
    assert "output settled" in told["metrics"]
    (created,) = [line for line in of_job(fleet, "scheduler", uid) if line["event"] == "created"]
    assert created["trace_id"] in traces
    for service in SERVICES:
        assert created["trace_id"] in {line.get("trace_id") for line in of_job(fleet, service, uid)}, service
    trained = [line for line in of_job(fleet, "trainer", uid) if line["event"] == "attempt ends"]
    assert {line["training"] for line in trained} == {f"{uid}/000001", f"{uid}/000002"}


def test_every_process_exposes_what_the_page_says_and_nothing_else(fleet: Fleet) -> None:
    fleet.start_again()
    rows = re.findall(r"^\| `(tunewright_\w+)` \|.*\| ([\w, ]+) \|$", PAGE.read_text(), re.MULTILINE)
    only_with_containers = {"tunewright_trainer_image_pulls_total"}
    for member in fleet.members:
        promised = {name for name, of in rows if member.service in of.split(", ") or of == "all"}
        with urllib.request.urlopen(f"http://{member.http}/metrics", timeout=60) as response:
            text = response.read().decode()
        exposed = set(re.findall(r"^# TYPE (tunewright_\w+) ", text, re.MULTILINE))
        exposed = {name for name in exposed if not name.endswith("_created")}
        assert exposed - promised == set(), member.name
        assert promised - exposed <= only_with_containers, member.name
