"""What scales: against the schemas of those who read it, against what it scales, and asked of a real Prometheus."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest
import yaml

from tests.deploy.kustomized import FOLDER, JOBS, built, of_kind, ours
from tests.deploy.networks import selects

README = (FOLDER / "README.md").read_text()
WORKLOADS = {one.name: one for one in ours("production")}
SCALED = of_kind("production", "ScaledObject")
BALANCED = of_kind("production", "HorizontalPodAutoscaler")


def each(cases):
    return pytest.mark.parametrize("scaling", cases, ids=lambda one: one["metadata"]["name"])


@pytest.fixture(scope="module")
def models():
    """Return models that are made from the CustomResourceDefinitions of KEDA and of the Prometheus operator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of theirs
        from cloudcoil.models.keda.v1alpha1 import ScaledObject
        from cloudcoil.models.prometheus_operator.v1 import PodMonitor, PrometheusRule
    return {one.__name__: one for one in (ScaledObject, PodMonitor, PrometheusRule)}


def test_what_keda_and_the_operator_read_is_as_their_schemas_say(models):
    read = [one for one in built("production") if one["kind"] in models]
    assert {one["kind"] for one in read} == {"ScaledObject", "PodMonitor"}
    for manifest in read:
        models[manifest["kind"]].model_validate(manifest, extra="forbid")
        with pytest.raises(ValueError, match="Extra inputs"):
            models[manifest["kind"]].model_validate({**manifest, "spec": {**manifest["spec"], "x": 1}}, extra="forbid")


@each([*SCALED, *BALANCED])
def test_what_is_scaled_is_there_and_is_not_set_back_by_the_next_apply(scaling):
    target = scaling["spec"]["scaleTargetRef"]
    manifest = WORKLOADS[target["name"]].manifest
    assert (manifest["apiVersion"], manifest["kind"]) == (target["apiVersion"], target["kind"])
    assert "replicas" not in manifest["spec"]


def test_every_pool_suggester_and_gateway_scales_and_nothing_else_does():
    assert {one["spec"]["scaleTargetRef"]["name"] for one in SCALED} == {
        name for name, one in WORKLOADS.items() if one.service == "trainer"
    }
    assert {one["spec"]["scaleTargetRef"]["name"] for one in BALANCED} == {
        *("tunewright-suggester", "tunewright-gateway"),
    }
    for name in ("tunewright-scheduler", "tunewright-metrics"):
        assert WORKLOADS[name].manifest["spec"]["replicas"] == 2


