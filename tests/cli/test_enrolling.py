"""Nodes are enrolled by command; what then runs on them is accepted, and posted to its owner."""

import base64
import contextlib
import dataclasses
import json

import psycopg
import pytest
import sqlalchemy as sa
import urllib3

from hanse.agent.keys import Keys
from hanse.cli import enrolling
from hanse.cli.errors import CommandError
from hanse.evidence import enrolments, slots
from hanse.ledger import database, metering, posting, registry
from hanse.resources.protocol import NodeReport


def enrol(town, member, *args):
    key = f"--member-key={town.folder / f'{member}-keys' / 'signing.key'}"
    return town.call("cluster", "enrol", str(town.clusters[member] / "agent.yaml"), f"--member={member}", key, *args)


@pytest.fixture(name="enrolled", scope="module")
def _enrolled(town):
    said = [enrol(town, member) for member in ("north", "south")]
    worth = "8 GPUs of h100-80g each, worth 1000 thousandths of an H100 a GPU"
    assert [(0, f"north-1: 3 nodes enrolled with {worth}\n"), (0, f"south-1: 1 nodes enrolled with {worth}\n")] == said
    return town


def send(town, member, enrolment, key_of=None):
    """Sign an enrolment with a member's key and bring it with the credential of a member's agent."""
    file = town.folder / f"{key_of or member}-keys"
    key = Keys.load(file / "signing.key", file / "sealing.key").signing
    said = [base64.urlsafe_b64encode(each).decode() for each in enrolments.sign(enrolment, key)]
    token = (town.clusters[member] / "api-token").read_text()
    with urllib3.PoolManager(timeout=60) as http:
        answer = http.request(
            "POST", town.api_url + "/v1/agent/enrolments", headers={"Authorization": f"Bearer {token}"},
            json={"enrolments": [{"body": said[0], "signature": said[1]}]},
        )  # fmt: skip
    return answer.status, json.loads(answer.data)


def recorded(town):
    return [row.body for row in town.rows("SELECT body FROM ledger.enrolment ORDER BY node, start_seconds")]


