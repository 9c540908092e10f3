"""What NetworkPolicies let pods reach, as Kubernetes documents it: rules add up, what no rule names is shut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Labels = Mapping[str, str]
Policies = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Target:
    """An end of a connection. A pod is its address too: to some network plugins blocks of addresses are also pods."""

    address: str
    port: int = 443
    protocol: str = "TCP"
    namespace: str = ""
    """Of the pod; empty: it is none."""
    namespace_labels: Labels = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)


def connects(policies: Policies, source: Target, target: Target) -> bool:
    """Say whether both ends allow it; the port is the target's. Each policy is of the namespace that it names."""
    ours = _of_namespace(policies, source.namespace)
    return reaches(ours, source.namespace, source.labels, target) and admits(policies, source, target)


def reaches(policies: Policies, namespace: str, labels: Labels, target: Target) -> bool:
    """Say whether the policies of a namespace let a pod with these labels connect to the target."""
    ours = _for(policies, labels, "Egress")
    return not ours or any(
        _has_port(rule, target) and _is_one_of(rule.get("to"), namespace, target)
        for one in ours
        for rule in one.get("egress", ())
    )


def admits(policies: Policies, source: Target, target: Target) -> bool:
    """Say whether the target's end alone allows it."""
    ours = _for(_of_namespace(policies, target.namespace), target.labels, "Ingress")
    return not ours or any(
        _has_port(rule, target) and _is_one_of(rule.get("from"), target.namespace, source)
        for one in ours
        for rule in one.get("ingress", ())
    )


def _of_namespace(policies: Policies, namespace: str) -> Policies:
    return [one for one in policies if namespace and one["metadata"]["namespace"] == namespace]


def _for(policies: Policies, labels: Labels, direction: str) -> list[Mapping[str, Any]]:
    specs = [policy["spec"] for policy in policies]
    return [one for one in specs if selects(one["podSelector"], labels) and direction in one["policyTypes"]]


def _has_port(rule: Mapping[str, Any], target: Target) -> bool:
    ports = rule.get("ports")
    return not ports or any(
        one.get("port", target.port) == target.port and one.get("protocol", "TCP") == target.protocol for one in ports
    )


def _is_one_of(peers: Policies | None, namespace: str, end: Target) -> bool:
    return not peers or any(_is_meant(peer, namespace, end) for peer in peers)


def _is_meant(peer: Mapping[str, Any], namespace: str, end: Target) -> bool:
    if (block := peer.get("ipBlock")) is not None:
        address = ip_address(end.address)
        return address in ip_network(block["cidr"]) and not any(
            address in ip_network(one) for one in block.get("except", ())
        )
    if not end.namespace:
        return False
    if "namespaceSelector" in peer:
        there = {"kubernetes.io/metadata.name": end.namespace, **end.namespace_labels}
        if not selects(peer["namespaceSelector"], there):
            return False
    elif end.namespace != namespace:
        return False
    return selects(peer.get("podSelector", {}), end.labels)


def selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    assert set(selector) <= {"matchLabels", "matchExpressions"}, "no other kind of selector is understood here"
    for rule in selector.get("matchExpressions", ()):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()
