"""What each service's user may do on a Kafka cluster: what proto/topics.toml says, and no more.

A service may see that a topic is there, for it starts only where all are as declared. A service's groups begin
with its name. To write is also to write idempotently. Topics are made by the operator's user, with `admin check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tunewright.platform.bus.topics import DEAD_LETTERS, Topic

OTHERS: Final = "other-systems"
OPERATOR: Final = "operator"
SERVICES: Final = ("scheduler", "metrics", "trainer")
WHO: Final = (*SERVICES, OTHERS, OPERATOR)
SEES: Final = dict.fromkeys(SERVICES, ("Describe",)) | {OPERATOR: ("Describe", "Create", "DescribeConfigs")}
"""What is allowed of every topic, whoever writes and reads it."""
SAID: Final = {"other systems": OTHERS, "world": OTHERS, "operators": OPERATOR}
"""How topics.toml calls those that are no services."""


def principal(who: str) -> str:
    return f"User:tunewright-{who}"


def acls(who: str, topics: Iterable[Topic], prefix: str = "") -> list[str]:
    """Return the options of one call of Kafka's own kafka-acls.sh a line."""
    declared = list(topics)
    every, reads = [topic.name for topic in declared], _named(declared, lambda topic: _reads(who, topic))
    lines = [
        ("--operation Write", _topics(_named(declared, lambda topic: _writes(who, topic, declared)), prefix)),
        ("--operation Read", _topics(reads, prefix)),
    ]
    if reads and who != OPERATOR:
        lines.append(("--operation Read", f"--group {prefix}{who} --resource-pattern-type prefixed"))
    if who in SEES:
        lines.append((" ".join(f"--operation {right}" for right in SEES[who]), _topics(every, prefix)))
    return [f"--add --allow-principal {principal(who)} {rights} {on}" for rights, on in lines if on]


def _writes(who: str, topic: Topic, declared: list[Topic]) -> bool:
    if topic.name == DEAD_LETTERS:  # "any consumer"; the operator marks there what was sent again
        return who == OPERATOR or (who in SERVICES and any(_reads(who, other) for other in declared))
    # The operator sends again what had gone to the dead letters.
    return who in _called(topic.producers) or (who == OPERATOR and OTHERS in _called(topic.producers))


def _reads(who: str, topic: Topic) -> bool:
    return who in _called(topic.consumers)


def _called(names: Iterable[str]) -> set[str]:
    return {SAID.get(name, name) for name in names}


def _named(declared: Iterable[Topic], holds: Callable[[Topic], bool]) -> list[str]:
    return [topic.name for topic in declared if holds(topic)]


def _topics(names: Iterable[str], prefix: str) -> str:
    return " ".join(f"--topic {prefix}{name}" for name in names)
