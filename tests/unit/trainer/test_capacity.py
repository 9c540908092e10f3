"""A host's room: who gets which GPUs, that nothing is promised twice, and what the host says it has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunewright.core.instances import Need
from tunewright_trainer import inventory
from tunewright_trainer.core.attempt import Attempt
from tunewright_trainer.core.capacity import Capacity, Inventory, NoRoom, limits

GIB = 2**30
HOST = Inventory(cpus=8.0, memory_bytes=32 * GIB, gpus=("a", "b", "c", "d"))


def attempt(number: int) -> Attempt:
    return Attempt(f"job/{number}", 1)


def counted(host: Inventory = HOST, slots: int = 8) -> Capacity:
    return Capacity(slots, host, counted=True)


def test_what_is_taken_is_not_free_until_it_is_released():
    room = counted()
    room.take(attempt(1), Need(cpus=3, memory_bytes=8 * GIB, gpus=1), instances=2)
    free = room.free
    assert (free.slots, free.cpus, free.memory_bytes, free.gpus) == (7, 2.0, 16 * GIB, 2)
    room.release(attempt(1))
    room.release(attempt(1))
    assert (room.free.slots, room.free.cpus, room.free.gpus, room.all_is_free) == (8, 8.0, 4, True)


def test_each_instance_has_gpus_of_its_own():
    room = counted()
    assert room.take(attempt(1), Need(gpus=1), instances=2) == (("a",), ("b",))
    assert room.take(attempt(2), Need(gpus=2), instances=1) == (("c", "d"),)


def test_who_asks_for_none_is_told_that_it_has_none():
    assert counted().take(attempt(1), Need(), instances=2) == ((), ())
    assert counted(Inventory(cpus=1.0)).take(attempt(1), Need(), instances=2) == ()


@pytest.mark.parametrize(
    ("need", "instances", "words"),
    [
        (Need(cpus=4.5), 2, "9 CPUs, of which 8"),
        (Need(memory_bytes=33 * GIB), 1, "33.0 GiB of memory, of which 32.0"),
        (Need(gpus=5), 1, "5 GPUs an instance, of which 4"),
        (Need(gpus=3), 2, "3 GPUs an instance, of which 1"),
        (Need(gpus=5, gpus_shared=True), 1, "5 shared GPUs"),
    ],
)
def test_what_does_not_fit_is_told_and_takes_nothing(need, instances, words):
    room = counted()
    with pytest.raises(NoRoom, match=words):
        room.take(attempt(1), need, instances)
    assert room.all_is_free
    assert room.free.gpus == 4


def test_shared_gpus_are_shared_evenly_and_not_with_who_wants_its_own():
    room = counted(Inventory(gpus=("a", "b", "c")))
    one = Need(gpus=1, gpus_shared=True)
    room.take(attempt(1), Need(gpus=1), instances=1)
    given = [room.take(attempt(number), one, instances=1) for number in range(2, 6)]
    assert given == [(("b",),), (("c",),), (("b",),), (("c",),)]
    assert (room.free.gpus, room.free.gpus_shared) == (0, 2)
    with pytest.raises(NoRoom):
        room.take(attempt(9), Need(gpus=1), instances=1)
    room.release(attempt(1))
    assert room.take(attempt(9), Need(gpus=1), instances=1) == (("a",),)


def test_tenths_of_a_cpu_add_up():
    room = counted(Inventory(cpus=1.0), slots=20)
    for number in range(1, 11):
        room.take(attempt(number), Need(cpus=0.1), instances=1)
    with pytest.raises(NoRoom):
        room.take(attempt(11), Need(cpus=0.1), instances=1)


def test_what_is_found_again_on_a_smaller_host_is_kept_and_leaves_nothing_free():
    room = counted(Inventory(cpus=1.0, memory_bytes=GIB, gpus=("a",)), slots=1)
    room.keep(attempt(1), Need(cpus=4, memory_bytes=4 * GIB, gpus=2), 1, (("a", "gone"),))
    room.keep(attempt(2), Need(), 1, ())
    free = room.free
    assert (free.slots, free.cpus, free.memory_bytes, free.gpus) == (0, 0.0, 0, 0)


def test_where_only_slots_count_gpus_are_dealt_out_as_they_come():
    room = Capacity(8, Inventory(cpus=2.0, gpus=("a", "b")), counted=False)
    assert room.take(attempt(1), Need(cpus=96, gpus=8), instances=1) == (("a", "b"),)
    assert room.take(attempt(2), Need(gpus=1), instances=1) == (("a",),)
    assert room.take(attempt(3), Need(gpus=1), instances=1) == (("b",),)
    assert room.take(attempt(4), Need(), instances=1) == ()


def test_where_only_gpus_count_each_is_one_training_s_and_nothing_else_is_scarce():
    room = Capacity(8, Inventory(cpus=2.0, gpus=("a", "b")), counted=True, only_gpus=True)
    assert room.take(attempt(1), Need(cpus=96, memory_bytes=768 * GIB, gpus=1), instances=1) == (("a",),)
    assert room.take(attempt(2), Need(cpus=96, gpus=1), instances=1) == (("b",),)
    assert (room.free.slots, room.free.gpus, room.free.only_gpus) == (6, 0, 2)
    with pytest.raises(NoRoom):
        room.take(attempt(3), Need(gpus=1), instances=1)
    assert room.take(attempt(3), Need(cpus=96), instances=1) == ((),)


@pytest.mark.parametrize(("wanted", "instances", "dealt"), [(8, 1, (("a", "b"),)), (1, 3, (("a",), ("b",), ("a",)))])
def test_who_asks_for_more_gpus_than_there_are_gets_all_of_them_once_nobody_has_one(wanted, instances, dealt):
    room = Capacity(8, Inventory(gpus=("a", "b")), counted=True, only_gpus=True)
    room.take(attempt(1), Need(gpus=1), instances=1)
    room.take(attempt(2), Need(), instances=1)
    with pytest.raises(NoRoom):
        room.take(attempt(3), Need(gpus=wanted), instances=instances)
    room.release(attempt(1))
    assert room.take(attempt(3), Need(gpus=wanted), instances=instances) == dealt
    assert room.free.gpus == 0


def test_limits_are_not_above_what_there_is_where_that_is_known():
    need = Need(cpus=96, memory_bytes=768 * GIB, gpus=8)
    assert limits(need, HOST) == Need(cpus=8.0, memory_bytes=32 * GIB, gpus=8)
    assert limits(need, Inventory()) == need
    assert limits(Need(), HOST) == Need()


NEEDS = st.builds(
    Need,
    cpus=st.floats(0, 6),
    memory_bytes=st.integers(0, 20 * GIB),
    gpus=st.integers(0, 4),
    gpus_shared=st.booleans(),
)


@given(st.lists(st.tuples(NEEDS, st.integers(1, 3), st.booleans()), max_size=30))
def test_nothing_is_promised_twice(steps):
    room = counted()
    held: dict[Attempt, tuple[Need, int, tuple[tuple[str, ...], ...]]] = {}
    for number, (need, instances, releases) in enumerate(steps, 1):
        try:
            held[attempt(number)] = need, instances, room.take(attempt(number), need, instances)
        except NoRoom:
            assert attempt(number) not in held
        if releases and held:
            room.release(next(iter(held)))
            del held[next(iter(held))]
        assert sum(need.cpus * count for need, count, _ in held.values()) <= HOST.cpus + 1e-3
        assert sum(need.memory_bytes * count for need, count, _ in held.values()) <= HOST.memory_bytes
        owned = [gpu for need, _, gpus in held.values() if not need.gpus_shared for ids in gpus for gpu in ids]
        shared = {gpu for need, _, gpus in held.values() if need.gpus_shared for ids in gpus for gpu in ids}
        assert len(owned) == len(set(owned))
        assert not shared & set(owned)
        for need, count, gpus in held.values():
            assert [len(ids) for ids in gpus] == [need.gpus] * count


# -- Inventory

LISTING = """\
GPU 0: NVIDIA H200 (UUID: GPU-aaaa)
GPU 1: NVIDIA H200 (UUID: GPU-bbbb)
  MIG 1g.18gb     Device  0: (UUID: MIG-1111)
  MIG 1g.18gb     Device  1: (UUID: MIG-2222)
