"""The SDK: a server's tuning jobs from Python, synchronously or not."""

from tunewright.client.address import Address, find
from tunewright.client.asynchronous import AsyncClient
from tunewright.client.resources import Measurement, OutputLine, TrainingJob, TuningJob, Watched
from tunewright.client.synchronous import Client

__all__ = [
    "Address",
    "AsyncClient",
    "Client",
    "Measurement",
    "OutputLine",
    "TrainingJob",
    "TuningJob",
    "Watched",
    "find",
]
