"""20,000 requests made from botocore's model, right and wrong, over HTTP to an embedded server in this process.

None may be answered 5xx, none that is refused may have done anything: whatever exists afterwards was answered 200 when
it was asked for, and the tags of a job that wrong requests aim at are as they were.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
import timeit
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import structlog

from bench.gateway.asked import ARN, KEPT, Asked, asked, in_json, real_job
from bench.gateway.sender import Answer, Sender
from bench.rows import Row
from tunewright.local.server import local_server
from tunewright.platform import lifecycle
from tunewright.platform.credentials import load
from tunewright.platform.local_options import LocalOptions
from tunewright_gateway.core.model.requests import request_of
from tunewright_gateway.operations.table import OPERATIONS

COUNT: Final = 20_000
SEED: Final = 7
CLIENTS: Final = 8
READINGS: Final = 500
PROGRAM: Final = "#!/bin/sh\necho loss=1\n"
TAGS: Final = [{"Key": "kept", "Value": "as it was"}]


def rows(folder: Path) -> list[Row]:
    return [
        _reading("CreateHyperParameterTuningJob", in_json(real_job("a", folder)), 100.0),
        _reading("DescribeHyperParameterTuningJob", in_json({"HyperParameterTuningJobName": "a"}), 10.0),
        *sent(folder, COUNT, SEED),
    ]


def sent(folder: Path, count: int, seed: int) -> list[Row]:
    """Send so many requests, and say what has come of them."""
    image = folder / "train"
    image.write_text(PROGRAM)
    image.chmod(0o755)
    with embedded(folder) as sender:
        sender.must("CreateHyperParameterTuningJob", real_job(KEPT, folder) | {"Tags": TAGS})
        began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            told = list(clients.map(lambda index: _told(sender, asked(seed, index, folder)), range(count)))
        took_s = time.monotonic() - began
        return [
            *_answers(told),
            *_half_done(sender, told),
            Row(
                "door: requests a second, fuzzed",
                count / took_s,
                "/s",
                f"{CLIENTS} clients in the server's process",
                None,
                "",
                True,
            ),
        ]


@contextmanager
def embedded(folder: Path) -> Iterator[Sender]:
    """Serve on a thread of this process while the block runs."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    ready: list[Sender] = []
    loop, stop, standing = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def serve() -> None:
        async with local_server(LocalOptions(folder / "data", slots=2, image_roots=(folder,))) as running:
            found = load(running.credentials)
            ready.append(Sender(running.http, found.aws_access_key_id, found.aws_secret_access_key))
            standing.set()
            await lifecycle.run_together(list(running.parts), stop)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        if not standing.wait(60):
            raise RuntimeError("the server does not come up")
        with closing(ready[0]) as sender:
            yield sender
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
        structlog.reset_defaults()


def _reading(operation: str, body: bytes, target_us: float) -> Row:
    """Say what reading a body and holding it against the model costs, beside JSON's decoder alone."""

    def least_us(work: Callable[[], object]) -> float:
        return min(timeit.repeat(work, number=READINGS, repeat=7)) / READINGS * 1e6

    figure, floor = least_us(lambda: request_of(operation, body)), least_us(lambda: json.loads(body))
    name = f"door: {operation} read and checked"
    return Row(
        name,
        figure,
        "µs",
        f"json.loads alone: {floor:.1f} µs",
        figure / floor,
        f"≤ {target_us:g} µs",
        figure <= target_us,
    )


def _told(sender: Sender, request: Asked) -> tuple[Asked, Answer]:
    return request, sender.send(request.operation, request.body)


def _answers(told: list[tuple[Asked, Answer]]) -> list[Row]:
    """Print how each kind was answered. A right one may be refused for what it asks, a wrong one must be."""
    counts = Counter((request.kind, answer.status, answer.code) for request, answer in told)
    for (kind, status, code), number in sorted(counts.items()):
        print(f"{kind:8} {status} {code:32} {number:7}")
    ours = [pair for pair in told if pair[1].status >= 500]
    passed = [pair for pair in told if pair[0].kind in {"wrong", "hostile"} and pair[1].status < 400]
    misread = [pair for pair in told if pair[0].kind in {"right", "real"} and pair[1].is_of_the_model]
    for request, answer in [*ours[:5], *passed[:5], *misread[:5]]:
        print(f"{request.kind} {request.operation} {request.body[:2000]!r}\n  {answer}")
    return [
        _none("door: answered 5xx", len(ours), len(told)),
        _none("door: wrong and carried out", len(passed), len(told)),
        _none("door: right and refused as against the model", len(misread), len(told)),
    ]


def _half_done(sender: Sender, told: list[tuple[Asked, Answer]]) -> list[Row]:
    done = Counter((request.operation, request.name) for request, answer in told if answer.status == 200)
    jobs = {KEPT, *(name for operation, name in done if operation == "CreateHyperParameterTuningJob")}
    alone = {name for operation, name in done if operation == "CreateTrainingJob"}
    print(f"created: {len(jobs)} tuning jobs, {len(alone)} trainings alone")
    strange = [name for name in sender.names("ListHyperParameterTuningJobs") if name not in jobs]
    if "ListTrainingJobs" in OPERATIONS:
        trainings = sender.names("ListTrainingJobs")
        strange += [name for name in trainings if name not in alone and name.rsplit("-", 2)[0] not in jobs]
    if "ListTags" in OPERATIONS:
        tags = sender.must("ListTags", {"ResourceArn": f"{ARN}{KEPT}"})["Tags"]
        strange += [] if tags == TAGS else [f"tags {tags}"]
    for one in strange:
        print(f"should not be there: {one}")
    return [_none("door: refused and done all the same", len(strange), len(told))]


def _none(name: str, found: int, count: int) -> Row:
    return Row(name, found, "", f"of {count}", None, "none", found == 0)
