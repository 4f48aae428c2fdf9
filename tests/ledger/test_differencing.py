"""Nothing about a rival is in the public log or in what another member may open: shown by playing a pool twice."""

import itertools
import json
import uuid

import pytest
import sqlalchemy as sa
from played import HOUR, act
from sealed import seal

from hanse.api import books, disputing, members, uses
from hanse.api.problems import ForbiddenError, InvalidError
from hanse.evidence import acknowledgements, canonical, commitments, merkle, signatures
from hanse.evidence.acknowledgements import Acknowledgement, Basis
from hanse.ledger import acknowledging, database, disputes, leaves, lines, own, posting

# Of the observer's own jobs: the same in both pools.
OWN_JOB = uuid.UUID(int=1)
RIVAL_JOBS = {
    "a gang of two": (uuid.UUID(int=2), 2, ("standard", 1200)),
    "one GPU": (uuid.UUID(int=3), 1, ("spot", 700)),
}


def play(world, rival):
    """An hour in which tencent does the same whatever alibaba does, and says the same of it."""
    job, gpus, tier = rival
    mine = world.admit("tencent", on="tencent", job=OWN_JOB)
    its = world.admit("alibaba", on="alibaba", job=job, gpus=gpus, tier=tier)
    world.record(mine)
    world.record(its)
    for entry in (mine, its):
        world.grant(entry)
    act(world)
    world.set_clock(world.START + HOUR + 900)
    world.meter("tencent", world.START, {str(mine.attempt): 1000})
    world.meter("alibaba", world.START, {str(its.attempt): 500 * gpus, **({"idle": 500} if gpus == 1 else {})})
    posting.post(world.operator, world.term, world.START)
    for member, entry, used in (("tencent", mine, 7), ("alibaba", its, 10**6 * (gpus - 1))):
        one = acknowledgements.sign(
            Acknowledgement(member, entry.attempt, world.START, used, Basis.OWN_RECORD), world.keys[member]
        )
        acknowledging.acknowledge(world.api, member, signatures.public_bytes(world.keys[member]), [one])
    rule(world, disputes.Matter("tencent", world.START, str(mine.attempt)))


def rule(world, matter):
    """What the ledger disputes for tencent is ruled on: something is given back."""
    closer = database.engine(world.url, role="hanse_closer")
    try:
        with database.transaction(closer) as connection:
            posted = disputes.postings(connection, matter.id)
        disputes.accept(closer, matter.id, [(posted[0].id, 10)], granted=5, reason="so it was")
    finally:
        closer.dispose()


@pytest.fixture(name="pools", scope="module")
def _pools(make_world, tmp_path_factory):
    """Two pools that differ in nothing but what the rival does; each with its log and tencent's own lines."""
    found = []
    for rival in RIVAL_JOBS.values():
        world = make_world()
        folder = tmp_path_factory.mktemp("pool")
        play(world, rival)
        seal(world, folder / "log")
        world.super.execute(
            "DO $$ BEGIN CREATE ROLE login_tencent LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
            "GRANT hanse_member TO login_tencent"
        )
        engine = database.engine(world.url, role="login_tencent")
        own.write(engine, folder / "own.jsonl")
        engine.dispose()
        opened = [json.loads(line) for line in (folder / "own.jsonl").read_bytes().splitlines()]
        found.append((world, folder / "log", opened))
    yield found
    for world, _, _ in found:
        world.close()


def without_chance(line):
    """Leave out what is drawn anew each time (salts, hashes), and where in the log a row came to lie."""
    row = {name: each for name, each in line["shown"]["row"].items() if name not in {"sequence", "recorded"}}
    return line["shown"]["file"], line["shown"].get("part"), len(line["shown"].get("others", [])), row


def test_what_a_member_opens_is_the_same_whatever_its_rival_did(pools):
    (_, _, first), (_, _, second) = pools
    files = {line["shown"]["file"] for line in first}
    assert files == {"slots", "postings", "decisions", "transfers", "usage", "acknowledgements", "acts"}
    assert [without_chance(line) for line in first] == [without_chance(line) for line in second]


def answered(world):
    """Return all that the API service tells tencent of its books: a new endpoint that reads the ledger belongs here."""
    own_, whole = frozenset({"tencent"}), (world.START, world.START + HOUR)
    pages = (books.usage, books.entitled, uses.uses)
    return [
        *(ask(world.api, own_, whole, 100, "") for ask in pages), books.statement(world.api, own_, "2026-11"),
        members.own_balances(world.api, own_, 100, ""), disputing.own(world.api, own_, 100, ""),
    ]  # fmt: skip


