"""An attempt as objects of Kubernetes: a Job for each instance, and what several instances need to reach each other.

A pod holds nothing but the training: no service account's token, no capability, no way to gain one, a root that cannot
be written (unless the operator lets it), of the volume only its own folder.
"""

from __future__ import annotations

from typing import Any, Final

from tunewright.core.arns import Account
from tunewright_trainer.core.attempt import Launch
from tunewright_trainer.core.checkpoints import BASE
from tunewright_trainer.core.program import environment
from tunewright_trainer.folder import AttemptFolder
from tunewright_trainer.mounts import container_mounts
from tunewright_trainer.runner.kubernetes.names import (
    ATTEMPT,
    FINALIZER,
    NETWORK,
    annotated,
    job_name,
    labels,
    network_name,
    network_of,
)
from tunewright_trainer.runner.kubernetes.settings import AS_IMAGE, KubernetesSettings

CONTAINER: Final = "training"
DNS_PORT: Final = 53
VISIBLE_GPUS: Final = "NVIDIA_VISIBLE_DEVICES"

Manifest = dict[str, Any]


def job(
    launch: Launch,
    instance: int,
    folder: AttemptFolder,
    trainer_id: str,
    user: tuple[int, int],
    settings: KubernetesSettings,
    account: Account,
) -> Manifest:
    """Return the Job of one instance. `user` is the trainer's own. Raises InvalidSpec: its folder isn't on the volume.

    What the folder's base holds by now is what the pod sees of it.

    It never makes a second pod: backoffLimit 0 ends it with its pod, and podReplacementPolicy Failed keeps it from
    replacing a pod that is being deleted. When to run again is the scheduler's to say, as a new attempt.
    """
    marks = labels(launch, trainer_id, instance)
    pod = {
        **settings.pod,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": max(round(settings.stop_grace_s), 1),
        # The program is not the first process then, and SIGTERM ends it if it has no handler of its own.
        "shareProcessNamespace": True,
        "securityContext": _pod_security(user, settings),
        "containers": [_container(launch, instance, folder, settings, account)],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": settings.volume_claim}},
            {"name": "tmp", "emptyDir": {"sizeLimit": str(settings.tmp_bytes)}},
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": str(settings.shm_bytes)}},
        ],
        **(_host_name(launch, instance, settings) if launch.instances > 1 else {}),
    }
    notes = {**annotated(launch), "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(launch, instance),
            "namespace": settings.namespace,
            "labels": marks,
            "annotations": annotated(launch),
        },
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "template": {
                "metadata": {"labels": marks, "annotations": notes, "finalizers": [FINALIZER]},
                "spec": pod,
            },
        },
    }


def _pod_security(user: tuple[int, int], settings: KubernetesSettings) -> Manifest:
    seccomp = {"seccompProfile": {"type": "RuntimeDefault"}}
    if settings.run_as == AS_IMAGE:
        return seccomp
    uid, gid = user
    return {"runAsUser": uid, "runAsGroup": gid, "runAsNonRoot": uid != 0, **seccomp}


def _host_name(launch: Launch, instance: int, settings: KubernetesSettings) -> Manifest:
    """Give the pod its name and the domain in which its peers' names are looked up: theirs alone."""
    service = network_name(launch.attempt)
    domain = f"{service}.{settings.namespace}.svc.{settings.cluster_domain}"
    return {"hostname": launch.hosts[instance], "subdomain": service, "dnsConfig": {"searches": [domain]}}


def _container(
    launch: Launch, instance: int, folder: AttemptFolder, settings: KubernetesSettings, account: Account
) -> Manifest:
    definition = launch.definition
    command = [_literally(word) for word in definition.entrypoint]
    # As with AMT: an entrypoint replaces the command `train`, arguments do too.
    arguments = definition.arguments or (() if definition.entrypoint else ("train",))
    limits = _limits(launch, settings)
    return {
        "name": CONTAINER,
        "image": definition.image,
        "imagePullPolicy": settings.pull_policy,
        **({"command": command} if command else {}),
        **({"args": [_literally(word) for word in arguments]} if arguments else {}),
        "env": [
            {"name": name, "value": _literally(value)}
            for name, value in _environment(launch, instance, account).items()
        ],
        "resources": {"requests": limits, "limits": limits} if limits else {},
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": settings.read_only_root,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            *_data_mounts(launch, instance, folder, settings),
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108
        ],
    }


def _environment(launch: Launch, instance: int, account: Account) -> dict[str, str]:
    """Return the program's variables, without the user's word on which GPUs NVIDIA's runtime shows, or the image's.

    On many a node it shows what the variable names to any pod. One that asks for GPUs is told by the device plugin.
    """
    told = environment(launch, BASE, {}, account, instance, launch.need.gpus)
    told.pop(VISIBLE_GPUS, None)
    return told if launch.need.gpus else told | {VISIBLE_GPUS: "void"}


def _data_mounts(launch: Launch, instance: int, folder: AttemptFolder, settings: KubernetesSettings) -> list[Manifest]:
    return [
        {
            "name": "data",
            "mountPath": str(mount.path),
            "subPath": settings.sub_path(mount.source),
            "readOnly": mount.read_only,
        }
        for mount in container_mounts(launch, folder, instance)
    ]


def _literally(text: str) -> str:
    """Return a text that Kubernetes leaves as it is: it puts variables in place of $(NAME)."""
    return text.replace("$", "$$")


def _limits(launch: Launch, settings: KubernetesSettings) -> dict[str, str]:
    """Return what is asked of a node, and is a limit too: nobody shares what a training was promised."""
    need = launch.need
    gpu = settings.shared_gpu_resource if need.gpus_shared else settings.gpu_resource
    return {
        **({"cpu": f"{round(need.cpus * 1000)}m"} if need.cpus else {}),
        **({"memory": str(need.memory_bytes)} if need.memory_bytes else {}),
        **({gpu: str(need.gpus)} if need.gpus else {}),
    }


def service(launch: Launch, trainer_id: str, settings: KubernetesSettings) -> Manifest:
    """Return what gives the instances their names in DNS, from the moment that their pods have addresses."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _shared_metadata(launch, trainer_id, settings),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {ATTEMPT: labels(launch, trainer_id)[ATTEMPT]},
        },
    }


def peers_policy(launch: Launch, trainer_id: str, settings: KubernetesSettings) -> Manifest:
    """Return what lets isolated instances reach each other, and DNS, which knows their names; nothing else."""
    ours = {"matchLabels": {ATTEMPT: labels(launch, trainer_id)[ATTEMPT], NETWORK: network_of(launch)}}
    dns = [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _shared_metadata(launch, trainer_id, settings),
        "spec": {
            "podSelector": ours,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": ours}]}],
            "egress": [{"to": [{"podSelector": ours}]}, {"to": [{"namespaceSelector": {}}], "ports": dns}],
        },
    }


def _shared_metadata(launch: Launch, trainer_id: str, settings: KubernetesSettings) -> Manifest:
    return {
        "name": network_name(launch.attempt),
        "namespace": settings.namespace,
        "labels": labels(launch, trainer_id),
        "annotations": annotated(launch),
    }
