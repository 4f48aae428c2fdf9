"""Recorded before it acts: one transaction or nothing, by the leader only, and never in doubt (I8, I10)."""

import contextlib
import dataclasses
import socket
import threading
import time
import uuid

import pytest

from hanse.evidence import canonical, identity
from hanse.ledger import attempts, balances, database, decisions, errors, outbox, term

COUNT = "SELECT count(*) FROM ledger.{}"


def rows(world, table):
    (number,) = world.super.execute(COUNT.format(table)).fetchone()
    return number


def test_a_plan_is_recorded_with_attempts_reservations_and_outbox(world):
    entry = world.admit(funding=(world.funding(5400, 10**9),))
    recorded = world.record(entry, world.admit("alibaba", on="tencent"))
    assert recorded.decisions == tuple(identity.decision_id(world.term, 1, index) for index in (0, 1))
    assert decisions.lookup(world.operator, world.term, 1) == recorded
    assert {row.id for row in attempts.live(world.operator)} >= {entry.attempt}
    assert [order.decision for order in outbox.pending(world.operator, 10)] == list(recorded.decisions)
    pending = {each.name: each.debits_pending for each in balances.read(world.operator)}
    assert pending[f"tencent/cap/month/{world.START}"] == 5400 * 2400
    assert rows(world, "transfer") == 2


def bad_entries(world):
    running = world.admit()
    world.record(running)
    other = dataclasses.replace(running, fence=2)
    return {
        "a second live attempt of a job": (other, errors.AttemptConflictError),
        "an old fence": (running, errors.AttemptConflictError),
        "a stop under another fence": (world.stop(other), errors.AttemptConflictError),
        "a stop of nothing": (world.stop(world.admit()), errors.AttemptConflictError),
        "an end of what is not suspect": (world.expire(running), errors.AttemptConflictError),
        "a cap crossed": (world.admit(funding=(world.funding(3600, 1000),)), errors.CapExceededError),
    }


@pytest.mark.parametrize(
    "which",
    ["a second live attempt of a job", "an old fence", "a stop under another fence", "a stop of nothing",
     "an end of what is not suspect", "a cap crossed"],
)  # fmt: skip
def test_of_a_plan_that_does_not_fit_nothing_is_recorded(world, which):
    entry, error = bad_entries(world)[which]
    before = [rows(world, table) for table in ("cycle", "decision", "attempt", "outbox", "transfer", "placement")]
    with pytest.raises(error):
        world.record(world.admit("alibaba"), entry)
    assert before == [
        rows(world, table) for table in ("cycle", "decision", "attempt", "outbox", "transfer", "placement")
    ]
    assert decisions.lookup(world.operator, world.term, 2) is None


def test_a_job_is_placed_again_in_the_very_cycle_that_gives_its_old_attempt_up(world):
    first = world.admit()
    world.record(first)
    again = dataclasses.replace(first, fence=2)
    world.record(world.stop(first), again)
    assert [row.id for row in attempts.live(world.operator)] == [again.attempt]


@pytest.mark.parametrize("number", [1, 3, 7])
def test_a_cycle_is_recorded_in_its_turn_and_once(world, number):
    world.record(world.admit())
    with pytest.raises(errors.CycleConflictError):
        decisions.record(world.operator, world.plan(world.admit(), cycle=number))


def test_an_old_leader_records_nothing_any_more(world):
    old = world.term
    entry = world.admit()
    world.record(entry)
    assert term.take(world.operator, "leader-1") == old + 1
    stale = [
        lambda: decisions.record(world.operator, world.plan(world.admit())),
        lambda: attempts.lapse(world.operator, old),
        lambda: outbox.done(world.operator, old, {identity.decision_id(old, 1, 0): None}),
    ]
    for call in stale:
        with pytest.raises(errors.StaleTermError):
            call()
    assert rows(world, "effect") == 0
    decisions.record(world.operator, world.plan(world.admit(), term=old + 1, cycle=1))


def test_a_new_leader_waits_for_the_old_ones_last_transaction(world):
    with database.transaction(world.operator) as connection:
        connection.exec_driver_sql(f"SELECT ledger.check_term({world.term})")
        taken = threading.Thread(target=term.take, args=(world.operator, "leader-1"))
        taken.start()
        taken.join(0.3)
        assert taken.is_alive()
    taken.join()
    assert term.current(world.operator) == world.term + 1


