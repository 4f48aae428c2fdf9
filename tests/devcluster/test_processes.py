import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hanse.devcluster import processes
from hanse.devcluster.errors import DevclusterError

IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
HAS_A_CHILD = "import subprocess, sys; subprocess.run(['sleep', '60'])"


@pytest.fixture(name="folder")
def _folder(tmp_path):
    yield tmp_path
    processes.end(tmp_path, signals=[signal.SIGKILL])


def wait_for(condition):
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_part_is_found_by_its_mark_and_ended(folder):
    processes.start(folder, "sleeper", ["sleep", "60"])
    assert ["sleeper"] == [found.part for found in processes.find(folder)]
    processes.end(folder)
    assert [] == processes.find(folder)


def test_children_of_a_part_are_found_and_ended_with_it(folder):
    processes.start(folder, "parent", [sys.executable, "-c", HAS_A_CHILD])
    wait_for(lambda: len(processes.find(folder)) == 2)
    processes.end(folder)
    assert [] == processes.find(folder)


def test_only_the_parts_that_are_named_are_ended(folder):
    processes.start(folder, "one", ["sleep", "60"])
    processes.start(folder, "other", ["sleep", "60"])
    processes.end(folder, ["one"])
    assert ["other"] == [found.part for found in processes.find(folder)]


def test_another_cluster_is_left_alone(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    processes.start(other, "neighbour", ["sleep", "60"])
    processes.end(folder)
    assert ["neighbour"] == [found.part for found in processes.find(other)]
    processes.end(other)


def test_what_ignores_sigterm_is_killed(folder):
    processes.start(folder, "stubborn", [sys.executable, "-c", IGNORES_SIGTERM])
    wait_for(lambda: "up" in (folder / "logs" / "stubborn.log").read_text())
    processes.end(folder, patience_seconds=2)
    assert [] == processes.find(folder)


def test_what_does_not_end_is_named(folder):
    processes.start(folder, "stubborn", [sys.executable, "-c", IGNORES_SIGTERM])
    wait_for(lambda: "up" in (folder / "logs" / "stubborn.log").read_text())
    with pytest.raises(DevclusterError, match=r"do not end: stubborn \(pid \d+\)"):
        processes.end(folder, signals=[signal.SIGTERM], patience_seconds=0.2)


def test_a_part_that_ends_at_its_start_is_reported_with_the_end_of_its_log(folder):
    processes.start(folder, "broken", [sys.executable, "-c", "raise SystemExit('the disk is on fire')"])
    with pytest.raises(DevclusterError, match=r"broken ended before it was ready.*\n.*the disk is on fire"):
        processes.wait_until_ready(folder, "broken", lambda: False, limit_seconds=60)


def test_a_part_that_never_gets_ready_is_reported(folder):
    processes.start(folder, "slow", ["sleep", "60"])
    with pytest.raises(DevclusterError, match="slow was not ready after 0 s"):
        processes.wait_until_ready(folder, "slow", lambda: False, limit_seconds=0.2)


def test_a_part_in_the_middle_of_exec_is_found(folder, tmp_path):
    program = tmp_path / "restless.py"
    program.write_text("import os, sys\nos.execv(sys.executable, [sys.executable, '-S', '-E', __file__])\n")
    processes.start(folder, "restless", [sys.executable, "-S", str(program)])
    assert [] == [look for look in range(200) if not processes.find(folder)]


def test_a_part_is_not_reached_by_the_terminals_ctrl_c(folder):
    processes.start(folder, "sleeper", ["sleep", "60"])
    (found,) = processes.find(folder)
    # It is there a moment before it has a session of its own.
    wait_for(lambda: os.getsid(found.pid) != os.getsid(0))


def test_an_identity_is_of_one_process_only():
    ours = processes.identity(os.getpid())
    with subprocess.Popen(["sleep", "60"]) as child:
        theirs = processes.identity(child.pid)
        child.kill()
    assert ours == processes.identity(os.getpid())
    assert theirs.startswith(f"{child.pid}:")
    assert processes.identity(child.pid) == ""


def test_a_module_gets_its_secrets_where_others_cannot_read_them(folder):
    processes.start_module(folder, "server", "http.server", "--bind=127.0.0.1", "0", HIDDEN="not-for-everybody")
    (found,) = processes.find(folder)
    read = {name: Path(f"/proc/{found.pid}/{name}").read_text() for name in ("cmdline", "environ")}
    assert [False, True] == ["not-for-everybody" in read[name] for name in ("cmdline", "environ")]
    assert "http.server" in read["cmdline"]
