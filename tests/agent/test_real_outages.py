"""What a real node does while something that all nodes need is away: the API server, or the right time."""

import contextlib
import os
import signal
import sqlite3
from pathlib import Path

import pytest
from noding import GPUS, NODE, STAYS, commands_in, enrol, placed_unheard, pods_of, running, slots_of

from hanse.agent import install
from hanse.devcluster import controlplane, debian, network, processes

pytestmark = pytest.mark.real_node

CLOCK_FACTS = ("ClockStepped", "ClockOff")
BEGINS, WORKS = ("sh", "-c", "trap 'exit 0' TERM; sleep 3601 & wait"), STAYS


@pytest.fixture(name="enrolled", scope="module")
def _enrolled(node, pool):
    enrol(node, pool)


@contextlib.contextmanager
def no_api_server(folder):
    """Kill the API server; start it again in the end."""
    assert processes.find(folder, [controlplane.API_SERVER])
    processes.end(folder, [controlplane.API_SERVER], [signal.SIGKILL])
    try:
        yield
    finally:
        controlplane.ControlPlane(folder, network.bridge_of(folder).address).start_api_server()


def waiting_slots(agent):
    """Return how many slots the agent has on its disk that the hub has not got."""
    file = agent.folder / "state/agent.sqlite"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as state:
        return state.execute("SELECT count(*) FROM slot").fetchone()[0]


def metered(node, pool, entry):
    """Return the starts of the slots that are an attempt's from beginning to end."""
    return [
        slot.start_seconds
        for slot in slots_of(node, pool)
        if sum(each.length_seconds for each in slot.segments if str(entry.attempt) in dict(each.shares))
        == slot.length_seconds
    ]


def pid_of(uid, command):
    """Return the process of a pod that a command line is, if there is one."""
    return next((pid for pid, line in commands_in(uid).items() if line.strip() == " ".join(command)), None)


@pytest.mark.usefixtures("enrolled")
def test_while_the_api_server_is_away_all_runs_on_and_what_the_node_knows_starts_and_all_else_waits(
    node, pool, place, template, eventually
):
    """Nothing is given out twice or taken away, and each second is metered once: slots wait on the disk."""
    before, _ = place(gpus=(1,))
    [uid] = eventually(lambda: running(node, before), len)
    begins = template(*WORKS)
    begins["spec"]["initContainers"] = [{**begins["spec"]["containers"][0], "name": "begins", "command": [*BEGINS]}]
    known, _ = place(gpus=(2,), template=begins)
    [uid_known] = eventually(lambda: [pod["metadata"]["uid"] for pod in pods_of(node, known)], len)
    eventually(lambda: pid_of(uid_known, BEGINS), bool)
    # What begins has no slices, so that the node agent was not asked yet, and hears of it at its next exchange.
    eventually(lambda: node.remembers(uid_known), bool)
    # From here on it hears of no more placements. The next worker has its slices, and may not start yet.
    unknown, _, pod = placed_unheard(node, place, eventually, 3)
    uid_unknown = pod["uid"]
    names = [f"g-{entry.attempt}-0" for entry in (before, known, unknown)]
    given = node.given_out()
    assert set(names) <= set(given)
    eventually(lambda: (metered(node, pool, before), node.agent.log()), lambda now: now[0])
    # Nobody remembers what the API server has said of a token that it has not seen yet.
    token = node.token(install.NODE_AGENT)
    pid = pid_of(uid, WORKS)
    with no_api_server(node.local.folder):
        node.stop(signal.SIGKILL)
        (node.folder / "token").write_text(token)
        refused = f"{names[2]}: no placement on this node names this pod"
        refusals = node.told(refused)
        node.start()
        os.kill(pid_of(uid_known, BEGINS), signal.SIGTERM)
        eventually(lambda: (pid_of(uid_known, WORKS), node.log()), lambda now: now[0])
        eventually(lambda: (node.told(refused), node.log()), lambda now: now[0] > refusals)
        assert pid_of(uid_unknown, WORKS) is None
        eventually(lambda: waiting_slots(node.agent), lambda now: now >= 3)
        assert pid == pid_of(uid, WORKS)
        assert {name: given[name] for name in names} == {name: node.given_out()[name] for name in names}
        back_at = pool.now()
    assert [uid_unknown] == eventually(lambda: running(node, unknown), len)
    assert ([uid], [uid_known]) == (running(node, before), running(node, known))
    ids = [one for name in names for one in node.given_out()[name]]
    assert len(ids) == len(set(ids)) == 3 * len(given[names[0]])
    assert node.given_out()[names[0]] == given[names[0]]
    starts = eventually(lambda: metered(node, pool, before), lambda now: now[-1] >= back_at)
    assert list(range(starts[0], starts[-1] + 1, pool.LEDGER_SLOT_SECONDS)) == starts
    eventually(node.has, lambda now: now == [8] * GPUS)


