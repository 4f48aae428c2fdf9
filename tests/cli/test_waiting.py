"""Who waits, where and why, from the leading operator through the API service to the member's terminal."""

import difflib
import json
import os
import re
import shlex
import time
from pathlib import Path

import pytest
import urllib3
import yaml

from hanse.api import coordinators
from hanse.api.leader import Leader
from hanse.api.problems import UnavailableError

PAGE = Path(__file__).parents[2] / "docs" / "outputs.md"
WAITING = {"north": ["first", "second"], "south": ["third"]}


@pytest.fixture(name="busy", scope="module")
def _busy(town):
    """Each member uses all it has, and more jobs wait."""
    # A slow machine may take a while for all that is asked of them.
    town.submit("north", "uses-all", replicas=3, runtime="60m")
    town.submit("south", "uses-all", runtime="60m")
    for member in WAITING:
        town.reaches(member, "uses-all", "Running")
    for member, names in WAITING.items():
        for name in names:
            time.sleep(1.1)  # who came first is known to the second
            town.submit(member, name)
            town.until(f"{name} waits", lambda: town.status(member, name).get("explanation"))  # noqa: B023  # called now
    (town.folder / "job.yaml").write_text(yaml.safe_dump(town.manifest("north", "asked")))
    yield town
    town.clear()


@pytest.mark.parametrize("member", WAITING)
def test_a_member_sees_the_places_of_its_own_jobs_and_no_others(busy, member):
    lines = busy.hanse("queue", **busy.as_people(member)).splitlines()
    assert ["namespace", "name", "position", "reason", "starts", "by"] == lines[0].split()
    table = lines[1 : lines.index("")]
    expected = [[member, name, str(place)] for place, name in enumerate(WAITING[member], start=1)]
    assert expected == [line.split()[:3] for line in table]
    for line, job in zip(table, ask(busy, member, "/v1/queue")["items"], strict=True):
        at, said = job["start"]["at"], job["start"]["restsOn"]
        assert line.rstrip().endswith(at or "not known")
        assert (at is None) == (job["start"]["seconds"] is None)
        assert any(f"{member}/{job['name']}" in each and each.endswith(said) for each in lines)
    others = [name for other, names in WAITING.items() if other != member for name in names]
    assert not [name for name in others if name in "\n".join(lines)]


def test_a_member_is_told_why_its_job_waits_and_nothing_of_a_rivals(busy):
    said = busy.hanse("explain", "second", "--namespace=north", **busy.as_people("north"))
    assert busy.status("north", "second")["explanation"]["message"] in said
    said = busy.hanse("explain", "uses-all", "--namespace=north", **busy.as_people("north"))
    assert "Admit" in said
    status, said = busy.call("explain", "second", "--namespace=north", **busy.as_people("south"))
    assert (1, True) == (status, said.startswith("hanse: there is no job second of yours in namespace north: "))


def test_what_if_says_what_a_job_that_waits_is_told_and_submits_nothing(busy):
    variables = busy.as_people("north")
    told = json.loads(busy.hanse("whatif", "-f", "job.yaml", "--json", **variables))
    second = json.loads(busy.answer("north", "/v1/jobs/north/second/explain"))["now"]
    assert not told["admitted"]
    assert (3, second["position"] + 1) == (told["now"]["position"],) * 2
    assert second["status"]["reason"] == told["now"]["status"]["reason"]
    assert second["message"] == told["now"]["message"]
    assert "south" not in str(told)
    status, said = busy.call("whatif", "-f", "job.yaml", "-n", "south", **variables)
    assert (1, True) == (status, said.startswith("hanse: there is no namespace south of yours"))
    assert "asked" not in busy.hanse("jobs", "--namespace=north")


def test_the_jobs_of_a_namespace_are_listed_with_phase_and_reason(busy):
    phases = [line.split()[:3] for line in busy.hanse("jobs", "--namespace=north").splitlines()[1:]]
    assert [["first", "standard", "Queued"], ["second", "standard", "Queued"]] == phases[:2]
    assert ["uses-all", "standard", "Running"] == phases[2]


def test_a_member_sees_its_quota_and_its_own_jobs(busy):
    (own,) = json.loads(busy.hanse("quota", "--json", **busy.as_people("north")))["members"]
    figures = ("class", "entitledMilliGpus", "usedMilliGpus", "borrowedMilliGpus", "lentMilliGpus")
    assert ("north", [("h100-80g", 24000, 24000, 0, 0)]) == (
        own["member"],
        [tuple(each[name] for name in figures) for each in own["classes"]],
    )
    hours = json.loads(busy.hanse("usage", "--json", **busy.as_people("north")))  # none, unless one has just ended
    assert {each["member"] for each in hours} <= {"north"}
    page = ask(busy, "north", "/v1/jobs?limit=2")
    assert [("first", "Queued"), ("second", "Queued")] == [(each["name"], each["phase"]) for each in page["items"]]
    rest = ask(busy, "north", f"/v1/jobs?limit=2&cursor={page['next']}")
    assert ([("uses-all", "24/24")], None) == ([(each["name"], each["gpus"]) for each in rest["items"]], rest["next"])
    (cell,) = ask(busy, "north", "/v1/pool")["cells"]
    assert ({"gpus": 24, "freeGpus": 0}, None) == (cell["own"], cell["others"])


