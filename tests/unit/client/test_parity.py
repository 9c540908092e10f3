"""Client and AsyncClient, and what hangs on them, have the same verbs, arguments and counterpart results."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from typing import Any

import pytest

from tunewright.client import AsyncClaimedTraining, AsyncClient, AsyncJob, ClaimedTraining, Client, Job
from tunewright.client.operations import AsyncOperations, Operations

PAIRS = [
    (AsyncClient, Client),
    (AsyncJob, Job),
    (AsyncOperations, Operations),
    (AsyncClaimedTraining, ClaimedTraining),
]
OF_THE_LOOP = {"claims", "leave"}
"""Public for other parts of the asynchronous side alone."""


def verbs(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_") and inspect.isfunction(getattr(kind, name))}


def counterpart(verb: Any) -> str:
    """Return what a synchronous verb gives where this asynchronous one gives what it says."""
    text = str(inspect.signature(verb).return_annotation)
    text = re.sub(r"^Async(?:Iterator|Generator)\[(.*?)(?:, None)?\]$", r"Iterator[\1]", text)
    return re.sub(r"\bAsync(Client|Job|ClaimedTraining)\b", r"\1", text)


@pytest.mark.parametrize(("awaited", "plain"), PAIRS, ids=lambda kind: kind.__name__)
def test_both_have_the_same_verbs(awaited: type, plain: type) -> None:
    assert verbs(awaited) - OF_THE_LOOP == verbs(plain)


@pytest.mark.parametrize(
    ("awaited", "plain"),
    [
        pytest.param(getattr(awaited, name), getattr(plain, name), id=f"{plain.__name__}.{name}")
        for awaited, plain in PAIRS
        for name in sorted(verbs(awaited) & verbs(plain))
    ],
)
def test_a_verb_takes_and_gives_the_same_in_both(awaited: Any, plain: Any) -> None:
    taken, given = inspect.signature(awaited), inspect.signature(plain)
    assert list(taken.parameters.values()) == list(given.parameters.values())
    assert counterpart(awaited) == str(given.return_annotation)
    assert not inspect.iscoroutinefunction(plain)


def test_a_verb_about_a_job_is_one_of_its_handle() -> None:
    """A verb of the client whose first argument is a job is found on the handle, too."""
    about_jobs = {
        name for name in verbs(Client) if list(inspect.signature(getattr(Client, name)).parameters)[1:2] == ["job"]
    }
    assert about_jobs - {"job"} <= verbs(Job)
    for name in about_jobs - {"job"}:
        ofclient, ofjob = (inspect.signature(getattr(kind, name)).parameters for kind in (Client, Job))
        assert [item for item in ofclient if item != "job"] == list(ofjob)


def test_whoever_names_the_client_loads_none_of_the_services_libraries() -> None:
    services = "numpy scipy starlette uvicorn aiokafka motor pymongo aiodocker kubernetes kubernetes_asyncio structlog"
    others = "pandas rich typer yaml tunewright.core.check"
    heavy = f"{services} {others}".split()
    program = f"import sys; from tunewright import Client; print(*set({heavy!r}) & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_results_of_followers_are_iterators_and_of_calls_values() -> None:
    """What the type checker sees is what comes: nothing that is to be awaited leaves the synchronous client."""
    hints = {name: str(inspect.signature(getattr(Client, name)).return_annotation) for name in verbs(Client)}
    assert not [name for name, hint in hints.items() if "Async" in hint or "Await" in hint or "Coroutine" in hint]
    assert {name for name, hint in hints.items() if hint.startswith("Iterator")} >= {"list", "watch", "output", "claim"}