def test_what_a_member_is_answered_of_its_books_is_the_same_whatever_its_rival_did(pools):
    first, second = (answered(world) for world, _, _ in pools)
    assert first == second
    assert not [each for each in first if "alibaba" in each.model_dump_json()]
    usage, _, used, statement, balances, disputed = first
    assert all((usage.items, used.items, statement.members[0].lines, balances.items, disputed.items)), (
        "it says something"
    )


def test_what_is_not_ones_own_is_refused_as_what_is_not_there(pools):
    """A dispute about a rival's attempt, one of a rival, and an acknowledgement for its attempt."""
    world, _, _ = pools[0]
    rows = world.super.execute("SELECT member, id FROM ledger.attempt").fetchall()
    (theirs,) = [attempt for member, attempt in rows if member == "alibaba"]
    (dispute,) = [each.dispute for each in disputing.every(world.api, 100, "").items if each.member == "alibaba"]
    nobodys, own_ = uuid.UUID(int=9), frozenset({"tencent"})
    said = []
    for attempt, of in ((theirs, dispute), (nobodys, nobodys)):
        asked = disputing.DisputeRequest(hour_seconds=world.START, attempt=attempt, claimed=0, reason="no")
        with pytest.raises(InvalidError) as opened:
            disputing.open_(world.api, own_, asked)
        with pytest.raises(ForbiddenError) as withdrawn:
            disputing.withdraw(world.api, own_, of)
        one = acknowledgements.sign(
            Acknowledgement("tencent", attempt, world.START, 7, Basis.OWN_RECORD), world.keys["tencent"]
        )
        key = signatures.public_bytes(world.keys["tencent"])
        (answer,) = acknowledging.acknowledge(world.api, "tencent", key, [one])
        told = f"{opened.value} {withdrawn.value} {answer.outcome} {answer.differs}"
        said.append(told.replace(str(attempt), "X").replace(str(of), "X"))
    assert 1 == len(set(said)), said


def tiles(log):
    return {path.relative_to(log): path.read_bytes() for path in sorted(log.rglob("*")) if path.is_file()}


def entries(world):
    rows = world.super.execute("SELECT sequence, salt, entry FROM ledger.leaf ORDER BY index").fetchall()
    return {sequence: (bytes(salt), bytes(entry)) for sequence, salt, entry in rows}


def test_the_public_log_has_as_many_bytes_whatever_a_rival_did_and_none_of_them_twice(pools):
    """It says how many rows were recorded, and nothing else: all of it is hashes under salts that are used once."""
    first, second = (tiles(log) for _, log, _ in pools)
    assert {name: len(data) for name, data in first.items() if name.name != "checkpoint"} == {
        name: len(data) for name, data in second.items() if name.name != "checkpoint"
    }
    one, other = ({entry for _, entry in entries(world).values()} for world, _, _ in pools)
    assert not one & other, "equal rows of two logs cannot be told to be equal"
    for world, log, _ in pools:
        public = b"".join(tiles(log).values())
        secret = world.super.execute(
            "SELECT 'alibaba' UNION SELECT 'tencent' UNION SELECT id::text FROM ledger.attempt UNION "
            "SELECT job::text FROM ledger.attempt UNION SELECT id::text FROM ledger.transfer"
        ).fetchall()
        assert [name for (name,) in secret if name.encode() in public] == []


def guesses(world):
    """Return all rows that were sealed, to the byte, as somebody would who guesses right."""
    with world.auditor.connect() as connection:
        for kind in lines.KINDS:
            for row in connection.execute(sa.select(kind.table.__table__)):
                line = kind.line(row)
                yield from leaves.part_bodies(kind.name, line) or [leaves.body(kind.name, line)]


def opens(line):
    """Return the hash of what a line says itself: of a transfer to oneself both sides are one's own."""
    said = {name: each for name, each in line["shown"].items() if name != "others"}
    return commitments.entry(bytes.fromhex(line["salt"]), canonical.encode(said))


def test_a_guess_at_a_rivals_row_cannot_be_tried_with_all_salts_that_a_member_has(pools):
    """Not even a right one: neither against the entries of the log, nor against the hashes beside its own parts."""
    for world, _, its in pools:
        known = {bytes.fromhex(line["salt"]) for line in its}
        foreign = {entry for salt, entry in entries(world).values() if salt not in known}
        beside = {bytes.fromhex(each) for line in its for each in line["shown"].get("others", [])}
        beside -= {opens(line) for line in its}
        assert foreign
        assert beside
        right = list(guesses(world))
        tried = {commitments.entry(salt, guess) for salt, guess in itertools.product(known, right)}
        tried |= {of(guess) for of, guess in itertools.product((canonical.sha256, merkle.leaf_hash), right)}
        assert not tried & (foreign | beside)
