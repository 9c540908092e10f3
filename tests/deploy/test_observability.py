"""Alert rules, Prometheus' configuration and the dashboard: what the real programs say of them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.observability.grafana.dashboard import FILE, text
from docs.observed import PAGE, exposed, table
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
NAME = re.compile(r"\btunewright_[a-z_]+")
SAMPLES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def promtool(*words: str) -> str:
    done = subprocess.run(["promtool", *words], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def panels() -> Iterator[dict[str, Any]]:
    yield from (panel for panel in json.loads(FILE.read_text())["panels"] if panel["type"] != "row")


def drawn() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_prometheus_takes_the_configuration_and_the_rules():
    assert "SUCCESS" in promtool("check", "config", "prometheus.yml")


def test_each_alert_comes_when_it_should():
    promtool("test", "rules", "alerts_test.yml")
    tested = (FOLDER / "alerts_test.yml").read_text()
    assert [rule["alert"] for rule in rules() if rule["alert"] not in tested] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_says_what_to_do_and_where_to_read_on(rule):
    told = rule["annotations"]
    assert told["summary"].endswith(".")
    assert told["do"].endswith(".")
    page, _, anchor = told["link"].partition("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), re.MULTILINE)
    assert not anchor or anchor in {re.sub(r"[^a-z0-9 -]", "", name.lower()).replace(" ", "-") for name in headings}


def test_rules_and_dashboard_name_nothing_that_is_not_exposed():
    samples = {name + end for name, kind in exposed().items() for end in SAMPLES[kind]}
    named = {name for text in (*drawn(), *(rule["expr"] for rule in rules())) for name in NAME.findall(text)}
    assert named - samples == set()


def test_the_page_has_every_metric_that_a_service_exposes():
    assert table() in PAGE.read_text(), "put what python -m docs.observed prints into docs/observability.md"


def test_each_query_of_the_dashboard_is_promql(tmp_path: Path):
    recorded = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(drawn())]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    assert f"{len(recorded)} rules found" in promtool("check", "rules", str(file))


def test_the_dashboard_is_as_its_program_writes_it():
    assert FILE.read_text() == text(), "run python deploy/observability/grafana/dashboard.py"


def test_grafanas_own_types_know_every_field_of_the_dashboard():
    register_default_plugins()
    given = json.loads(FILE.read_text())
    understood = json.loads(JSONEncoder().encode(Dashboard.from_json(given)))
    assert list(_lost(given, understood)) == []


def _lost(given: Any, understood: Any, path: str = "") -> Iterator[str]:
    """Yield where something was given that did not come back the same."""
    match given:
        case dict():
            for name, value in given.items():
                yield from _lost(value, understood.get(name), f"{path}/{name}")
        case list():
            for index, value in enumerate(given):
                yield from _lost(value, understood[index], f"{path}/{index}")
        case _ if given != understood:
            yield f"{path}: {given!r} became {understood!r}"
        case _:
            pass


def test_grafana_finds_the_dashboard_and_its_source():
    provisioning = FOLDER / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels()} == {source["uid"]}
    assert yaml.safe_load((provisioning / "dashboards" / "tunewright.yml").read_text())["providers"]
