"""Settling by the leader: hours that are over are posted, once, whoever dies; levies follow the members' objects."""

import dataclasses
import signal
import uuid

import psycopg
import pytest
import sqlalchemy as sa
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hanse.evidence import enrolments, identity, signatures, slots
from hanse.ledger import balances, database, errors, facts, posting, registry, term
from hanse.ledger import slots as ledger_slots
from hanse.ledger.reports import Node
from hanse.operator import candidates, members, snapshot
from hanse.operator.mirror import Mirror
from hanse.operator.settling import Settler, kept_of_levy, levied
from hanse.operator.world import World
from hanse.scheduler import build
from hanse.scheduler.ground import Ground

NODE = identity.node_id("blue-1", "node-0")
KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
GPUS = tuple(identity.gpu_id("blue-1", "node-0", index) for index in range(8))
SLOT_SECONDS = 300


@pytest.fixture(name="books")
def _books(pool):
    """The ledger as the operator's role, with blue and its key known."""
    engine = database.engine(pool.url, role="hanse_operator")
    registry.register_member(engine, "blue", login=None, verify_key=signatures.public_bytes(KEY))
    yield engine
    engine.dispose()


def node_key(node):
    return Ed25519PrivateKey.from_private_bytes(slots.canonical.sha256(node.encode()))


def enrolment(start_seconds, node=NODE, accelerator="h100", gpus=GPUS):
    return enrolments.Enrolment(
        node=node, member="blue", cluster="blue-1", accelerator_class=accelerator, milli_h100e=1000, gpus=gpus,
        node_key=signatures.public_bytes(node_key(node)), start_seconds=start_seconds,
    )  # fmt: skip


def enrol(pool, start_seconds):
    registry.enrol(pool.api, *enrolments.sign(enrolment(start_seconds), KEY), signatures.public_bytes(KEY))


def chained(whose):
    """Sign the node's slots, of which *whose* says by start who had its GPUs, each with the hash of the one before."""
    found, before = {}, slots.NO_PREVIOUS
    for start, who in sorted(whose.items()):
        segment = slots.Segment(0, SLOT_SECONDS, 2**8 - 1, ((who, 1000),), 1000, 10**6)
        slot = slots.Slot(NODE, uuid.UUID(int=7), start, SLOT_SECONDS, GPUS, (segment,), before)
        found[start] = ledger_slots.Signed(*slots.sign(slot, node_key(NODE)))
        before = slots.canonical.sha256(found[start].body)
    return found


def ran(pool):
    """Have a job run for a moment on blue's node; return its attempt and when it had its lease."""
    running = pool.operator()
    pool.submit("short")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.grant(placement)
    pool.release(placement, "Succeeded")
    running.end()
    attempt = placement["spec"]["attempt"]
    ((granted,),) = pool.rows("SELECT granted_at_seconds FROM ledger.attempt")
    return attempt, granted


def hours(pool):
    return [row.hour_seconds for row in pool.rows("SELECT hour_seconds FROM ledger.cutoff ORDER BY hour_seconds, run")]


