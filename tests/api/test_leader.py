"""Of several operators under one name, the one that leads is found, and asked first the next time."""

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hanse.api.leader import Leader
from hanse.api.problems import InvalidError, TooManyError, UnavailableError

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class Standby(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += 1
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps({"from": self.server.server_address[0]}).encode())

    def do_POST(self):
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b'{"message": "not so", "retrySeconds": 7}')

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(name="operators")
def _operators(monkeypatch):
    """Two operators that do not lead, on one port; at a third address nobody listens."""
    with contextlib.ExitStack() as stack:
        servers, port = [], 0
        for address in ADDRESSES[:2]:
            server = stack.enter_context(ThreadingHTTPServer((address, port), Standby))
            port, server.asked, server.status = server.server_address[1], 0, 503
            threading.Thread(target=server.serve_forever).start()
            stack.callback(server.shutdown)
            servers.append(server)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in reversed(ADDRESSES)]
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **more: found if host == "operators" else real(host, *rest, **more),
        )
        yield Leader(f"http://operators:{port}", "token"), servers


def test_the_one_that_leads_is_found_and_asked_first_the_next_time(operators):
    leader, (standby, leading) = operators
    leading.status = 200
    assert {"from": "127.0.0.2"} == leader.queue(frozenset())
    assert {"from": "127.0.0.2"} == leader.job("uid")
    assert (1, 2) == (standby.asked, leading.asked)
    standby.status, leading.status = 200, 503
    assert {"from": "127.0.0.1"} == leader.queue(frozenset())


def test_nobody_answers_for_a_leader_that_is_not_there(operators, caplog):
    leader, servers = operators
    with pytest.raises(UnavailableError, match="no leading operator answers"):
        leader.queue(frozenset())
    assert [1, 1] == [each.asked for each in servers]
    servers[0].status = 401
    with pytest.raises(UnavailableError, match="does not answer this service: its log says why") as refused:
        leader.queue(frozenset())
    assert "token" not in str(refused.value)
    assert ["--internal-token-file"] == [each.getMessage().split()[-1] for each in caplog.records]


def test_a_job_that_the_leader_does_not_know_yet_is_no_leader_that_is_away(operators):
    leader, (_, leading) = operators
    leading.status = 404
    with pytest.raises(UnavailableError, match="does not know of it yet"):
        leader.job("uid")


def test_what_if_is_asked_of_the_one_that_leads_and_its_refusals_are_passed_on(operators):
    leader, (_, leading) = operators
    leading.status = 200
    assert "not so" == leader.what_if("red", "lab", {"tier": "low"})["message"]
    assert {"member": "red", "namespace": "lab", "spec": {"tier": "low"}} == json.loads(leading.body)
    leading.status = 429
    with pytest.raises(TooManyError, match="not so") as refused:
        leader.what_if("red", "lab", {})
    assert {"Retry-After": "7"} == refused.value.headers
    leading.status = 422
    with pytest.raises(InvalidError, match="not so"):
        leader.what_if("red", "lab", {})


def test_a_leader_that_hangs_keeps_no_more_than_some_waiting(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr("hanse.api.leader.AT_ONCE_MAX", 1)
        leader = Leader(f"http://127.0.0.1:{silent.getsockname()[1]}")
        refused = []

        def ask():
            with pytest.raises(UnavailableError) as error:
                leader.queue(frozenset())
            refused.append(str(error.value))

        waiting = threading.Thread(target=ask)
        waiting.start()
        asked, _ = silent.accept()
        with asked:
            ask()
        waiting.join()
    assert ["too many wait", "no leading op"] == [each[:13] for each in refused]


def test_a_name_that_leads_nowhere_is_a_leader_that_is_away():
    with pytest.raises(UnavailableError, match="no leading operator answers"):
        Leader("http://operators.invalid:8080").queue(frozenset())
