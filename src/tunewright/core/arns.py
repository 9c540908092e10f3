"""AWS's names of resources. The part behind the last colon is lower-cased; the name itself keeps its case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

TUNING_JOB: Final = "hyper-parameter-tuning-job"
TRAINING_JOB: Final = "training-job"
ARN: Final = re.compile(rf"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{{12}}:({TUNING_JOB}|{TRAINING_JOB})/(.+)")


@dataclass(frozen=True, slots=True)
class Account:
    """Whose resources an ARN says they are. There is no account here, so it is twelve zeros, as nobody's is."""

    region: str = "local"
    number: str = "000000000000"

    def tuning_job(self, name: str) -> str:
        return self._arn(TUNING_JOB, name)

    def training_job(self, name: str) -> str:
        return self._arn(TRAINING_JOB, name)

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:{self.region}:{self.number}:{kind}/{name.lower()}"


NOBODYS: Final = Account()
"""Where nobody says otherwise."""


def resource_of(arn: str) -> tuple[str, str] | None:
    """Return a resource's kind and its name, as far as the ARN tells it: in lower case; None: it can be none of ours.

    Any region and account will do. A script that names those it was written for means the same job here.
    """
    read = ARN.fullmatch(arn)
    return (read[1], read[2]) if read else None
