"""Steps of schemas that nobody needs: what tests migrate by."""

from __future__ import annotations

from typing import Any

from tunewright.platform.store.schema import Step


def hours_to_seconds(document: dict[str, Any]) -> dict[str, Any]:
    """A field gets another name and another unit; done already, it stays."""
    if "lease_h" not in document:
        return document
    document["lease_s"] = document.pop("lease_h") * 3600
    return document


def cut_off(document: dict[str, Any]) -> dict[str, Any]:
    """The same, in a process that dies in the midst."""
    if document["trainer_id"] == "c":
        raise KeyboardInterrupt
    return hours_to_seconds(document)


STEPS = (Step("sessions", hours_to_seconds),)
CUT_OFF = (Step("sessions", cut_off),)


def written(name: str) -> dict[str, Any]:
    return {"trainer_id": name, "pool": "cpu", "lease_h": 2}


def wanted(name: str) -> dict[str, Any]:
    return {"trainer_id": name, "pool": "cpu", "lease_s": 7200}
