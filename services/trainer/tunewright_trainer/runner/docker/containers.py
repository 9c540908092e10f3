"""What the engine is asked to make of a launch: names, labels, the container of each instance, their network.

Isolation is the rule: no capabilities, no new privileges, a root file system that is read-only but for /tmp and
/opt/ml, bounded processes, memory and CPUs, only the GPUs that were assigned. The engine's own socket is never mounted.

/opt/ml is a volume with what the image has there, thrown away with the container (an image may bring its code in
/opt/ml/code); what the trainer's `base` holds is mounted over it, `input` read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from tunewright.core.arns import Account
from tunewright_trainer.core.attempt import Attempt, Launch
from tunewright_trainer.core.program import environment
from tunewright_trainer.mounts import Mount
from tunewright_trainer.runner.docker.settings import DockerSettings

BASE: Final = PurePosixPath("/opt/ml")
INTERFACE: Final = "eth0"
TRAINER, TRAINING, ATTEMPT = "tunewright.trainer", "tunewright.training", "tunewright.attempt"
INSTANCE: Final = "tunewright.instance"
UNROTATED: Final[Mapping[str, Mapping[str, str]]] = {
    "local": {"max-size": "1p", "max-file": "1", "compress": "false", "mode": "blocking"},
    "json-file": {"max-size": "1p", "max-file": "1", "mode": "blocking"},
}
"""Per log driver: the trainer ends what floods its log, and reads it whole. An engine that rotates a log while it is
followed drops what was not read yet, and says nothing of it: version 20.10 does with `local`."""
NANO: Final = 10**9


def attempt_name(trainer_id: str, attempt: Attempt) -> str:
    """Return the name of the attempt's network, and the beginning of its containers'."""
    return f"tunewright-{trainer_id}-{attempt.uid}.{attempt.number:06d}.{attempt.attempt}"


def container_names(trainer_id: str, launch: Launch) -> list[str]:
    return [f"{attempt_name(trainer_id, launch.attempt)}-{host}" for host in launch.hosts]


def labels(trainer_id: str, attempt: Attempt) -> dict[str, str]:
    return {TRAINER: trainer_id, TRAINING: attempt.training_id, ATTEMPT: str(attempt.attempt)}


def attempt_of(told: Mapping[str, str]) -> Attempt:
    """Return whose a container or network with these labels is."""
    return Attempt(told[TRAINING], int(told[ATTEMPT]))


def network(name: str, launch: Launch, told: Mapping[str, str]) -> dict[str, Any]:
    """Return the network of an attempt of several instances; isolated, it leads nowhere."""
    isolated = launch.definition.network_isolation
    return {"Name": name, "Driver": "bridge", "CheckDuplicate": True, "Internal": isolated, "Labels": dict(told)}


def container(
    launch: Launch,
    instance: int,
    trainer_id: str,
    mounts: Iterable[Mount],
    user: str,
    settings: DockerSettings,
    account: Account,
) -> dict[str, Any]:
    """Return the container of an instance, counted from 0. `user` is uid or uid:gid, empty for the image's."""
    definition, host = launch.definition, launch.hosts[instance]
    gpus = _gpus(launch, instance)
    name, told = container_names(trainer_id, launch)[instance], labels(trainer_id, launch.attempt)
    made: dict[str, Any] = {
        "Image": definition.image,
        "Hostname": host,
        "Env": [f"{name}={value}" for name, value in _environment(launch, instance, user, account).items()],
        "Labels": {**told, INSTANCE: host},
        "HostConfig": {
            **_isolation(settings),
            **_limits(launch, settings),
            **_network_of(launch, attempt_name(trainer_id, launch.attempt), settings),
            "Init": True,
            "LogConfig": {"Type": settings.log_driver, "Config": dict(UNROTATED.get(settings.log_driver, {}))},
            "Mounts": [_volume(name, told), *map(_bind, mounts)],
            "DeviceRequests": [{"DeviceIDs": gpus, "Capabilities": [["gpu"]]}] if gpus else [],
        },
    }
    if launch.instances > 1:
        place = attempt_name(trainer_id, launch.attempt)
        made["NetworkingConfig"] = {"EndpointsConfig": {place: {"Aliases": [host]}}}
    if definition.entrypoint:
        made |= {"Entrypoint": list(definition.entrypoint), "Cmd": list(definition.arguments)}
    else:
        made["Cmd"] = list(definition.arguments) or ["train"]
    return made | ({"User": user} if user else {})


def _gpus(launch: Launch, instance: int) -> list[str]:
    return list(launch.gpus[instance]) if launch.gpus else []


def _environment(launch: Launch, instance: int, user: str, account: Account) -> dict[str, str]:
    """Return the program's variables. Where an engine's runtime gives GPUs by a variable, it is not the user's."""
    home = {"HOME": "/tmp"} if user else {}  # noqa: S108 - the image may know no such user, and / is read-only
    told = environment(launch, BASE, home, account, instance)
    return told | {"NVIDIA_VISIBLE_DEVICES": ",".join(_gpus(launch, instance)) or "void"}


def _isolation(settings: DockerSettings) -> dict[str, Any]:
    return {
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "ReadonlyRootfs": settings.read_only_root,
        "Tmpfs": {"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={settings.tmp_bytes}"},  # noqa: S108
        "PidsLimit": settings.pids,
        "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
        "RestartPolicy": {"Name": "no"},
    }


def memory_limit(launch: Launch, settings: DockerSettings) -> int:
    """Return an instance's limit in bytes, 0 if there is none."""
    return launch.need.memory_bytes or settings.memory_bytes


def _limits(launch: Launch, settings: DockerSettings) -> dict[str, Any]:
    memory = memory_limit(launch, settings)
    return {
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": int((launch.need.cpus or settings.cpus) * NANO),
        "ShmSize": settings.shm_bytes,
    }


def _network_of(launch: Launch, name: str, settings: DockerSettings) -> dict[str, Any]:
    if launch.instances > 1:
        return {"NetworkMode": name}
    if launch.definition.network_isolation:
        return {"NetworkMode": "none", "ExtraHosts": [f"{launch.hosts[0]}:127.0.0.1"]}
    return {"NetworkMode": settings.network}


def _volume(name: str, told: Mapping[str, str]) -> dict[str, Any]:
    """Return a volume with the container's name: one without a name is forgotten when the engine starts again."""
    return {"Type": "volume", "Source": name, "Target": str(BASE), "VolumeOptions": {"Labels": dict(told)}}


def _bind(mount: Mount) -> dict[str, Any]:
    return {"Type": "bind", "Source": str(mount.source), "Target": str(mount.path), "ReadOnly": mount.read_only}