def test_an_effect_is_recorded_once_and_the_first_outcome_stays(world):
    recorded = world.record(world.admit(), world.admit("alibaba"))
    one, two = recorded.decisions
    outbox.done(world.operator, world.term, {one: None, two: "no such namespace"})
    outbox.done(world.operator, world.term, {one: "late news"})
    found = world.super.execute("SELECT decision, outcome, detail FROM ledger.effect").fetchall()
    assert set(found) == {(one, "done", ""), (two, "failed", "no such namespace")}
    assert outbox.pending(world.operator, 10) == []


def test_orders_are_read_a_page_at_a_time_in_the_order_of_their_decisions(world):
    first, second = world.admit(), world.admit("alibaba")
    world.record(first, second)
    world.record(world.stop(second))
    pages, after = [], outbox.FIRST
    while page := outbox.pending(world.operator, 2, after):
        pages.append([each.body["attempt"] for each in page])
        after = page[-1].sequence
    assert [[str(first.attempt), str(second.attempt)], [str(second.attempt)]] == pages


def test_bodies_are_what_was_decided_to_the_byte(world):
    cycle = world.plan(world.admit(detail={"asked": 2, "why": "π"}))
    decisions.record(world.operator, cycle)
    (body,) = world.super.execute("SELECT body FROM ledger.decision").fetchone()
    assert body == next(iter(decisions.encode(cycle).values()))
    assert canonical.decode(body)["detail"] == {"asked": 2, "why": "π"}


class Proxy:
    """A TCP proxy before Postgres that, once armed, cuts a client off at its COMMIT."""

    def __init__(self, host, port, on_commit):
        self.target = (host, port)
        self.on_commit = on_commit
        self.armed = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                threading.Thread(target=self._answers, args=(server, client), daemon=True).start()
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()

    @staticmethod
    def _answers(server, client):
        with server, contextlib.suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)

    def _requests(self, client, server):
        with client, contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self.armed and b"COMMIT\x00" in data:
                    client.shutdown(socket.SHUT_RDWR)
                    self.on_commit(server, data)
                    server.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)


def commits(server, data):
    server.sendall(data)
    time.sleep(0.2)


def commits_much_later(server, data):
    time.sleep(0.7)
    server.sendall(data)
    time.sleep(0.2)


def never_commits(_server, _data):
    """Close the connection instead."""


@pytest.mark.parametrize(
    ("on_commit", "is_recorded"), [(commits, True), (commits_much_later, True), (never_commits, False)]
)
def test_a_commit_whose_answer_is_lost_is_looked_up_by_its_cycle(world, on_commit, is_recorded):
    """Also while the server still has the transaction under way: the look-up waits for it."""
    url = database.driver_url(world.url)
    proxy = Proxy(url.host, url.port, on_commit)
    through = database.engine(url.set(port=proxy.port).render_as_string(hide_password=False), role="hanse_operator")
    cycle = world.plan(world.admit(funding=(world.funding(3600, 10**9),)))
    assert term.current(through) == world.term
    proxy.armed = True
    with pytest.raises(errors.CommitUnknownError):
        decisions.record(through, cycle)
    found = decisions.lookup(world.operator, world.term, 1)
    through.dispose()
    proxy.listener.close()
    bodies = decisions.encode(cycle)
    assert found == (decisions.Recorded(tuple(bodies), decisions.digest(bodies.values())) if is_recorded else None)
    if found is None:
        assert decisions.record(world.operator, cycle).decisions == tuple(bodies)
    assert rows(world, "attempt") == rows(world, "transfer") == rows(world, "outbox") == 1


def test_funding_without_a_member_is_a_mistake_of_the_caller(world):
    entry = dataclasses.replace(world.admit(funding=(world.funding(3600, 10**9),)), member=None, job=uuid.uuid4())
    with pytest.raises(ValueError, match="funding"):
        decisions.record(world.operator, world.plan(dataclasses.replace(entry, effect=decisions.Effect.NONE)))
