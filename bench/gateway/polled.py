"""Many boto3 clients that call again and again, each with a pause in between. Run as a process of its own.

    python -m bench.gateway.polled       reads a Polling as JSON, prints the latencies in seconds as JSON

Each client is a process: threads of one process would wait for each other's parsing. Signing and parsing take boto3
1 to 3 ms of processor time a call, so that 50 clients without a pause, on the core that is left, would see no server
but each other; the pause keeps their core half idle, which the floor's latency shows.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

from bench.gateway.cores import on_clients_cores
from bench.gateway.standing import Door

NAME: Final = "HyperParameterTuningJobName"
FIRST_S: Final = 0.5
"""Within it every client makes its first call, which connects and is not counted."""


@dataclass(frozen=True, slots=True)
class Polling:
    door: Door
    method: str
    """Of boto3's client."""
    bodies: Sequence[dict[str, Any]]
    """One for each client."""
    every_s: float
    """Between two calls of a client; each pause is drawn from the half to one and a half of it."""
    lasting_s: float
    numbered: bool = False
    """Each call has a name of its own: the body's with a number behind it."""


def polled(polling: Polling) -> list[float]:
    """Return the latency of every call but each client's first, in seconds. Raises if any call failed."""
    command = [sys.executable, "-m", "bench.gateway.polled"]
    with on_clients_cores():
        done = subprocess.run(command, input=json.dumps(asdict(polling)), text=True, check=True, stdout=subprocess.PIPE)
    latencies: list[float] = json.loads(done.stdout)
    return latencies


def main() -> None:
    tree = json.load(sys.stdin)
    polling = Polling(**tree | {"door": Door(**tree["door"])})
    client = polling.door.client()
    context = multiprocessing.get_context("fork")  # what boto3 has loaded is shared; nothing is connected yet
    gc.freeze()  # else each child's collector would walk through all of it, and so copy it
    begin = time.monotonic() + 0.1 + 0.02 * len(polling.bodies)
    children, ends = [], []
    for number in range(len(polling.bodies)):
        end, other = context.Pipe(duplex=False)
        children.append(context.Process(target=_poll, args=(polling, number, client, begin, other)))
        ends.append(end)
        children[-1].start()
        other.close()
    print(json.dumps([latency for end in ends for latency in end.recv()]))
    for child in children:
        child.join()


def _poll(polling: Polling, number: int, client: Any, begin: float, out: Connection) -> None:
    chance = random.Random(number)
    call = getattr(client, polling.method)
    due = begin + FIRST_S * chance.random()
    latencies: list[float] = []
    count = 0
    while due < begin + polling.lasting_s:
        time.sleep(max(0.0, due - time.monotonic()))
        body = dict(polling.bodies[number])
        if polling.numbered:
            body[NAME] += f"-{count}"
        began = time.perf_counter()
        call(**body)
        latencies.append(time.perf_counter() - began)
        count += 1
        due = max(time.monotonic(), due + polling.every_s * (0.5 + chance.random()))
    out.send(latencies[1:])


if __name__ == "__main__":
    main()
