"""Who reaches whom in a cluster: every pair of pods, against docs/distributed.md's drawing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.deploy import kustomized
from tests.deploy.kustomized import FOLDER, JOBS, of_kind, workloads
from tests.deploy.networks import Target, admits, connects

PORTS = (53, 80, 443, 6443, 7070, 8080, 9092, 9093, 27017)
CLIENT = Target("10.244.9.1", namespace="team", namespace_labels={"tunewright.dev/client": "true"})
PROMETHEUS = Target("10.244.9.2", namespace="monitoring", namespace_labels={"tunewright.dev/monitoring": "true"})
STRANGER = Target("10.244.9.3", namespace="default")
COLLECTOR = Target("10.244.9.4", 4318, namespace="otel", labels={"tunewright.dev/collector": "true"})
OUTSIDE = {"client": CLIENT, "prometheus": PROMETHEUS, "stranger": STRANGER}
TRAINERS = {"tunewright-trainer", "tunewright-trainer-gpu"}

CALLS = {
    *(("tunewright-scheduler", "tunewright-suggester", 7070), ("tunewright-gateway", "tunewright-scheduler", 7070)),
    *(("tunewright-gateway", "tunewright-metrics", 7070), ("jobs-trainer", "tunewright-scheduler", 7070)),
    *(("client", "tunewright-scheduler", 7070), ("client", "tunewright-metrics", 7070)),
    ("client", "tunewright-gateway", 8080),
    *(("prometheus", f"tunewright-{name}", 8080) for name in ("suggester", "scheduler", "metrics", "gateway")),
    ("prometheus", "jobs-trainer", 8080),
}
"""Wherever Kafka and MongoDB are, and without the pools of trainers."""


def policies(folder):
    return [*of_kind(folder, "NetworkPolicy"), *of_kind(JOBS, "NetworkPolicy")]


def ends(folder):
    pods = {
        "jobs-trainer" if one.folder == JOBS else one.name: Target(
            f"10.244.1.{number}", namespace=one.namespace, labels=one.labels
        )
        for number, one in enumerate(workloads(folder, JOBS))
    }
    training = Target("10.244.2.1", namespace="tunewright-trainings", labels={"tunewright.dev/network": "open"})
    isolated = Target("10.244.2.2", namespace="tunewright-trainings", labels={"tunewright.dev/network": "none"})
    nobody = Target("10.244.2.3", namespace="tunewright", labels={"app": "debug"})
    return {**pods, **OUTSIDE, "training": training, "isolated training": isolated, "nobody": nobody}


def allowed(folder, look):
    """Return all that may connect: from, to, port."""
    there, rules = ends(folder), policies(folder)
    inside = set(there) - set(OUTSIDE)
    return {
        (one, other, port)
        for one, other, port in product(there, inside, PORTS)
        if one != other and look(rules, there[one], replace(there[other], port=port))
    }


def of_pools(trainers):
    return {(one, "tunewright-scheduler", 7070) for one in trainers} | {("prometheus", one, 8080) for one in trainers}


BY_BOTH_AND_BY_WHO_IS_CALLED = pytest.mark.parametrize("look", [connects, admits])
"""What the called end shuts stays shut, whatever a caller's end is opened to."""


@BY_BOTH_AND_BY_WHO_IS_CALLED
def test_with_kafka_and_mongodb_beside_them_nobody_reaches_more_than_is_drawn(look):
    kafka = {"tunewright-scheduler", "tunewright-metrics", "tunewright-trainer", "jobs-trainer"}
    expected = CALLS | of_pools({"tunewright-trainer"})
    expected |= {(one, "tunewright-kafka", 9092) for one in kafka}
    expected |= {(one, "tunewright-mongodb", 27017) for one in ("tunewright-scheduler", "tunewright-metrics")}
    assert allowed("development", look) == expected


@BY_BOTH_AND_BY_WHO_IS_CALLED
def test_in_production_nobody_reaches_more_than_is_drawn(look):
    assert allowed("production", look) == CALLS | of_pools(TRAINERS)


@pytest.mark.parametrize(
    ("store", "callers"),
    [
        (Target("192.0.2.9", 9093), {"tunewright-scheduler", "tunewright-metrics", *TRAINERS}),
        (Target("192.0.2.200", 27017), {"tunewright-scheduler", "tunewright-metrics"}),
    ],
    ids=["Kafka", "MongoDB"],
)
def test_what_stands_elsewhere_is_reached_by_those_who_need_it(store, callers):
    rules, inside = policies("production"), ends("production")
    reached = {name for name, pod in inside.items() if pod.namespace == "tunewright" and connects(rules, pod, store)}
    assert reached == callers


@pytest.mark.parametrize("folder", ["development", "production"])
def test_of_the_world_trainers_reach_the_web_and_the_others_nothing(folder):
    rules, inside = policies(folder), ends(folder)
    web = {
        name
        for name, pod in inside.items()
        if pod.namespace == "tunewright" and connects(rules, pod, Target("52.216.1.1", 443))
    }
    assert web == TRAINERS & set(inside)
    for name in web:
        for closed in (
            *(Target("52.216.1.1", 27017), Target("169.254.169.254", 80), Target("10.96.0.1", 443)),
            *(Target("fd00:ec2::254", 80), Target("192.168.49.2", 6443)),
        ):
            assert not connects(rules, inside[name], closed)


@pytest.mark.parametrize("folder", ["development", "production"])
def test_who_calls_by_name_can_ask_for_it(folder):
    rules, inside = policies(folder), ends(folder)
    names = Target("10.244.0.3", 53, "UDP", namespace="kube-system")
    asking = {name for name, pod in inside.items() if pod.namespace == "tunewright" and connects(rules, pod, names)}
    silent = {"tunewright-kafka", "nobody"}
    assert asking == {name for name, pod in inside.items() if pod.namespace == "tunewright"} - silent


@pytest.mark.parametrize("folder", ["development", "production"])
def test_all_services_and_nobody_else_reach_a_collector_of_traces_by_the_label_that_the_readme_names(folder):
    rules, inside = policies(folder), {name: pod for name, pod in ends(folder).items() if name not in OUTSIDE}
    ours = {one.name if one.folder != JOBS else "jobs-trainer" for one in kustomized.ours(folder, JOBS)}
    assert {name for name, pod in inside.items() if connects(rules, pod, COLLECTOR)} == ours
    for closed in (replace(COLLECTOR, port=4319), replace(COLLECTOR, labels={})):
        assert not [name for name, pod in inside.items() if connects(rules, pod, closed)]
    assert "tunewright.dev/collector=true" in (FOLDER / "README.md").read_text()