def test_to_enrol_again_changes_nothing(enrolled):
    before = recorded(enrolled)
    assert (0, "north-1: its nodes are enrolled as they are\n") == enrol(enrolled, "north")
    (latest,) = (enrolments.decode(each) for each in before if b"north-00001" in each)
    assert 200 == send(enrolled, "north", latest)[0]
    assert before == recorded(enrolled)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"member": "south"}, "member is south, but the cluster is of member north"),
        ({"cluster": "south-1"}, "cluster is south-1, but the credential is for cluster north-1"),
        ({"node": "south-1/north-00000"}, "node is south-1/north-00000, but write north-1/NODE"),
        ({"gpus": ("north-1/north-00000/1",)}, "gpus are north-1/north-00000/1, but write NODE/0"),
        ({"accelerator_class": "abacus"}, "class is abacus, but there is no such AcceleratorClass"),
        ({"milli_h100e": 1001}, "milliH100e is 1001, but 1000 is agreed for h100-80g in bf16"),
        ({"start_seconds": 7}, "start is 7, but slots begin on multiples of 5 s"),
        ({"start_seconds": 3600}, "start is 3600, but the current hour began at"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_enrolment_that_is_not_as_agreed_is_refused_with_its_field(enrolled, change, sentence):
    before = recorded(enrolled)
    (good,) = (enrolments.decode(each) for each in before if b"north-00000" in each)
    later = dataclasses.replace(good, start_seconds=good.start_seconds + 3600)
    status, said = send(enrolled, "north", dataclasses.replace(later, **change))
    assert (422, True) == (status, sentence in said["detail"]), said
    assert before == recorded(enrolled)


def test_only_the_members_own_key_signs(enrolled):
    (good,) = (enrolments.decode(each) for each in recorded(enrolled) if b"south-00000" in each)
    later = dataclasses.replace(good, start_seconds=good.start_seconds + 3600)
    status, said = send(enrolled, "south", later, key_of="north")
    assert (422, True) == (status, "sign with the key that is spec.keys.verify of Member south" in said["detail"])
    status, said = enrol(enrolled, "south", f"--member-key={enrolled.clusters['south'] / 'agent.yaml'}")
    assert (1, True) == (status, "holds no signing key" in said)


def test_what_runs_is_accepted_and_posted(enrolled):
    """Decision, placement, slot and enrolment name a node alike: the gang's time is used, and its owner is credited."""
    town = enrolled
    town.submit("north", "metered", replicas=2)
    town.reaches("north", "metered", "Running")
    (attempt,) = town.rows("SELECT id, granted_at_seconds AS since FROM ledger.attempt WHERE state = 'leased'")
    placed = {row.node for row in town.rows("SELECT node FROM ledger.placement WHERE attempt = :id", id=attempt.id)}
    assert (2, {"north-1"}) == (len(placed), {node.partition("/")[0] for node in placed})

    def used():
        rows = town.rows("SELECT body FROM ledger.slot WHERE start_seconds >= :since", since=attempt.since)
        return [slot for row in rows if str(attempt.id) in metering.totals(slot := slots.decode(row.body))]

    town.until("slots of the gang are stored", lambda: {slot.node for slot in used()} == placed)
    town.clear()
    hour = used()[0].start_seconds // 3600 * 3600
    with in_two_hours(town) as engine:
        (leads,) = town.rows("SELECT term FROM ledger.term")
        assert 0 == posting.post(engine, leads.term, hour).unaccepted
    (north,) = town.rows("SELECT used FROM ledger.posting WHERE hour_seconds = :hour AND member = 'north'", hour=hour)
    (credited,) = town.rows(
        "SELECT sum(amount) AS amount FROM ledger.transfer WHERE attempt = :id AND credit = 'north/contribution-used'",
        id=attempt.id,
    )
    assert 5 * 8 * 2 * 1000 <= north.used == credited.amount
    key = f"--member-key={town.folder / 'north-keys' / 'signing.key'}"
    status, said = town.call("ack", "--member=north", key, **town.as_people("north"))
    assert (0, True) == (status, "hours of attempts acknowledged" in said), said
    (kept,) = town.rows("SELECT milli_gpu_seconds FROM ledger.acknowledgement WHERE attempt = :id", id=attempt.id)
    assert kept.milli_gpu_seconds == north.used
    record = town.folder / "record"
    record.write_text("nothing")
    status, said = town.call("ack", "--member=north", key, f"--record={record}", **town.as_people("north"))
    assert (1, True) == (status, "record, line 1: " in said), said


@contextlib.contextmanager
def in_two_hours(town):
    """Return an engine for which, and for nobody else, the ledger's clock is two hours ahead."""
    ahead = "coalesce(pg_catalog.current_setting('test.ahead', true), '0')::interval"
    with psycopg.connect(town.own.database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            f"$$ SELECT pg_catalog.clock_timestamp() + {ahead} $$"
        )
    engine = database.engine(town.own.database_url, role="hanse_operator")
    sa.event.listen(engine, "connect", lambda raw, _: raw.execute("SET SESSION test.ahead = '2 hours'"))
    yield engine
    engine.dispose()


def test_a_node_signs_with_a_new_key_when_its_member_says_so(enrolled):
    """Its slots go on to be taken, without the agent being started anew; no other node has another key."""
    town = enrolled
    before = {each.node: each for each in map(enrolments.decode, recorded(town))}
    assert len({each.node_key for each in before.values()}) == len(before), "each has one of its own"
    assert "north-00009 has no key yet" in enrol(town, "north", "--new-key=north-00009")[1]
    status, said = enrol(town, "north", "--new-key=north-00000", "--revoke-key=north-00001")
    assert (0, True) == (status, "2 nodes enrolled" in said), said
    after = {each.node: each for each in map(enrolments.decode, recorded(town))}
    changed = {node for node in after if after[node].node_key != before[node].node_key}
    assert changed == {"north-1/north-00000", "north-1/north-00001"}
    assert {node for node in after if after[node].revokes} == {"north-1/north-00001"}
    since = max(each.start_seconds for each in after.values()) + 5
    taken = "SELECT DISTINCT node FROM ledger.slot WHERE start_seconds >= :since AND starts_with(node, 'north-1/')"
    town.until("slots are taken", lambda: changed <= {row.node for row in town.rows(taken, since=since)})


def test_a_node_that_is_gone_is_ended_by_name(enrolled):
    town = enrolled
    assert "--end north-00000: it is still in the cluster" in enrol(town, "north", "--end=north-00000")[1]
    town.own.kubectl("delete", "node", "north-00002")
    try:
        status, said = enrol(town, "north")
        assert (0, True) == (status, "if it is gone for good: --end north-00002" in said)
        status, said = enrol(town, "north", "--end=north-00002")
        assert (0, "north-1: 1 nodes enrolled with no GPUs any more\n") == (status, said)
    finally:
        town.add_nodes("north")
    town.until("it is reported again", lambda: len(town.rows("SELECT 1 FROM ledger.node")) == 4)
    status, said = enrol(town, "north")
    assert (0, True) == (status, "1 nodes enrolled with 8 GPUs" in said)


@pytest.mark.parametrize(
    ("gpus", "options", "sentence"),
    [
        (8, {}, None),
        (9, {}, None),
        (7, {}, "north-1/n has 7 allocatable GPUs, and 8 are enrolled: .* with --fewer"),
        (7, {"fewer": True}, None),
        (0, {}, "north-1/n has 0 allocatable GPUs, and 8 are enrolled: .* with --end n"),
        (0, {"fewer": True}, "--end n"),
        (0, {"ended": {"north-1/n"}}, None),
    ],
)
def test_gpus_that_are_not_seen_for_a_moment_stay_enrolled(gpus, options, sentence):
    """A device plugin that restarts offers none, and an enrolment of none ends the contribution."""
    enrolment = enrolments.Enrolment(
        node="north-1/n", member="north", cluster="north-1", accelerator_class="h100-80g", milli_h100e=1000,
        gpus=tuple(f"north-1/n/{gpu}" for gpu in range(8)), node_key=bytes(32), start_seconds=0,
    )  # fmt: skip
    report = NodeReport(name="n", accelerator_class="h100-80g", gpus=gpus, cpu_milli=1, memory_mib=1, ready=True)
    refused = pytest.raises(CommandError, match=sentence) if sentence else contextlib.nullcontext()
    with refused:
        check = {"ended": (), "fewer": False} | options
        enrolling.check_counts({"north-1/n": enrolment}, {"north-1/n": report, "north-1/new": report}, **check)


def test_what_was_recorded_before_the_latest_may_be_brought_again_too(enrolled):
    """An answer may have been lost, and its enrolment be old by the time it is sent anew."""
    good = next(enrolments.decode(each) for each in recorded(enrolled) if b"south-00000" in each)
    old = dataclasses.replace(good, start_seconds=3600)
    assert 422 == send(enrolled, "south", old)[0]
    file = enrolled.folder / "south-keys"
    key = Keys.load(file / "signing.key", file / "sealing.key").signing
    api = database.engine(enrolled.own.database_url, role="hanse_api")
    registry.enrol(api, *enrolments.sign(old, key), key.public_key().public_bytes_raw())
    api.dispose()
    before = recorded(enrolled)
    assert 200 == send(enrolled, "south", old)[0]
    assert before == recorded(enrolled)