def test_a_member_is_told_what_it_can_ask_for_and_what_it_was_entitled_to(busy):
    told = ask(busy, "north", "/v1/choices")
    assert [("north", "north", None)] == [tuple(each.values()) for each in told["namespaces"]]
    assert {"h100-80g"} <= {each["name"] for each in told["classes"]}
    now = int(time.time())
    path = f"/v1/entitlements?from={now - 86400}&to={now + 86400}"
    # The leader writes a row when what is offered has changed, and looks for that twice a minute.
    latest = busy.until("24 GPUs are on record", lambda: [
        each for each in ask(busy, "north", path)["items"] if each["milliGpus"] == 24000
    ])  # fmt: skip
    assert {("north", "h100-80g")} == {(each["member"], each["class"]) for each in latest}


def test_a_coordinator_is_told_of_offers_and_of_what_is_wrong_and_of_nobodys_jobs(busy):
    leader = Leader(f"http://127.0.0.1:{busy.operator_port}", (busy.folder / "internal-token").read_text().strip())
    told = leader.coordination()
    offers = {each["member"]: (each["offeredGpus"], each["healthyGpus"]) for each in told["contributions"]}
    assert (24, 24) == offers["north"]
    assert ({"north", "south"}, [], 0) == (offers.keys(), told["silentClusters"], told["downNodes"])
    assert all(each["fresh"] for each in told["feeds"].values())
    assert not [name for name in ("uses-all", "first", "second", "third") if name in json.dumps(told)]
    condition = coordinators.condition(leader)
    assert ("", "") == (condition.brake, condition.pool_problem)
    assert 2 == len(coordinators.contributions(leader, 10, "").items)


PATHS = [
    "queue", "jobs", "quota", "pool", "balances", "usage?from=0&to=3600", "statements/2026-11", "whoami", "choices",
    "entitlements?from=0&to=3600", "contributions", "condition",
]  # fmt: skip


@pytest.mark.parametrize("path", [*PATHS, "jobs/south/third/explain", "jobs/north/first/explain", "audit/balances"])
def test_nothing_that_a_member_is_answered_names_anything_of_its_rival(busy, path):
    """Whatever is asked, and whether it is refused; a name that was in the question itself tells nothing."""
    said = busy.answer("north", f"/v1/{path}")
    for name in {"south", "third", "south-1"} - set(re.findall(r"[\w-]+", path)):
        assert name not in said


@pytest.mark.parametrize("process", ["operator", "api", "agent of north", "agent of south"])
def test_no_metric_names_a_member_or_a_job(busy, process):
    with urllib3.PoolManager(timeout=60) as http:
        said = http.request("GET", f"http://127.0.0.1:{busy.metrics_ports[process]}/metrics").data.decode()
    assert f"hanse_{process.split()[0]}_" in said
    words = set(re.findall(r"[a-z-]+", said))  # "seconds" is none of the names
    assert not words & {"north", "south", "uses-all", "first", "second", "third"}


def test_members_cannot_read_metrics_where_they_ask(busy):
    assert "there is nothing at this path" in busy.answer("north", "/metrics")


def ask(town, member, path):
    return json.loads(town.answer(member, path))


@pytest.mark.parametrize("token", ["", "another"])
def test_who_does_not_show_the_operators_token_is_told_nothing(busy, token):
    leader = Leader(f"http://127.0.0.1:{busy.operator_port}", token)
    with pytest.raises(UnavailableError, match="does not answer this service"):
        leader.queue(frozenset({"north"}))


def normal(text):
    """Return an output with fixed ages, times, ids and versions, and without what only pads them."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "2026-11-02T09:00:00Z", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "2026-11-02 09:00:00 UTC", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-0000-0000-000000000000", text)
    text = re.sub(r"(Resource Version: +)\d+", r"\g<1>1", text)
    # Only a pool that has seen the end of an hour shows it.
    text = re.sub(r"^Credit, in .*\n(.+\n)*", "", text, flags=re.MULTILINE)
    head, events, tail = text.partition("\nEvents:\n")
    tail = re.sub(r" +\d+[smh]\d*[smh]?( \(x\d+ over \S+\))?  +", "  1m  ", tail)
    tail = re.sub(r"(?<=\S) {2,}", "  ", re.sub(r"-{4,}", "----", tail))
    return "".join(f"{line.rstrip()}\n" for line in (head + events + tail).strip().splitlines())


def well(town, *args, **variables):
    """Return what a command says once all is well: on a machine with other work a part may be late for a moment."""

    def said():
        status, text = town.call(*args, **variables)
        return status == 0 and text

    return town.until(shlex.join(args), said)


def test_the_outputs_in_the_docs_are_the_true_ones(busy):
    """HANSE_WRITE_OUTPUTS=1, which `make outputs` sets, writes them."""
    variables = busy.as_people("north")

    def shown(match):
        program, *args = shlex.split(match["command"])
        said = busy.own.kubectl(*args).stdout if program == "kubectl" else well(busy, *args, **variables)
        if args[0] == "get":
            said = re.sub(r"\d+[smhd]\w*$", "1m", said, flags=re.MULTILINE)
        return f"```console\n$ {match['command']}\n{normal(said)}```"

    before = PAGE.read_text()
    after = re.sub(r"```console\n\$ (?P<command>.*)\n(.*\n)*?```", shown, before)
    if os.environ.get("HANSE_WRITE_OUTPUTS"):
        PAGE.write_text(after)
    else:
        assert before == after, "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm=""))