@each(BALANCED)
def test_replicas_follow_a_share_of_the_cpu_that_is_requested(scaling):
    spec = scaling["spec"]
    (metric,) = spec["metrics"]
    assert metric["resource"]["name"] == "cpu"
    assert metric["resource"]["target"]["type"] == "Utilization"
    assert "cpu" in WORKLOADS[spec["scaleTargetRef"]["name"]].container["resources"]["requests"]
    assert 2 <= spec["minReplicas"] < spec["maxReplicas"]
    behavior = spec["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] > behavior["scaleUp"]["stabilizationWindowSeconds"]


def trigger(scaling):
    (only,) = scaling["spec"]["triggers"]
    return only


@each(SCALED)
def test_trainers_follow_their_own_pools_trainings_by_the_slots_that_each_has(scaling):
    trainer = WORKLOADS[scaling["spec"]["scaleTargetRef"]["name"]]
    variables = trainer.environment(trainer.container)
    told = trigger(scaling)
    assert (told["type"], told["metricType"]) == ("prometheus", "AverageValue")
    assert told["metadata"]["threshold"] == variables["TUNEWRIGHT_SLOTS"]
    assert f'pool="{variables["TUNEWRIGHT_POOL"]}"' in told["metadata"]["query"]
    assert "lag" not in str(told)


@each(SCALED)
def test_a_trainer_that_was_taken_away_is_gone_before_the_next_are(scaling):
    trainer = WORKLOADS[scaling["spec"]["scaleTargetRef"]["name"]]
    down = scaling["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    grace_s = trainer.pod["terminationGracePeriodSeconds"]
    assert all(policy["periodSeconds"] >= grace_s for policy in down["policies"])
    assert down["stabilizationWindowSeconds"] >= 300
    assert scaling["spec"]["cooldownPeriod"] >= 300


def test_only_the_pool_with_gpus_goes_down_to_none():
    assert {one["metadata"]["name"]: one["spec"]["minReplicaCount"] for one in SCALED} == {
        "tunewright-trainer": 1,
        "tunewright-trainer-gpu": 0,
    }


def counted(instance, pool, *, queued=None, running=None, ago_s=0):
    """Yield what a scheduler tells that has counted so long before it is asked, of a pool that it may not know."""
    yield f'tunewright_census_timestamp_seconds{{instance="{instance}"}}', ASKED_S - ago_s
    for state, count in {"queued": queued, "running": running}.items():
        if count is not None:
            yield f'tunewright_pool_trainings{{pool="{pool}",state="{state}",instance="{instance}"}}', count


ASKED_S = 600


@pytest.mark.parametrize(
    ("schedulers", "answer"),
    [
        ([{"queued": 3, "running": 4}, {"queued": 3, "running": 4}], 7),
        ([{"queued": 3, "running": 4}, {"queued": 2, "running": 5}], 8),
        ([{"running": 4}], 4),
        ([{"queued": 9, "running": 9, "ago_s": 300}, {"queued": 0, "running": 1}], 1),
        ([{}, {}], 0),
        ([{"queued": 3, "running": 4, "ago_s": 300}], None),
        ([], None),
    ],
    ids=["two tell the same", "one is ahead", "none queued", "one lost the store", "no such pool", "all did", "none"],
)
@each(SCALED)
def test_prometheus_answers_with_all_trainings_of_a_pool_once(tmp_path, scaling, schedulers, answer):
    """Another pool is none of ours. No answer: everything stays as it is."""
    promtool = shutil.which("promtool")
    if promtool is None:
        assert "CI" not in os.environ, "apt-get install prometheus"
        pytest.skip("promtool is not installed")
    trainer = WORKLOADS[scaling["spec"]["scaleTargetRef"]["name"]]
    pool = trainer.environment(trainer.container)["TUNEWRIGHT_POOL"]
    told = dict(
        one
        for number, scheduler in enumerate(schedulers)
        for of, counts in ((pool, scheduler), ("other", {**scheduler, "queued": 50}))
        for one in counted(f"10.244.1.{number}:8080", of, **counts)
    )
    query = {"expr": trigger(scaling)["metadata"]["query"], "eval_time": f"{ASKED_S}s"}
    query["exp_samples"] = [] if answer is None else [{"labels": "{}", "value": answer}]
    series = [{"series": name, "values": f"{value}x20"} for name, value in told.items()]
    test = {"interval": "60s", "input_series": series, "promql_expr_test": [query]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"evaluation_interval": "60s", "tests": [test]}))
    done = subprocess.run(
        [promtool, "test", "rules", str(tmp_path / "test.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_pod_is_scraped_at_a_port_that_it_has():
    (monitor,) = of_kind("production", "PodMonitor")
    for workload in ours("production", JOBS):
        assert workload.namespace in monitor["spec"]["namespaceSelector"]["matchNames"]
        assert selects(monitor["spec"]["selector"], workload.labels)
        assert workload.labels[monitor["spec"]["jobLabel"]] == f"tunewright-{workload.service}", "alerts are by job"
        ports = {one["name"] for one in workload.container["ports"]}
        (endpoint,) = [one for one in monitor["spec"]["podMetricsEndpoints"] if one["port"] in ports]
        assert endpoint["path"] == "/metrics"
        probed = workload.container["readinessProbe"]["httpGet"].get("scheme", "HTTP")
        assert endpoint.get("scheme", "http") == probed.lower()


def test_the_readme_makes_a_rule_of_the_operator_from_our_alerts(models, tmp_path: Path):
    alerts = tmp_path / "deploy/observability/alerts.yml"
    alerts.parent.mkdir(parents=True)
    groups = {"groups": [{"name": "tunewright", "rules": [{"alert": "Down", "expr": "up == 0", "for": "5m"}]}]}
    alerts.write_text(yaml.safe_dump(groups))
    (written,) = re.findall(r"^ +(\{ printf .*?; \}) \| kubectl apply", README, re.DOTALL | re.MULTILINE)
    done = subprocess.run(["bash", "-c", written], cwd=tmp_path, capture_output=True, text=True, check=True)
    rule = yaml.safe_load(done.stdout)
    assert rule["spec"] == groups
    models["PrometheusRule"].model_validate(rule, extra="forbid")
