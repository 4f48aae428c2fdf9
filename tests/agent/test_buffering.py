"""Slots outlive crashes and partitions: each that was measured reaches the ledger once, in the chain of its node."""

import tempfile
import uuid
from base64 import urlsafe_b64decode
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hanse.agent import certified, clock, meters, wall
from hanse.agent.keys import Keys
from hanse.agent.store import Store
from hanse.evidence import canonical, enrolments, slots
from hanse.resources.protocol import SlotsAnswer, SlotVerdict

KEYS = Keys(*(key.private_bytes_raw() for key in (Ed25519PrivateKey.generate(), X25519PrivateKey.generate())))
OTHERS = Keys(b"o" * 32, b"o" * 32)
BOOT = uuid.UUID(int=5)
NODES = {
    name: {"metadata": {"uid": str(uuid.UUID(int=number))}, "status": {}} for number, name in enumerate(("a", "b"))
}
REPORTS = {name: SimpleNamespace(gpus=2, ready=True) for name in NODES}
SLOT_SECONDS = 10
# Each example syncs a disk many times.
FEW = hypothesis.settings(max_examples=max(50, hypothesis.settings().max_examples // 10), deadline=None)


class Ledger:
    """Takes a slot once, as the real one does: by node and start; another body for it would be a conflict."""

    def __init__(self):
        self.bodies = {}

    def slots(self, request):
        verdicts = []
        for each in request.slots:
            body = urlsafe_b64decode(each.model_dump()["body"]) if isinstance(each.body, str) else each.body
            slot = slots.decode(body)
            known = self.bodies.setdefault((slot.node, slot.start_seconds), body)
            assert known == body, "the node signed two bodies for one slot"
            verdicts.append(SlotVerdict(verdict="stored"))
        return SlotsAnswer(verdicts=tuple(verdicts))


class Machine:
    """An agent's meters over a state folder; the wall clock and the one since boot go together but for steps."""

    def __init__(self, folder):
        self.folder, self.now, self.ahead, self.made = Path(folder), 1000.0, 0.0, {}
        self.start()

    def start(self):
        self.store = Store(self.folder, BOOT)
        self.meters = meters.Meters("c", self.store, KEYS)
        self.meters.slot_seconds = SLOT_SECONDS
        self.meters.certified.take(0, ())
        self.look()
        self.meters.wall.compared(self.ahead, 0.1)

    def look(self, seconds=0):
        self.now += seconds
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(meters.time, "time", lambda: self.now + self.ahead)
            patch.setattr(clock, "boottime", lambda: self.now)
            self.meters.look(int(self.now + self.ahead), NODES, REPORTS, (), {})
        for _, body, _ in self.store.slots(10_000):
            slot = slots.decode(body)
            self.made[slot.node, slot.start_seconds] = body

    def crash(self):
        """Kill the process: what is in memory is lost, what was committed is there."""
        self.store.close()
        self.start()

    def send(self, ledger, *, lose):
        """Play a round of sending, of which the request or the answer may be lost."""
        request = self.meters.pending()
        if request is None or lose == "request":
            return
        answer = ledger.slots(request)
        if lose != "answer":
            self.meters.take(answer)


EVENTS = st.one_of(
    st.tuples(st.just("look"), st.integers(1, 12)),
    st.tuples(st.just("send"), st.sampled_from(["", "request", "answer"])),
    st.tuples(st.just("crash"), st.none()),
    st.tuples(st.just("crash unanswered"), st.none()),
)


@FEW
@given(st.lists(EVENTS, max_size=60))
def test_every_slot_that_was_measured_is_stored_once_whatever_is_lost_in_between(events):
    ledger = Ledger()
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(folder)
        for what, how in events:
            if what == "look":
                machine.look(how)
            elif what == "send":
                machine.send(ledger, lose=how)
            elif what == "crash":
                machine.crash()
            else:
                machine.send(ledger, lose="answer")
                machine.crash()
        while machine.meters.pending():
            machine.send(ledger, lose="")
        machine.store.close()
    assert ledger.bodies == machine.made
    _assert_chained(ledger)


def _assert_chained(ledger):
    """The slots of each node are one chain, over gaps and restarts: nothing that was signed is missing."""
    for node in NODES:
        previous = slots.NO_PREVIOUS
        for (name, _), body in sorted(ledger.bodies.items()):
            if name == f"c/{node}":
                assert slots.decode(body).previous_sha256 == previous
                previous = canonical.sha256(body)


def test_slots_that_one_late_look_ends_together_are_chained(tmp_path):
    ledger, machine = Ledger(), Machine(tmp_path)
    machine.look(SLOT_SECONDS)
    machine.look(3 * SLOT_SECONDS)
    machine.send(ledger, lose="")
    assert len(ledger.bodies) == 3 * len(NODES)
    _assert_chained(ledger)
    machine.store.close()


def test_a_partition_of_a_day_is_resent_in_the_order_of_time(tmp_path):
    """More than one request's worth, from the disk of a machine that was started anew in between."""
    ledger, machine = Ledger(), Machine(tmp_path)
    for number in range(meters.BATCH):
        machine.look(SLOT_SECONDS)
        if number == meters.BATCH // 2:
            machine.crash()
    assert len(machine.store.slots(10_000)) > meters.BATCH
    sent = []
    while request := machine.meters.pending():
        sent.append(len(request.slots))
        machine.meters.take(ledger.slots(request))
    assert sent[0] == meters.BATCH
    assert len(sent) > 1
    assert ledger.bodies == machine.made
    _assert_chained(ledger)
    machine.store.close()


def test_nothing_is_metered_across_a_step_of_the_clock_until_the_hub_has_compared_it(tmp_path):
    machine = Machine(tmp_path)
    for _ in range(3):
        machine.look(SLOT_SECONDS)
    before = dict(machine.made)
    machine.ahead = 3600.0
    for _ in range(3):
        machine.look(SLOT_SECONDS)
    assert machine.made == before
    assert machine.meters.wall.stepped_seconds == pytest.approx(3600)
    machine.meters.wall.compared(3600.0, 0.1)
    machine.look(SLOT_SECONDS)
    assert machine.made == before, "the hub says that it is wrong"
    machine.ahead = 0.0
    machine.look(SLOT_SECONDS)
    assert machine.meters.wall.stepped_seconds == pytest.approx(0, abs=1e-6)
    machine.meters.wall.compared(0.0, 0.1)
    for _ in range(3):
        machine.look(SLOT_SECONDS)
    assert len(machine.made) > len(before)
    stepped = range(1030, 1080)
    assert not [start for _, start in machine.made if start in stepped]
    machine.store.close()


@pytest.mark.parametrize(
    ("ahead", "travel", "right"),
    [(0, 0.1, True), (5, 0.1, True), (5.1, 9, False), (-5, 0, True), (-5.1, 0, False), (-9, 5, True), (3600, 1, False)],
)
def test_a_clock_is_right_within_five_seconds_and_the_way_of_the_request(ahead, travel, right):
    its = wall.Wall()
    assert not its.looked(1000, 10), "nobody has compared it"
    its.compared(ahead, travel)
    assert its.looked(1005, 15) is right


def test_a_clock_that_runs_away_slowly_is_found_by_comparing_and_one_that_is_set_at_once(caplog):
    its = wall.Wall()
    for number in range(100):
        its.looked(1000 + 5.2 * number, 10 + 5 * number)
        its.compared(0.2 * number, 0.05)
    assert not its.looked(1520, 510)
    assert [record.levelname for record in caplog.records] == ["ERROR"], "said once"
    assert "let an NTP client (chrony) set it" in caplog.text
    its.compared(0, 0.05)
    assert its.looked(1525, 515)
    assert not its.looked(1500, 520), "it was set back"
    its.told(its.stepped_seconds)
    assert its.stepped_seconds == 0


def enrolled(node, number, start_seconds, keys=KEYS):
    key = keys.of_node(f"c/{node}", number).public_key().public_bytes_raw()
    return enrolments.encode(
        enrolments.Enrolment(f"c/{node}", "m", "c", "h100", 1000, (f"c/{node}/0",), key, start_seconds)
    )


def test_a_node_signs_with_the_key_that_it_is_enrolled_with_for_the_time(caplog):
    its = certified.Certified(KEYS)
    its.take(7, [enrolled("a", 0, 0), enrolled("a", 3, 100), enrolled("b", 1, 50), enrolled("d", 0, 0, OTHERS)])
    asked = [("a", 99), ("a", 100), ("a", 500), ("b", 50), ("b", 0), ("d", 0), ("e", 0)]
    keys = [(f"c/{node}", its.key(f"c/{node}", at)) for node, at in asked]
    numbers = [KEYS.number(node, key.public_key().public_bytes_raw()) for node, key in keys]
    assert numbers == [0, 3, 3, 1, 0, 0, 0]
    assert its.newest == 7
    assert "1 nodes are enrolled with keys that this agent has not: hanse cluster enrol mends it" in caplog.text


def test_no_two_nodes_and_no_two_numbers_have_the_same_key():
    made = [KEYS.of_node(node, number).private_bytes_raw() for node in ("a", "b", "a/1") for number in range(3)]
    assert len(set(made)) == len(made)
    assert OTHERS.of_node("a").private_bytes_raw() not in made
