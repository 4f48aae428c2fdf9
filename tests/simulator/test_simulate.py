"""`hanse simulate` as a user types it."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from hanse.cli import simulate as simulating
from hanse.cli.main import app
from hanse.simulator import reporting, scenarios
from hanse.simulator.comparing import POLICIES
from hanse.simulator.workload import WorkloadError

JOBS = """member,submitted_seconds,work_seconds,gpus_per_worker,workers
north,0,86400,8,2
south,60,7200,8,1
south,60,7200,4,1
"""


def test_all_policies_are_named():
    assert tuple(POLICIES) == simulating._POLICIES


def test_other_commands_do_not_wait_for_plots():
    code = (
        "import sys, typer; from hanse.cli import main\n"
        "assert 'bench' in list(typer.main.get_command(main.app).commands)\n"
        "print(*{'matplotlib', 'pyarrow'} & sys.modules.keys())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "" == told.stdout.strip()


@pytest.fixture
def trace(tmp_path):
    file = tmp_path / "jobs.csv"
    file.write_text(JOBS)
    return file


def simulate(*words):
    return CliRunner().invoke(app, ["simulate", *map(str, words)])


def test_a_file_of_ones_own_is_played_under_every_policy(trace, tmp_path):
    chosen = [word for name in POLICIES for word in ("--policy", name)]
    few = ("--days", 2, "--warm-up-days", 0, "--gpus", "north=16", "--gpus", "south=8")
    told = simulate("--trace", trace, *few, *chosen, "--json", tmp_path / "out.json", "--report", tmp_path / "page")
    assert 0 == told.exit_code, told.output
    (document,) = json.loads((tmp_path / "out.json").read_text())
    assert {"north": 16, "south": 8} == document["inputs"]["gpus_by_member"]
    assert sorted(POLICIES) == list(document["policies"])
    for name, figures in document["policies"].items():
        assert 3 == figures["wait"]["jobs"], name
        assert 0 == figures["wait"]["never_started"], name
    static, ours = document["policies"]["static"], document["policies"]["hanse"]
    assert 7200 == static["wait_by_member"]["south"]["p99"] or static["wait_by_member"]["south"]["mean"] == 3600
    assert ours["allocation_fraction"] == pytest.approx(static["allocation_fraction"])
    page = (tmp_path / "page" / "report.html").read_text()
    assert all(f"<b>{name}</b>" in page for name in POLICIES)
    assert {"utilization.png", "waits.png", "classes.png", "members.png", "fairness.png"} <= {
        each.name for each in (tmp_path / "page").iterdir()
    }


def test_waits_are_told_apart_by_whether_jobs_are_within_what_their_members_have_and_of_fillers(trace, tmp_path):
    """South has 8 GPUs: the second of its gangs, of 4, is beyond them, and waits for the first where nobody lends."""
    few = ("--days", 2, "--warm-up-days", 0, "--gpus", "north=16", "--gpus", "south=8", "--policy", "static")

    def told(*more):
        assert 0 == simulate("--trace", trace, *few, *more, "--json", tmp_path / "out.json").exit_code
        (document,) = json.loads((tmp_path / "out.json").read_text())
        figures = document["policies"]["static"]
        assert 3 == figures["wait"]["jobs"], "fillers are in no wait but their own"
        return document["inputs"]["fillers"], figures["wait_by_class"]

    _, waits = told()
    assert {name: (each["jobs"], each["mean"]) for name, each in waits.items()} == {
        "entitled": (2, 0), "beyond": (1, 7200), "fillers": (0, 0),
    }  # fmt: skip
    fillers, waits = told("--backlog")
    assert fillers == waits["fillers"]["jobs"] > 0


def test_what_a_member_would_gain_by_contributing_more_is_a_difference_of_two_runs(trace):
    def waits_of_south(**more):
        asked = scenarios.Asked(str(trace), days=2, warm_up_days=0, gpus={"north": 16, "south": 8}, more=more)
        from hanse.simulator import comparing

        return comparing.play("static", scenarios.setting(asked)).figures.wait_by_member["south"].mean

    assert (3600, 0) == (waits_of_south(), waits_of_south(south=8))


def test_a_member_that_leaves_takes_its_jobs_and_gpus_along(trace):
    asked = scenarios.Asked(
        str(trace), days=2, warm_up_days=0, gpus={"north": 16, "south": 8}, without=frozenset({"south"})
    )
    setting = scenarios.setting(asked)
    assert ("north",) == setting.workload.members
    assert {"north": 16} == setting.cluster.owned()


def test_what_goes_wrong_and_what_nodes_are_worth_comes_from_the_seed_and_is_in_the_inputs():
    asked = scenarios.Asked(
        days=4, gpus={f"member-{each}": 32 for each in range(1, 5)}, killed=0.2, days_between_losses=4,
        days_between_recalls=4, slower=(0.5, 600), elastic=0.3,
    )  # fmt: skip
    setting = scenarios.setting(asked)
    assert setting == scenarios.setting(asked)
    said = reporting.inputs(setting)
    assert (128, 8 * 8 + 8 * 4.8) == (setting.cluster.capacity, said["worth_of_all_gpus"])
    assert 0 < said["failures"] < said["jobs"] / 2
    assert {0, 3600} == {each.notice_seconds for each in setting.incidents.outages}
    assert 0.2 < said["elastic_gangs"] / said["jobs"] < 0.4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--slower", "much"], "--slower much: write PART=THOUSANDTHS"),
        (["--policy", "magic"], "--policy magic: there is none of that name"),
        (["--gpus", "north"], "--gpus north: write MEMBER=GPUS"),
        (["--trace", "nowhere.csv"], "--trace nowhere.csv: it is no file"),
        (["--trace", "philly"], "--trace philly: say --data FOLDER"),
        (["--days", "2", "--warm-up-days", "2"], "--warm-up-days 2: it must be less than --days 2"),
        (["--more", "nobody=8"], "member nobody: there is none of that name; there are member-1"),
    ],
)
def test_what_cannot_be_played_is_refused_by_name(words, says):
    told = simulate(*words)
    assert 1 == told.exit_code
    assert says in (told.output + str(told.exception))


def test_jobs_of_a_member_without_gpus_are_refused(trace):
    with pytest.raises(WorkloadError, match="member south submits jobs, and no GPUs are said for it"):
        scenarios.setting(scenarios.Asked(str(trace), gpus={"north": 16}))