GPU 2: NVIDIA H200 (UUID: GPU-cccc)
"""


def test_a_split_gpu_is_its_parts():
    assert inventory.listed(LISTING) == ("GPU-aaaa", "MIG-1111", "MIG-2222", "GPU-cccc")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (None, ("GPU-aa", "GPU-ab", "GPU-c")),
        ("", ()),
        ("2,0", ("GPU-c", "GPU-aa")),
        ("GPU-ab,GPU-c", ("GPU-ab", "GPU-c")),
        ("GPU-c,GPU-a,0", ("GPU-c",)),
        ("0,-1,1", ("GPU-aa",)),
        ("7", ()),
    ],
)
def test_what_the_trainer_may_not_see_it_does_not_offer(shown, expected):
    assert inventory.visible(("GPU-aa", "GPU-ab", "GPU-c"), shown) == expected


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    def install(body: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return install


def test_gpus_are_those_that_the_driver_lists(nvidia_smi, monkeypatch):
    nvidia_smi(f"test \"$1\" = -L && cat <<'END'\n{LISTING}END")
    assert inventory.take_inventory().gpus == ("GPU-aaaa", "MIG-1111", "MIG-2222", "GPU-cccc")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    assert inventory.take_inventory().gpus == ("GPU-cccc",)
    assert inventory.take_inventory(["0", "1"]).gpus == ("0", "1")
    assert inventory.take_inventory([]).gpus == ()


def test_a_driver_that_fails_or_hangs_counts_as_none(nvidia_smi, monkeypatch):
    nvidia_smi("echo 'No devices were found'; exit 6")
    assert inventory.found_gpus() == ()
    monkeypatch.setattr(inventory, "NVIDIA_SMI_S", 0.1)
    nvidia_smi("exec sleep 60")
    assert inventory.found_gpus() == ()


def tree(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("limits", "cpus", "memory_bytes"),
    [
        ({"proc/self/cgroup": "0::/\n"}, None, None),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/cpu.max": "50000 100000\n",
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
                "sys/fs/cgroup/a/b/memory.max": "1000000\n",
                "sys/fs/cgroup/a/memory.max": "max\n",
            },
            0.5,
            1_000_000,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "25000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000\n",
            },
            0.25,
            2_000_000,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/\n3:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            None,
            None,
        ),
    ],
    ids=["no limit", "version 2", "version 1 in a container", "version 1 without a limit"],
)
def test_limits_of_a_container_are_the_hosts(tmp_path, limits, cpus, memory_bytes):
    root = tree(tmp_path, limits)
    assert inventory.cpus(root) == (cpus or len(os.sched_getaffinity(0)))
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert inventory.memory_bytes(root) == (memory_bytes or installed)
