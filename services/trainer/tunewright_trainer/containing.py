"""How trainings are contained: the variables of the Docker and the Kubernetes runner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import yaml

from tunewright.core.errors import InvalidSpec
from tunewright.platform.settings import ABOVE_0, FROM_0, FROM_1, setting, variable
from tunewright_trainer.core.capacity import GIB
from tunewright_trainer.runner.docker.settings import DockerSettings, Pull
from tunewright_trainer.runner.kubernetes.settings import KubernetesSettings
from tunewright_trainer.runner.making import check_engine_url

DOCKER: Final = DockerSettings()
PODS: Final[Mapping[str, Any]] = {one.name: one.default for one in fields(KubernetesSettings)}
USER: Final = re.compile(r"[0-9]+(:[0-9]+)?")
UNREADABLE: Final = ("none", "passthrough", "passthrough-tty")
"""Log drivers that keep nothing, so that no output could be read."""


@dataclass(frozen=True, kw_only=True)
class DockerVariables:
    docker_host: str = setting("", tells="Docker: the engine; by default DOCKER_HOST, or unix:///var/run/docker.sock.")
    docker_pull: Pull = setting(DOCKER.pull, tells="Docker: when to ask a registry: never, missing or always.")
    docker_pull_silent_s: float = setting(
        DOCKER.pull_silent_s,
        tells="Docker: seconds after which a pull of which nothing is heard is given up.",
        bound=ABOVE_0,
    )
    docker_user: str = setting(
        DOCKER.user, tells="Docker: UID:GID of all programs; else the trainer's, or the image's if it is root."
    )
    docker_network: str = setting(DOCKER.network, tells="Docker: network of a training that is not isolated.")
    docker_memory_gib: float = setting(
        0.0, bound=FROM_0, tells="Docker: limit where a training states no need; 0: none."
    )
    docker_cpus: float = setting(DOCKER.cpus, bound=FROM_0, tells="Docker: likewise.")
    docker_pids: int = setting(DOCKER.pids, bound=FROM_1, tells="Docker: processes and threads of an instance at most.")
    docker_tmp_gib: float = setting(
        DOCKER.tmp_bytes / GIB, bound=ABOVE_0, tells="Docker: size of /tmp, which is memory."
    )
    docker_shm_gib: float = setting(DOCKER.shm_bytes / GIB, bound=ABOVE_0, tells="Docker: size of /dev/shm, likewise.")
    docker_read_only_root: bool = setting(
        DOCKER.read_only_root, tells="Docker: programs write below /opt/ml and to /tmp only."
    )
    docker_log_driver: str = setting(
        DOCKER.log_driver, tells="Docker: the engine's log driver; k8s-file for Podman. Only local keeps every byte."
    )
    docker_data_dir: Path | None = setting(
        None, tells="Docker: the data folder as the engine sees it, where the trainer is in a container itself."
    )

    def of_docker(self, images: tuple[str, ...]) -> DockerSettings:
        """Raises InvalidSpec: no container could be run so."""
        if self.docker_host:
            check_engine_url(self.docker_host, variable("docker_host"))
        if self.docker_user and not USER.fullmatch(self.docker_user):
            why = f"{self.docker_user!r} is not UID:GID"
            raise InvalidSpec(variable("docker_user"), why, "Give numbers, as 1000:1000; names mean nothing here")
        if self.docker_log_driver in UNREADABLE:
            why = f"{self.docker_log_driver!r} keeps no output that could be read"
            raise InvalidSpec(variable("docker_log_driver"), why, "Leave it out; k8s-file for Podman")
        return DockerSettings(
            images=images,
            pull=self.docker_pull,
            pull_silent_s=self.docker_pull_silent_s,
            user=self.docker_user,
            network=self.docker_network,
            memory_bytes=round(self.docker_memory_gib * GIB),
            cpus=self.docker_cpus,
            pids=self.docker_pids,
            tmp_bytes=round(self.docker_tmp_gib * GIB),
            shm_bytes=round(self.docker_shm_gib * GIB),
            read_only_root=self.docker_read_only_root,
            log_driver=self.docker_log_driver,
            host_data_dir=self.docker_data_dir,
        )


@dataclass(frozen=True, kw_only=True)
class KubernetesVariables:
    kubernetes_namespace: str = setting("", tells="Kubernetes: namespace of the trainings' pods.")
    kubernetes_volume_claim: str = setting("", tells="Kubernetes: claim on which trainer and pods share their files.")
    kubernetes_volume_root: Path | None = setting(None, tells="Kubernetes: where the trainer has that claim mounted.")
    kubernetes_user: str = setting(PODS["run_as"], tells="Kubernetes: user of the pods: trainer, image, or UID:GID.")
    kubernetes_pull: str = setting(PODS["pull_policy"], tells="Kubernetes: imagePullPolicy of the pods.")
    kubernetes_pod_file: Path | None = setting(
        None, tells="Kubernetes: YAML of fields for every pod: nodeSelector, tolerations, priorityClassName …"
    )
    kubernetes_config: Path | None = setting(None, tells="Kubernetes: a kubeconfig, outside of the cluster.")
    kubernetes_context: str = setting("", tells="Kubernetes: its context.")
    kubernetes_start_deadline_s: float = setting(
        PODS["start_deadline_s"], bound=ABOVE_0, tells="Kubernetes: how long a pod may wait for a node and its volumes."
    )
    kubernetes_image_deadline_s: float = setting(
        PODS["image_deadline_s"],
        bound=ABOVE_0,
        tells="Kubernetes: how long its image may be out of reach before it fails.",
    )
    kubernetes_node_deadline_s: float = setting(
        PODS["node_deadline_s"],
        bound=ABOVE_0,
        tells="Kubernetes: after a deleted pod's grace, how long its node may be silent.",
    )
    kubernetes_tmp_gib: float = setting(
        PODS["tmp_bytes"] / GIB, bound=ABOVE_0, tells="Kubernetes: size of /tmp, on the node's disk."
    )
    kubernetes_shm_gib: float = setting(
        PODS["shm_bytes"] / GIB, bound=ABOVE_0, tells="Kubernetes: size of /dev/shm, which is memory."
    )
    kubernetes_read_only_root: bool = setting(
        PODS["read_only_root"], tells="Kubernetes: programs write to their folders below /opt/ml and to /tmp only."
    )
    kubernetes_gpu_resource: str = setting(PODS["gpu_resource"], tells="Kubernetes: what the cluster calls a GPU.")
    kubernetes_shared_gpu_resource: str = setting(
        PODS["shared_gpu_resource"], tells="Kubernetes: what it calls one that others may use too."
    )
    kubernetes_cluster_domain: str = setting(
        PODS["cluster_domain"], tells="Kubernetes: the domain of its DNS, by which instances find each other."
    )

    def of_kubernetes(self, images: tuple[str, ...], stop_grace_s: float) -> KubernetesSettings:
        """Raises InvalidSpec."""
        for name in ("kubernetes_namespace", "kubernetes_volume_claim", "kubernetes_volume_root"):
            if not getattr(self, name):
                remedy = "deploy/kubernetes/README.md says what trainer and pods share"
                raise InvalidSpec(variable(name), "is not set", remedy)
        assert self.kubernetes_volume_root is not None  # noqa: S101 - as just seen
        return KubernetesSettings(
            namespace=self.kubernetes_namespace,
            volume_claim=self.kubernetes_volume_claim,
            volume_root=self.kubernetes_volume_root,
            images=images,
            kubeconfig=self.kubernetes_config,
            context=self.kubernetes_context,
            run_as=self.kubernetes_user,
            pull_policy=self.kubernetes_pull,
            tmp_bytes=round(self.kubernetes_tmp_gib * GIB),
            shm_bytes=round(self.kubernetes_shm_gib * GIB),
            gpu_resource=self.kubernetes_gpu_resource,
            shared_gpu_resource=self.kubernetes_shared_gpu_resource,
            cluster_domain=self.kubernetes_cluster_domain,
            read_only_root=self.kubernetes_read_only_root,
            stop_grace_s=stop_grace_s,
            start_deadline_s=self.kubernetes_start_deadline_s,
            image_deadline_s=self.kubernetes_image_deadline_s,
            node_deadline_s=self.kubernetes_node_deadline_s,
            pod=self._pod(),
        )

    def _pod(self) -> Mapping[str, Any]:
        file = self.kubernetes_pod_file
        if file is None:
            return {}
        try:
            tree = yaml.safe_load(file.read_text())
        except (OSError, yaml.YAMLError) as error:
            raise InvalidSpec(variable("kubernetes_pod_file"), f"{file} cannot be read: {error}") from None
        if not isinstance(tree, dict):
            raise InvalidSpec(variable("kubernetes_pod_file"), f"{file} is not fields of a pod", "nodeSelector: …")
        return tree
