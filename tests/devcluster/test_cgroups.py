"""A node's control groups are made at the top of each hierarchy of either version, and taken away with all below."""

import pytest

from hanse.devcluster import cgroups
from hanse.devcluster.errors import DevclusterError


@pytest.fixture(name="mount")
def _mount(tmp_path, monkeypatch):
    """Return a folder in place of the machine's control groups."""
    monkeypatch.setattr(cgroups, "MOUNT", tmp_path)
    return tmp_path


@pytest.fixture(name="version_1")
def _version_1(mount):
    for name in ("cpuset", "memory"):
        (mount / name).mkdir()
        (mount / name / "cgroup.procs").touch()
    (mount / "cpuset/cpuset.cpus").write_text("0-1")
    (mount / "cpuset/cpuset.mems").write_text("0")
    (mount / "cpu").symlink_to("memory")
    return mount


@pytest.fixture(name="version_2")
def _version_2(mount):
    (mount / "cgroup.procs").touch()
    (mount / "cgroup.controllers").write_text("cpu cpuset io memory pids rdma")
    (mount / "cgroup.subtree_control").write_text("cpu memory")
    (mount / "system.slice").mkdir()
    (mount / "system.slice/cgroup.procs").touch()
    return mount


def groups(mount):
    return sorted(str(path.relative_to(mount)) for path in mount.rglob("hanse1"))


def test_version_1_gets_a_group_in_each_hierarchy_that_can_take_processes(version_1):
    cgroups.make("hanse1")
    assert ["cpuset/hanse1", "memory/hanse1"] == groups(version_1)
    assert "0-1" == (version_1 / "cpuset/hanse1/cpuset.cpus").read_text()


def test_version_2_gets_one_group_and_the_controllers_that_a_kubelet_wants(version_2):
    cgroups.make("hanse1")
    assert ["hanse1"] == groups(version_2)
    assert "+cpuset +pids" == (version_2 / "cgroup.subtree_control").read_text()


@pytest.mark.usefixtures("version_2")
def test_a_container_that_cannot_hand_controllers_down_is_told_so(monkeypatch):
    def refuse(path, text):
        raise OSError(16, "Device or resource busy", str(path), text)

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    with pytest.raises(DevclusterError, match=r"cpuset, pids.*Device or resource busy"):
        cgroups.make("hanse1")


def test_a_group_goes_with_all_below_and_may_be_gone_already(version_2):
    cgroups.make("hanse1")
    (version_2 / "hanse1/kubepods/burstable").mkdir(parents=True)
    for _ in range(2):
        cgroups.remove("hanse1")
    assert [] == groups(version_2)
    assert (version_2 / "system.slice").is_dir()


def test_a_group_that_stays_busy_is_named(version_2, monkeypatch):
    monkeypatch.setattr(cgroups, "EMPTY_SECONDS", 0.0)
    monkeypatch.setattr(cgroups, "_is_removed", lambda _: False)
    with pytest.raises(DevclusterError, match="hanse1 still holds processes"):
        cgroups.remove("hanse1")
    assert (version_2 / "system.slice").is_dir()
