"""How much may be sent, by whom, and who is still let in from an address where much failed."""

import asyncio
import contextlib
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

from hanse.api import answering, connecting
from hanse.api.authenticating import GOOD_MAX, GOOD_SECONDS, Authenticator, Good
from hanse.api.bounding import BYTES_MAX, Bounded
from hanse.api.identity import User
from hanse.api.limiting import Limits
from hanse.api.problems import TooManyError, UnauthenticatedError

AGENT_BYTES_MAX = 4 * BYTES_MAX
USERS = {
    "agent": User("system:serviceaccount:hanse-cluster-gz:hanse-agent", frozenset()),
    "person": User("somebody", frozenset()),
}


class Known:
    """In place of the API server: these tokens are known."""

    def user(self, token):
        if token not in USERS:
            raise UnauthenticatedError("the token is not valid here")
        return USERS[token]


async def _body(size):
    part = b"x" * 65_536
    for start in range(0, size, len(part)):
        yield part[: size - start]


@pytest.mark.parametrize(
    ("who", "size", "status"),
    [
        ("nobody", BYTES_MAX, 200),
        ("nobody", BYTES_MAX + 1, 401),
        ("person", BYTES_MAX, 200),
        ("person", BYTES_MAX + 1, 413),
        ("agent", AGENT_BYTES_MAX, 200),
        ("agent", AGENT_BYTES_MAX + 1, 413),
    ],
)
def test_only_an_agent_may_send_much(who, size, status, monkeypatch):
    monkeypatch.setattr("hanse.api.bounding.AGENT_BYTES_MAX", AGENT_BYTES_MAX)
    app, read = FastAPI(), []
    answering.add_to(app)
    app.add_middleware(Bounded, authenticator=Authenticator(Known(), None, Limits()))

    @app.post("/")
    async def taken(request: Request):
        read.append(len(await request.body()))

    async def ask():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://within") as http:
            return await http.post("/", content=_body(size), headers={"Authorization": f"Bearer {who}"})

    answer = asyncio.run(ask())
    assert status == answer.status_code
    assert read == ([size] if status == 200 else [])
    assert status == 200 or answer.json()["status"] == status


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("hanse.api.bounding.SECONDS_MAX", 0.05)
    app = FastAPI()
    answering.add_to(app)
    app.add_middleware(Bounded, authenticator=Authenticator(Known(), None, Limits()))

    @app.post("/")
    async def taken(request: Request):
        await request.body()

    async def dripping():
        yield b"x"
        await asyncio.Event().wait()

    async def ask():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://within") as http:
            return await http.post("/", content=dripping())

    answer = asyncio.run(ask())
    assert (408, True) == (answer.status_code, "was not here within" in answer.json()["detail"])


@pytest.fixture(name="patient")
def _patient(monkeypatch):
    """Return the address of a server that waits for headers for a moment, and answers when it is let."""
    monkeypatch.setattr(connecting, "HEADERS_SECONDS_MAX", 2)
    app, may_answer = FastAPI(), threading.Event()

    @app.get("/")
    def slow():
        return may_answer.wait(30)

    server = uvicorn.Server(uvicorn.Config(app, port=0, http=connecting.Patient, limit_concurrency=3, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname(), may_answer
    may_answer.set()
    server.should_exit = True
    thread.join()


def test_a_connection_without_a_whole_header_ends_and_one_with_a_request_does_not(patient):
    address, may_answer = patient
    whole = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
    with socket.create_connection(address, 30) as asking, socket.create_connection(address, 30) as other:
        asking.sendall(whole)
        other.sendall(whole[:10])
        assert b"" == other.recv(100), "it was closed"
        may_answer.set()
        assert b"HTTP/1.1 200" == asking.recv(1000)[:12]
        asking.sendall(whole[:10])
        while asking.recv(1000):
            continue


def test_connections_beyond_a_number_are_refused_and_not_kept(patient):
    address, may_answer = patient
    may_answer.set()
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(address, 30)) for _ in range(3)]
        opened[-1].sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert b"HTTP/1.1 503" == opened[-1].recv(1000)[:12]


@pytest.mark.usefixtures("one_moment")
def test_who_makes_up_tokens_shuts_out_nobody_whose_token_was_good():
    authenticator = Authenticator(Known(), None, Limits(failed=3))
    authenticator.user("agent", "gateway")
    for number in range(3):
        with pytest.raises(UnauthenticatedError):
            authenticator.user(f"made up {number}", "gateway")
    assert authenticator.user("agent", "gateway").is_agent
    for token in ("made up 0", "person"):
        with pytest.raises(TooManyError):
            authenticator.user(token, "gateway")


@pytest.mark.usefixtures("one_moment")
def test_a_token_that_is_not_good_any_more_is_as_one_that_never_was(monkeypatch):
    monkeypatch.setitem(USERS, "guest", User("a guest", frozenset()))
    authenticator = Authenticator(Known(), None, Limits(failed=1))
    authenticator.user("guest", "gateway")
    monkeypatch.delitem(USERS, "guest")
    with pytest.raises(UnauthenticatedError):
        authenticator.user("guest", "gateway")
    with pytest.raises(TooManyError):
        authenticator.user("guest", "gateway")


def test_good_tokens_are_remembered_for_a_while_and_in_bounded_number():
    now = [0.0]
    good = Good(lambda: now[0])
    good.note("first", is_good=True)
    now[0] = GOOD_SECONDS - 1
    assert good.has("first")
    now[0] = GOOD_SECONDS
    assert not good.has("first")
    for number in range(GOOD_MAX + 1):
        good.note(str(number), is_good=True)
    assert [False, True, True] == [good.has(str(number)) for number in (0, 1, GOOD_MAX)]