def test_an_hour_is_posted_once_whoever_dies(pool, books):
    """One leader died right after the cut-off, one right after the postings; a slot that comes late is added."""
    ((now,),) = pool.rows("SELECT ledger.clock_seconds()")
    # It stands still within a slot while the job runs: neither a slot nor the hour ends meanwhile.
    now += now % SLOT_SECONDS == 0
    pool.stop_clock(now)
    enrol(pool, now // 3600 * 3600)
    attempt, granted = ran(pool)
    hour, used = granted // 3600 * 3600, granted // SLOT_SECONDS * SLOT_SECONDS
    signed = chained(dict.fromkeys(range(hour, hour + 3600, SLOT_SECONDS), "idle") | {used: attempt})
    late = signed.pop(next(start for start in signed if start != used))
    pool.shift_clock(hour + 3600 + 900 + 60 - now)
    assert {"stored"} == {str(each.outcome) for each in ledger_slots.ingest(pool.api, "blue", list(signed.values()))}
    with database.transaction(books) as connection:
        dead = term.current(books)
        assert 0 == connection.execute(sa.text(f"SELECT ledger.open_posting({dead}, {hour})")).scalar_one()
    second = pool.operator(failpoint="after-posting:kill")
    pool.until("its death", lambda: second.process.poll() == -signal.SIGKILL)
    transfers = pool.rows("SELECT id, amount FROM ledger.transfer ORDER BY sequence")
    amounts = {row.purpose: row.amount for row in pool.rows("SELECT purpose, amount FROM ledger.transfer")}
    assert {"use": 8 * SLOT_SECONDS * 1000, "offered": 8 * 11 * SLOT_SECONDS * 1000} == amounts
    third = pool.operator()
    pool.until("it to lead", lambda: third.said("leading"))
    ledger_slots.ingest(pool.api, "blue", [late])
    pool.until("the late slot's posting", lambda: len(pool.rows("SELECT 1 FROM ledger.transfer")) == 3)
    rows = "SELECT member, at_seconds, amount FROM ledger.fact WHERE kind = 'Credit' ORDER BY amount"
    lent = 8 * SLOT_SECONDS * 1000
    pool.until("credits", lambda: pool.rows(rows) == [("blue", hour + 3600, -lent), ("red", hour + 3600, lent)])
    assert transfers == pool.rows("SELECT id, amount FROM ledger.transfer ORDER BY sequence")[:2]
    assert [(0, 1), (1, 1)] == pool.rows(
        "SELECT run, count(*) FROM ledger.posting WHERE member = 'blue' AND hour_seconds = :hour GROUP BY run",
        hour=hour,
    )
    found = balances.read(books)
    assert sum(each.debits_posted for each in found) == sum(each.credits_posted for each in found) > 0
    assert [] == balances.mismatches(books)


def test_a_reservation_of_an_attempt_that_ended_is_given_back(pool):
    """Its cap holds again what its hours to come had reserved."""
    cap = {"name": "hour", "window": "Day", "milliH100eSeconds": 10**9}
    member = "/apis/hanse.dev/v1alpha1/members/red"
    pool.plane.client.request("PATCH", member, {"spec": {"caps": [cap]}}, "application/merge-patch+json")
    try:
        ran(pool)
        pending = "SELECT debits_pending FROM ledger.account WHERE kind = 'cap' AND debits_pending > 0"
        assert pool.rows(pending)
        pool.operator()
        rows = "SELECT 1 FROM ledger.transfer WHERE kind = 'void'"
        pool.until("what is not used to come back", lambda: pool.rows(rows))
    finally:
        pool.plane.client.request("PATCH", member, {"spec": {"caps": []}}, "application/merge-patch+json")


def test_a_leader_that_was_replaced_writes_nothing(pool, books):
    old = term.take(books, "old")
    term.take(books, "new")
    key = bytes(32)
    fact = facts.Fact(facts.Kind.NODE_STALE, 1, cluster="blue-1")
    for write in (
        lambda: registry.register_member(books, "late", login=None, verify_key=key, term=old),
        lambda: registry.register_member(books, "blue", login=None, verify_key=key, term=old),
        lambda: registry.publish_class_rate(books, "late", "bf16", 1, term=old),
        lambda: registry.publish_tier_rate(books, "late", 1, term=old),
        lambda: registry.set_levy(books, NODE, 0, levied=True, term=old),
        lambda: registry.set_metering(books, slot_seconds=60, grace_seconds=60, term=old),
        lambda: facts.record(books, fact, term=old),
        lambda: Settler(books, old, world(0, "1m")).look(Settler(books, old, world(0, "1m")).rules()),
        lambda: members.Register(books, old).sync(world(0)),
    ):
        with pytest.raises(errors.StaleTermError):
            write()
    written = """SELECT name FROM ledger.member WHERE name = 'late' UNION SELECT subject FROM ledger.rate
        UNION SELECT node FROM ledger.levy UNION SELECT cluster FROM ledger.fact WHERE cluster IS NOT NULL
        UNION SELECT 'slots' FROM ledger.setting WHERE slot_seconds = 60"""
    assert [] == pool.rows(written)
    assert [(signatures.public_bytes(KEY),)] == pool.rows("SELECT verify_key FROM ledger.member_key")


BROKEN = """
CREATE FUNCTION public.break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
CREATE TRIGGER break BEFORE INSERT ON ledger.posting FOR EACH ROW WHEN (NEW.member = 'amber')
  EXECUTE FUNCTION public.break();
"""


@pytest.mark.parametrize("recent", [True, False])
def test_what_fails_for_one_member_keeps_nothing_else_from_being_posted(pool, books, monkeypatch, recent):
    """What failed is posted as soon as it can be, what failed long ago an hour a look; only another leader ends it."""
    registry.register_member(books, "amber", login=None, verify_key=signatures.public_bytes(KEY))
    ((now,),) = pool.rows("SELECT ledger.clock_seconds()")
    enrol(pool, first := now // 3600 * 3600)
    pool.shift_clock(first + 2 * 3600 + 3600 - now)
    number = term.take(books, "test")
    settler = Settler(books, number, world(1000))
    with psycopg.connect(pool.url, autocommit=True) as connection:
        connection.execute(BROKEN)
        settler.look(settler.rules())
        assert {f"hour {first} of amber": 1, f"hour {first + 3600} of amber": 1} == settler.failures
        assert {"hour": 2} == settler.failures_by_part()
        by_member = "SELECT hour_seconds FROM ledger.posting WHERE member = :member ORDER BY hour_seconds"
        assert [(first,), (first + 3600,)] == pool.rows(by_member, member="blue")
        assert [] == pool.rows(by_member, member="amber")
        connection.execute("DROP TRIGGER break ON ledger.posting")
    if not recent:
        monkeypatch.setattr(posting, "RECENT_CUTOFFS", 0)
        settler = Settler(books, number, world(1000))
        settler.look(settler.rules())
        assert [(first,)] == pool.rows(by_member, member="amber")
    settler.look(settler.rules())
    assert [(first,), (first + 3600,)] == pool.rows(by_member, member="amber")
    assert {} == settler.failures_by_part()
    term.take(books, "another")
    pool.shift_clock(first + 4 * 3600 - now)
    with pytest.raises(errors.StaleTermError):
        settler.look(settler.rules())


def test_an_hour_that_was_posted_after_all_is_not_told_of(pool, books, monkeypatch):
    """The answer to a COMMIT is lost: it failed as far as the leader knows, and there is nothing left to try again."""
    ((now,),) = pool.rows("SELECT ledger.clock_seconds()")
    enrol(pool, first := now // 3600 * 3600)
    pool.shift_clock(first + 3600 + 3600 - now)
    settler, post = Settler(books, term.take(books, "test"), world(1000)), posting.post

    def post_and_lose_the_answer(*arguments):
        post(*arguments)
        raise errors.CommitUnknownError("the connection was lost")

    monkeypatch.setattr(posting, "post", post_and_lose_the_answer)
    settler.look(settler.rules())
    assert [first] == hours(pool)
    assert {} == settler.failures


def world(levy_thousandths, slot=None):
    """Return a world with blue's levy and, if *slot* is given, a policy with that metering interval."""
    keys = {
        "verify": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        "encrypt": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    }
    spec = {"displayName": "Blue", "keys": keys, "levyThousandths": levy_thousandths}
    made = World()
    made.take({"Member": {"uid": {"metadata": {"name": "blue", "uid": "uid"}, "spec": spec}}})
    offer = {"metadata": {"name": "all", "namespace": "blue", "uid": "c"}}
    made.take({"Contribution": {"c": offer | {"spec": {"cluster": "blue-1", "class": "h100"}}}})
    if slot:
        made.take({"PoolPolicy": {"p": {"metadata": {"name": "default", "uid": "p"}, "spec": {"meteringSlot": slot}}}})
    return made


def test_levies_follow_the_member_from_the_next_slot_on(pool, books):
    enrol(pool, 0)
    number = term.take(books, "test")
    ((now,),) = pool.rows("SELECT ledger.clock_seconds()")
    for levy in (1000, 1000, 0):
        now += 2 * SLOT_SECONDS
        pool.stop_clock(now)
        settler = Settler(books, number, world(levy))
        settler.look(settler.rules())
    found = pool.rows(
        "SELECT levied, start_seconds FROM ledger.levy WHERE node = :node ORDER BY start_seconds", node=NODE
    )
    assert [True, False] == [row.levied for row in found]
    assert now < found[-1].start_seconds <= now + SLOT_SECONDS


def test_a_node_whose_enrolment_begins_later_is_levied_from_then_on(pool, books):
    ((now,),) = pool.rows("SELECT ledger.clock_seconds()")
    enrol(pool, begins := (now // SLOT_SECONDS + 4) * SLOT_SECONDS)
    settler = Settler(books, term.take(books, "test"), world(1000))
    found = []
    for ahead in (0, 2 * SLOT_SECONDS, 4 * SLOT_SECONDS):
        pool.stop_clock(now + ahead)
        settler.look(settler.rules())
        found.append(pool.rows("SELECT start_seconds >= :begins FROM ledger.levy WHERE levied", begins=begins))
    assert [[], [], [(True,)]] == found


def test_the_metering_interval_is_the_policys_unless_somebody_has_set_another(pool, books):
    number = term.take(books, "test")
    setting = "SELECT slot_seconds, slot_grace_seconds FROM ledger.setting"
    for slot_, expected in (("5m", (300, 900)), ("1m", (60, 180)), ("10m", (60, 180))):
        settler = Settler(books, number, world(0, slot_))
        settler.look(settler.rules())
        assert [expected] == pool.rows(setting)


def test_of_each_class_the_nodes_that_were_enrolled_first_are_levied():
    enrolled = [enrolment(start, f"n{start}") for start in (30, 10, 20, 40, 90)]
    enrolled += [enrolment(5, "other", "ascend"), enrolment(50, "n10", gpus=())]
    there = {each.node for each in enrolled}
    assert {"n20", "other"} == levied(enrolled, {"blue": 1000}, 60, there) & {"n20", "other"}
    assert {"n20"} == levied(enrolled, {"blue": 500}, 60, there)
    assert set() == levied(enrolled, {}, 60, there)


def test_what_the_levy_does_not_take_is_owed_in_credit():
    enrolled = [enrolment(start, f"n{start}") for start in (10, 20, 30)] + [enrolment(5, "other", "ascend")]
    there, raw = {each.node for each in enrolled}, {"h100": 1000, "ascend": 600}
    # Half of three nodes of eight is one node and four GPUs, and half of one is none and four.
    assert {"blue": 4 * 1000 + 4 * 600} == kept_of_levy(enrolled, {"blue": 500}, 60, there, raw)
    assert {"blue": 0} == kept_of_levy(enrolled, {"blue": 1000}, 60, there, raw)


def planned_levied(config, levy_thousandths, enrolled):
    """Return the nodes of the example member tencent that the planner levies, and how many it has."""
    made = World()
    for name in ("acceleratorclass", "contribution", "member", "membercluster"):
        for number, document in enumerate(yaml.safe_load_all((config.rootpath / f"examples/{name}.yaml").read_text())):
            if document["metadata"]["name"] == "tencent":
                document["spec"]["levyThousandths"] = levy_thousandths
            document["metadata"] |= {"uid": f"{name}-{number}"}
            made.take({document["kind"]: {f"{name}-{number}": document}})
    body = {"class": "h100-80g", "gpus": 8, "cpuMilli": 1000, "memoryMiB": 1000, "ready": True}
    reported = [Node("tencent-gz", f"node-{number}", body, 0) for number in range(6)]
    inputs = snapshot.Inputs(made, Mirror(0), reported, {}, {}, enrolled)
    found = snapshot.gather(inputs, candidates.Memory())
    planned = build(found.pool, found.nodes.values(), (), (), 0)
    return set(planned.nodes["name"][Ground(planned.catalogue, planned.nodes).levied].tolist()), len(found.nodes)


@pytest.mark.parametrize("levy_thousandths", [0, 250, 500, 1000])
def test_the_planner_levies_the_nodes_that_the_ledger_levies(pool, books, pytestconfig, levy_thousandths):
    """node-0 was enrolled last, 2 and 3 at once; node-4 is no longer, node-5 never was, node-6 is not there."""
    registry.register_member(books, "tencent", login=None, verify_key=signatures.public_bytes(KEY))
    given = []
    for number, start, gpus in ((0, 900, 8), (1, 600, 8), (3, 300, 8), (2, 300, 8), (4, 0, 8), (4, 600, 0), (6, 0, 8)):
        node = identity.node_id("tencent-gz", f"node-{number}")
        each = enrolment(start, node, "h100-80g", [identity.gpu_id("tencent-gz", node, index) for index in range(gpus)])
        given.append(dataclasses.replace(each, member="tencent", cluster="tencent-gz", gpus=tuple(each.gpus)))
        registry.enrol(pool.api, *enrolments.sign(given[-1], KEY), signatures.public_bytes(KEY))
    there = {identity.node_id("tencent-gz", f"node-{number}") for number in range(6)}
    expected = levied(given, {"tencent": levy_thousandths}, 900, there)
    assert len(expected) == 4 * levy_thousandths // 1000
    assert (expected, 6) == planned_levied(pytestconfig, levy_thousandths, registry.first_enrolled(books))


def test_before_any_node_is_enrolled_the_levy_is_of_those_that_are_reported(pytestconfig):
    first = {identity.node_id("tencent-gz", f"node-{number}") for number in range(3)}
    assert (first, 6) == planned_levied(pytestconfig, 500, {})
