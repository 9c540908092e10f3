"""How trainings are contained: the variables of the Docker and the Kubernetes runner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tunewright.core.errors import InvalidSpec
from tunewright.platform.settings import setting, variable
from tunewright_trainer.core.capacity import GIB
from tunewright_trainer.runner.docker.settings import DockerSettings, Pull
from tunewright_trainer.runner.kubernetes.settings import AS_TRAINER, KubernetesSettings

DOCKER: Final = DockerSettings()


@dataclass(frozen=True, kw_only=True)
class DockerVariables:
    docker_host: str = setting("", tells="Docker: the engine; by default DOCKER_HOST, or unix:///var/run/docker.sock.")
    docker_pull: Pull = setting(DOCKER.pull, tells="Docker: when to ask a registry: never, missing or always.")
    docker_user: str = setting(
        DOCKER.user, tells="Docker: UID:GID of all programs; else the trainer's, or the image's if it is root."
    )
    docker_network: str = setting(DOCKER.network, tells="Docker: network of a training that is not isolated.")
    docker_memory_gib: float = setting(0.0, tells="Docker: limit where a training states no need; 0: none.")
    docker_cpus: float = setting(DOCKER.cpus, tells="Docker: likewise.")
    docker_pids: int = setting(DOCKER.pids, tells="Docker: processes and threads of an instance at most.")
    docker_tmp_gib: float = setting(DOCKER.tmp_bytes / GIB, tells="Docker: size of /tmp, which is memory.")
    docker_shm_gib: float = setting(DOCKER.shm_bytes / GIB, tells="Docker: size of /dev/shm, likewise.")
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
        return DockerSettings(
            images=images,
            pull=self.docker_pull,
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
    kubernetes_user: str = setting(AS_TRAINER, tells="Kubernetes: user of the pods: trainer, image, or UID:GID.")
    kubernetes_pull: str = setting("IfNotPresent", tells="Kubernetes: imagePullPolicy of the pods.")
    kubernetes_pod_file: Path | None = setting(
        None, tells="Kubernetes: YAML of fields for every pod: nodeSelector, tolerations, priorityClassName …"
    )
    kubernetes_config: Path | None = setting(None, tells="Kubernetes: a kubeconfig, outside of the cluster.")
    kubernetes_context: str = setting("", tells="Kubernetes: its context.")
    kubernetes_start_deadline_s: float = setting(6 * 3600.0, tells="Kubernetes: how long a pod may wait for a node.")

    def of_kubernetes(self, images: tuple[str, ...]) -> KubernetesSettings:
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
            start_deadline_s=self.kubernetes_start_deadline_s,
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
