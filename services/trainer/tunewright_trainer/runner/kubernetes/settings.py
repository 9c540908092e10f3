"""What an operator sets of the Kubernetes runner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tunewright.core.errors import InvalidSpec
from tunewright_trainer.settings import STOP_GRACE_S

OPEN_FIELDS: Final = frozenset(
    {"affinity", "imagePullSecrets", "nodeSelector", "priorityClassName", "runtimeClassName", "schedulerName"}
    | {"tolerations", "topologySpreadConstraints"}
)
"""Of a pod's spec an operator sets these; the others say how a training is held, or are the definition's."""
AS_TRAINER: Final = "trainer"
AS_IMAGE: Final = "image"


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """Raises InvalidSpec."""

    namespace: str
    """Where the trainings' pods live."""
    volume_claim: str
    """The claim on which trainer and trainings meet: input, output and models travel by it."""
    volume_root: Path
    """Where the trainer has that claim mounted; the data folder lies below it."""
    images: tuple[str, ...]
    """Which images may run: patterns such as `registry.example/team/*`; `*` allows all."""
    kubeconfig: Path | None = None
    """None: the pod's own service account, or outside of a cluster the user's kubeconfig."""
    context: str = ""
    run_as: str = AS_TRAINER
    """`trainer`: the trainer's own user and group; `uid:gid`; or `image`: whom the image says, also root."""
    pull_policy: str = "IfNotPresent"
    tmp_bytes: int = 2**30
    shm_bytes: int = 2**28
    gpu_resource: str = "nvidia.com/gpu"
    shared_gpu_resource: str = "nvidia.com/gpu.shared"
    """What a need for GPUs that may be others' too is asked by: the name that the device plugin gives to shares."""
    cluster_domain: str = "cluster.local"
    read_only_root: bool = True
    """Programs write to what the trainer gives them below /opt/ml and to /tmp only."""
    stop_grace_s: float = STOP_GRACE_S
    """The trainer's own: SIGTERM to SIGKILL where it is not the trainer that ends the pod."""
    start_deadline_s: float = 6 * 3600.0
    """How long a pod may wait for a node and its volumes."""
    image_deadline_s: float = 300.0
    """How long an image may be out of reach."""
    node_deadline_s: float = 600.0
    """How long after its grace a pod may go on without a word of its node; then it is lost."""
    pod: Mapping[str, object] = field(default_factory=dict)
    """Fields added to the spec of every pod: nodeSelector, tolerations, priorityClassName …"""

    def __post_init__(self) -> None:
        for name in ("namespace", "volume_claim"):
            if not getattr(self, name):
                raise InvalidSpec(name, "is missing", "deploy/kubernetes/README.md says what trainer and pods share.")
        if unknown := sorted(set(self.pod) - OPEN_FIELDS):
            raise InvalidSpec("pod", f"{unknown[0]!r} is not to be set", f"Fields: {', '.join(sorted(OPEN_FIELDS))}")
        if self.run_as not in (AS_TRAINER, AS_IMAGE):
            self.user()

    def user(self) -> tuple[int, int]:
        """Return uid and gid of `uid:gid`. Raises InvalidSpec."""
        try:
            uid, gid = map(int, self.run_as.split(":"))
        except ValueError:
            raise InvalidSpec("run_as", f"{self.run_as!r} is no user", "Give trainer, image or uid:gid.") from None
        return uid, gid

    def sub_path(self, folder: Path) -> str:
        """Return a folder's path within the volume. Raises InvalidSpec: it is not on it."""
        try:
            return str(folder.relative_to(self.volume_root.resolve()))
        except ValueError:
            remedy = (
                f"It must lie below {self.volume_root}, where the trainer has the claim {self.volume_claim} mounted."
            )
            raise InvalidSpec("folder", f"{folder} is not on the volume that the trainings see", remedy) from None
