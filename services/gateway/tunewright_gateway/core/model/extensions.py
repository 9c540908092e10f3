"""What is taken beyond AWS's model, by the name of the shape: each for people who run on their own machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MORE_VALUES: Final[Mapping[str, tuple[str, ...]]] = {"TrainingInstanceType": ("local", "local_gpu")}
MORE_PATTERNS: Final[Mapping[str, str]] = {"S3Uri": r"file:///[^\n]*"}
EXTENSIONS: Final[Mapping[str, str]] = {
    "`InstanceType`": "`local` and `local_gpu`, as the SageMaker SDK calls the machine one sits at",
    "`S3Uri` and `S3OutputPath`": "`file:///folder`, data and models on a disk with no bucket in between",
}
"""The same for people, by member."""
