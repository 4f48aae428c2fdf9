"""How much may be sent, by whom, and who is still let in from an address where much failed."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI, Request

from hanse.api import answering
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
