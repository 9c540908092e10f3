"""Optimisers to measure, ours and others, each with its defaults; README.md beside the package says how to get them.

A peer runs in this interpreter where its library can be imported, else in one that an environment variable names.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata, util
from pathlib import Path
from typing import Final

from bench.suggester.peers.liar import Liar
from bench.suggester.peers.peer import Peer, Setting


@dataclass(frozen=True, slots=True)
class Entry:
    module: str
    factory: str
    needs: tuple[str, ...] = ()
    """Modules that must be importable."""
    distribution: str = ""
    """Whose version is written down; empty: ours."""
    interpreter: str = ""
    """The variable that names an interpreter which has them."""
    initial: int | None = None
    """None: accounts for what is pending by itself. Else it is told lies after so many random points of its own."""


OPTUNA: Final = "TUNEWRIGHT_BENCH_PYTHON_OPTUNA"
SKOPT: Final = "TUNEWRIGHT_BENCH_PYTHON_SKOPT"
SYNETUNE: Final = "TUNEWRIGHT_BENCH_PYTHON_SYNETUNE"

PEERS: Final[Mapping[str, Entry]] = {
    "ours": Entry("ours", "Ours"),
    "random": Entry("ours", "Drawn"),
    "optuna-tpe": Entry("optuna_samplers", "tpe", ("optuna",), "optuna", OPTUNA),
    "optuna-gp": Entry("optuna_samplers", "gaussian_process", ("optuna", "torch"), "optuna", OPTUNA),
    "optuna-cmaes": Entry("optuna_samplers", "cma_es", ("optuna", "cmaes"), "optuna", OPTUNA),
    "skopt-gp": Entry("skopt_gp", "Skopt", ("skopt",), "scikit-optimize", SKOPT, initial=10),
    "synetune-gp": Entry("synetune_gp", "SyneTune", ("syne_tune",), "syne-tune", SYNETUNE),
}


def entry_of(name: str) -> Entry:
    """Return the entry of a peer. `ours+variant` is a variant of ours (see ablation.py)."""
    if name.startswith("ours+"):
        return Entry("ours", "Varied")
    return PEERS[name]


def available(name: str) -> bool:
    return _here(entry_of(name)) or bool(os.environ.get(entry_of(name).interpreter))


def peer_of(name: str, setting: Setting) -> Peer:
    """Start a peer, here or in the interpreter that the environment names for it."""
    if not _here(entry_of(name)):
        from bench.suggester.peers.remote import Remote

        return Remote(os.environ[entry_of(name).interpreter], name, setting)
    return local_peer(name, setting)


def local_peer(name: str, setting: Setting) -> Peer:
    """Start a peer in this process; one that knows nothing of pending points is told lies about them."""
    entry = entry_of(name)
    factory = getattr(import_module(f"{__name__}.{entry.module}"), entry.factory)
    setting = Setting(setting.space, setting.seed, setting.budget, setting.parallel, name.partition("+")[2])
    if entry.initial is not None and setting.parallel > 1:
        return Liar(factory, setting, entry.initial)
    peer: Peer = factory(setting)
    return peer


def version_of(name: str) -> str:
    """Return what tells one build of a peer from another: its release, or a digest of our own source."""
    entry = entry_of(name)
    if not entry.distribution:
        return source_digest()
    return metadata.version(entry.distribution) if _here(entry) else "elsewhere"


@cache
def source_digest() -> str:
    """Return a digest of the suggester's and the shared core's source."""
    digest = hashlib.blake2b(digest_size=6)
    for package in ("tunewright_suggester.core", "tunewright_suggester.library", "tunewright.core"):
        found = util.find_spec(package)
        assert found is not None
        for place in found.submodule_search_locations or ():
            for file in sorted(Path(place).glob("*.py")):
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _here(entry: Entry) -> bool:
    return all(util.find_spec(module) is not None for module in entry.needs)