@pytest.fixture(name="set_clock")
def _set_clock(node):
    """Set the clock of the node agent and the cluster agent, in seconds beside the right one.

    The one since boot goes on, as it does when a machine's clock is set; so do the times of files.

    """
    debian.require(("libfaketime",))
    [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    file = node.folder / "clock"

    def set_clock(beside_seconds):
        aside = node.folder / "clock.new"
        aside.write_text(f"{beside_seconds:+d}\n")
        aside.replace(file)

    def restart(**variables):
        node.stop()
        node.agent.stop()
        node.agent.variables = variables
        node.agent.start()
        node.start()

    set_clock(0)
    always = {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
    restart(LD_PRELOAD=str(library), FAKETIME_TIMESTAMP_FILE=str(file), **always)
    yield set_clock
    restart()


@pytest.mark.usefixtures("enrolled")
def test_by_a_clock_that_was_set_nothing_is_metered_until_it_is_right_and_all_else_goes_on(
    node, pool, place, set_clock, eventually
):
    """Time in which it is wrong is nobody's, and no second is anybody's twice: by no step, forward or back."""
    log = node.local.folder / "logs" / f"{node.agent.part}.log"

    def steps():
        return log.read_text().count("the clock was set by")

    def step(beside_seconds):
        before = steps()
        set_clock(beside_seconds)
        since = pool.now()
        eventually(steps, lambda now: now > before)
        return since

    def goes_on(since):
        return eventually(lambda: (metered(node, pool, entry), node.agent.log()), lambda now: now[0][-1:] > [since])[0]

    entry, _ = place(gpus=(1,))
    [uid] = eventually(lambda: running(node, entry), len)
    before = goes_on(0)
    # As far off as the ledger allows: from the hub's next answer on there is metered again.
    for beside in (3, 0):
        goes_on(step(beside))

    def starts_and_waits(gpu):
        # A worker starts by no clock.
        other, _ = place(gpus=(gpu,))
        eventually(lambda: (running(node, other), node.log()), lambda now: now[0])
        begun = pool.now()
        eventually(pool.now, lambda now: now > begun + 3 * pool.LEDGER_SLOT_SECONDS)

    since = step(90)
    starts_and_waits(2)
    step(-90)
    starts_and_waits(3)
    until = pool.now()
    step(0)
    after = goes_on(until)
    assert [uid] == running(node, entry)
    assert set(before) < set(after)
    spans = [(slot.start_seconds, slot.start_seconds + slot.length_seconds) for slot in slots_of(node, pool)]
    assert [] == [(start, end) for start, end in spans if start < until and end > since]
    assert max(end for _, end in spans) <= pool.now()
    said = "SELECT amount FROM ledger.fact WHERE cluster = :name AND kind = :kind"
    amounts = [[row.amount for row in pool.rows(said, name=node.agent.name, kind=kind)] for kind in CLOCK_FACTS]
    assert (True, True) == (any(1000 < each < 5000 for each in amounts[0]), any(each > 80_000 for each in amounts[1]))
    refused = "SELECT kind, detail FROM ledger.violation WHERE node = :node"
    assert [] == pool.rows(refused, node=f"{node.agent.name}/{NODE}"), "no slot was signed twice, or in the future"
