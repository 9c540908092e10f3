"""What a NetworkPolicy lets a pod reach, as Kubernetes documents it: rules add up, what no rule names is shut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """Where a connection goes. A pod is its address too: to some network plugins blocks of addresses are also pods."""

    address: str
    port: int = 443
    protocol: str = "TCP"
    namespace: str = ""
    """Of the pod; empty: it is none."""
    namespace_labels: Labels = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)


def reaches(policies: Sequence[Mapping[str, Any]], namespace: str, labels: Labels, target: Target) -> bool:
    """Say whether the policies of a namespace let a pod with these labels connect to the target."""
    specs = [policy["spec"] for policy in policies]
    ours = [one for one in specs if selects(one["podSelector"], labels) and "Egress" in one["policyTypes"]]
    return not ours or any(_allows(rule, namespace, target) for one in ours for rule in one.get("egress", ()))


def _allows(rule: Mapping[str, Any], namespace: str, target: Target) -> bool:
    ports = rule.get("ports")
    if ports and not any(
        one.get("port", target.port) == target.port and one.get("protocol", "TCP") == target.protocol for one in ports
    ):
        return False
    return not rule.get("to") or any(_is_meant(peer, namespace, target) for peer in rule["to"])


def _is_meant(peer: Mapping[str, Any], namespace: str, target: Target) -> bool:
    if (block := peer.get("ipBlock")) is not None:
        address = ip_address(target.address)
        return address in ip_network(block["cidr"]) and not any(
            address in ip_network(one) for one in block.get("except", ())
        )
    if not target.namespace:
        return False
    if "namespaceSelector" in peer:
        there = {"kubernetes.io/metadata.name": target.namespace, **target.namespace_labels}
        if not selects(peer["namespaceSelector"], there):
            return False
    elif target.namespace != namespace:
        return False
    return selects(peer.get("podSelector", {}), target.labels)


def selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    assert set(selector) <= {"matchLabels", "matchExpressions"}, "no other kind of selector is understood here"
    for rule in selector.get("matchExpressions", ()):
        assert rule["operator"] == "In"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()
