"""Whether the service is ready is found out, in bounded time, and never by more than one question at a time."""

import json
import socket

import pytest
import sqlalchemy as sa
import urllib3

from hanse.api import health
from hanse.api.leader import Leader
from hanse.ledger import database


@pytest.fixture(name="away")
def _away():
    """Return a ledger where nothing listens."""
    engine = database.engine("postgresql://hanse:word@127.0.0.1:9/hanse")
    yield engine
    engine.dispose()


def test_a_service_whose_leader_is_away_lives_and_is_not_ready(pool):
    said = ["the ledger's database: no answer within"]
    with urllib3.PoolManager(timeout=60, retries=False) as http:
        assert 200 == http.request("GET", f"{pool.api_url}/healthz").status
        while "no answer within" in str(said):  # on a machine with other work, that is
            ready = http.request("GET", f"{pool.api_url}/readyz")
            said = json.loads(ready.data)["problems"]
    assert 503 == ready.status
    (problem,) = said
    assert "the leader: no leading operator answers" in problem


def test_a_ledger_that_is_away_is_named_and_its_password_is_not(away):
    ledger, leader = health.Health(away, Leader("")).problems()
    assert "the ledger's database: it cannot be reached" in ledger
    assert "word" not in ledger
    assert "the leader" in leader


def test_an_error_of_the_database_does_not_repeat_what_was_sent():
    engine = database.engine("postgresql://hanse:word@127.0.0.1:9/hanse")
    error = sa.exc.StatementError("refused", "SELECT :token", {"token": "sealed"}, None, engine.hide_parameters)
    assert "sealed" not in str(error)
    engine.dispose()


def test_what_never_answers_is_waited_for_so_long_and_asked_once(away, monkeypatch):
    monkeypatch.setattr(health, "ANSWER_SECONDS_MAX", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = health.Health(away, Leader(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        for _ in range(2):
            assert "the leader: no answer within 0.2 s" in asked.problems()
        leader = asked._parts["the leader"]
        assert leader.asked() is leader.asked()
        silent.accept()[0].close()
        assert "no leading operator answers" in str(leader.asked().exception(timeout=30))
