"""The way into the dashboard: codes, sessions, cookies, and what other sites cannot do."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from visiting import OPEN_PAGES, PAGES, PEOPLE, Browser, confirming

from hanse.api import app
from hanse.api.dashboard import entering, rendering
from hanse.ledger import database, sessions
from hanse.ledger.errors import RefusedError

pytestmark = pytest.mark.usefixtures("roles")
CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://other.example"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://other.example"},
    {"Origin": "null"},
    {},
]


@pytest.fixture(name="browser")
def _browser(pool):
    return Browser(pool.api_url)


@pytest.fixture(name="ledger")
def _ledger(pool):
    engine = database.engine(pool.database_url, role="hanse_api")
    yield engine
    engine.dispose()


def stored(pool):
    with psycopg.connect(pool.database_url, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute("SELECT * FROM ledger.session").fetchall()


def test_a_code_opens_one_session(browser, pool, tokens):
    code = browser.code(tokens["people of tencent"])
    asked = browser.post("/login", {"code": code})
    assert (200, {}, True) == (asked.status, browser.cookies, b"system:serviceaccount:tencent:people" in asked.data)
    answer = browser.post("/login/confirm", {"code": confirming(asked)})
    assert (303, "/", {"hanse"}) == (answer.status, answer.headers["Location"], set(browser.cookies))
    assert browser.get("/").status in {200, 303}
    assert "/login" != browser.get("/").headers.get("Location")
    for path, used in (("/login", code), ("/login/confirm", confirming(asked))):
        again = Browser(pool.api_url).post(path, {"code": used})
        assert (422, True) == (again.status, b"The code is not good, or not any more" in again.data)


def test_a_code_of_somebody_else_says_whose_it_is_and_opens_nothing(browser, tokens):
    browser.enter(tokens["people of tencent"])
    mine = dict(browser.cookies)
    asked = browser.post("/login", {"code": browser.code(tokens["people of alibaba"])}).data.decode()
    assert ("system:serviceaccount:alibaba:people" in asked, "takes its place" in asked) == (True, True)
    assert mine == browser.cookies
    assert "tencent" in browser.get("/member").data.decode()


def test_a_code_is_taken_once_by_whoever_is_first(ledger):
    code = sessions.open_(ledger, sessions.Kind.CODE, "li", "a token", 60)
    assert ["a token", None] == [sessions.take(ledger, code) for _ in range(2)]


def test_a_code_is_no_session_and_a_session_no_code(browser, tokens, ledger):
    code = sessions.open_(ledger, sessions.Kind.CODE, "li", "a token", 60)
    session = sessions.open_(ledger, sessions.Kind.SESSION, "li", "a token", 60)
    assert [None, None] == [sessions.read(ledger, code), sessions.take(ledger, session)]
    browser.cookies["hanse"] = browser.code(tokens["people of tencent"])
    assert (303, "/login") == (browser.get("/").status, browser.get("/").headers["Location"])


def test_what_has_ended_opens_nothing_and_goes_when_the_next_comes(ledger, pool):
    code, session = (sessions.open_(ledger, kind, "li", "a token", 0) for kind in sessions.Kind)
    assert [None, None] == [sessions.take(ledger, code), sessions.read(ledger, session)]
    sessions.open_(ledger, sessions.Kind.CODE, "li", "another", 60)
    now = int(time.time())
    assert all(row["ends_at_seconds"] > now - 60 for row in stored(pool))


def test_the_database_holds_neither_tokens_nor_secrets(ledger, pool):
    token = str(uuid.uuid4())
    secret = sessions.open_(ledger, sessions.Kind.SESSION, "li", token, 60)
    assert sessions.read(ledger, secret) == token
    held = b"".join(bytes(row["digest"]) + bytes(row["sealed"]) for row in stored(pool))
    assert token.encode() not in held
    assert secret.encode() not in held


def test_sessions_are_bounded_in_number_and_size(ledger, monkeypatch):
    with pytest.raises(RefusedError, match="the token has 16385 bytes: a session can hold 16384 at most"):
        sessions.open_(ledger, sessions.Kind.CODE, "li", "x" * 16_385, 60)
    monkeypatch.setattr(sessions, "SESSIONS_MAX", 0)
    with pytest.raises(RefusedError, match="there are 0 sessions already: log out somewhere"):
        sessions.open_(ledger, sessions.Kind.CODE, "li", "x", 60)


def test_who_opens_many_ends_its_own_oldest_and_nobody_elses(ledger):
    kind = sessions.Kind.SESSION
    others = sessions.open_(ledger, kind, "wang", "another", 60)
    opened = [sessions.open_(ledger, kind, "zhao", "a token", 60 + number) for number in range(sessions.OWN_MAX + 2)]
    assert [None, None] == [sessions.read(ledger, secret) for secret in opened[:2]]
    assert {"a token"} == {sessions.read(ledger, secret) for secret in opened[2:]}
    assert "another" == sessions.read(ledger, others)


def test_nobody_lists_sessions(ledger):
    with ledger.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        connection.execute(sa.text("SELECT * FROM ledger.session"))


def test_logging_out_ends_the_session_and_not_only_the_cookie(browser, tokens):
    browser.enter(tokens["people of tencent"])
    kept = dict(browser.cookies)
    assert (303, "/login", {}) == (*_went(browser.post("/logout")), browser.cookies)
    browser.cookies = kept
    assert (303, "/login") == _went(browser.get("/"))


def _went(answer):
    return answer.status, answer.headers.get("Location")


def test_a_session_ends_with_its_token(pool, browser):
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "leaver", "namespace": "tencent"}}
    pool.apply(account)
    browser.enter(pool.token("tencent", "leaver"))
    assert 200 == browser.get("/").status
    pool.cluster.kubectl("delete", "serviceaccount/leaver", "--namespace=tencent")
    for _ in range(600):  # what was found out about a token holds for some seconds
        if (303, "/login") == _went(browser.get("/")):
            break
        time.sleep(0.5)
    assert (303, "/login") == _went(browser.get("/"))
    assert not browser.cookies


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
@pytest.mark.parametrize("path", ["/login", "/login/confirm", "/logout"])
def test_a_form_of_another_site_is_refused(browser, tokens, path, headers):
    code = browser.asked(tokens["people of tencent"])
    browser.enter(tokens["people of tencent"])
    answer = browser.post(path, {"code": code}, headers)
    assert (403, True) == (answer.status, b"was not sent from a page of this service" in answer.data)
    assert 1 == len(browser.cookies), "it is still in"


def test_a_browser_that_only_says_its_origin_is_let_in_from_here(browser, tokens):
    headers = {"Origin": browser.url}
    code = browser.asked(tokens["people of tencent"], headers)
    answer = browser.post("/login/confirm", {"code": code}, headers)
    assert 303 == answer.status


def test_a_form_that_is_too_long_is_refused(browser):
    answer = browser.post("/login", {"code": "x" * 5000})
    assert (422, True) == (answer.status, b"more than 4096 bytes" in answer.data)


def test_the_cookie_is_for_this_site_and_no_script(browser, tokens):
    answer = browser.post("/login/confirm", {"code": browser.asked(tokens["people of tencent"])})
    _, _, rest = answer.headers["Set-Cookie"].partition("; ")
    assert {"httponly", "max-age=28800", "path=/", "samesite=strict"} == set(rest.lower().split("; "))


def test_over_tls_the_cookie_is_bound_to_this_host(browser, tokens):
    secure = {"Sec-Fetch-Site": "same-origin", "Origin": browser.url.replace("http:", "https:")}
    answer = browser.post("/login/confirm", {"code": browser.asked(tokens["people of tencent"])}, secure)
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    assert "__Host-hanse" == name
    assert {"httponly", "max-age=28800", "path=/", "samesite=strict", "secure"} == set(rest.lower().split("; ")[1:])
    assert "/login" != browser.get("/").headers.get("Location")


def test_over_tls_a_cookie_that_came_without_it_is_not_looked_at():
    def secret(scheme, name):
        request = httpx.Request("GET", f"{scheme}://here/")
        scope = {"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "server": ("here", 443)}
        headers = [(b"host", b"here"), (b"cookie", f"{name}={'x' * 43}".encode())]
        return entering.secret_of(rendering.Request(scope | {"headers": headers, "method": request.method}))

    assert ["", "x" * 43, "x" * 43, "x" * 43] == [
        secret(scheme, name) for scheme in ("https", "http") for name in ("hanse", "__Host-hanse")
    ]


def answered_behind(*, proxy, **more):
    """Return what an application answers to whoever asks for the way in by plain HTTP."""

    async def ask():
        served = httpx.ASGITransport(app.create(None, None, None, None, tls_at_proxy=proxy))
        async with httpx.AsyncClient(transport=served, base_url="http://within") as http:
            return await http.get("/login", **more)

    return asyncio.run(ask())


def test_behind_a_proxy_that_ends_tls_only_cookies_of_tls_count_and_browsers_keep_to_it():
    cookies = {each: {"Cookie": f"{each}={'x' * 43}"} for each in ("hanse", "__Host-hanse")}
    is_in = {
        (proxy, name): "You have a session here" in answered_behind(proxy=proxy, headers=cookie).text
        for proxy in (False, True)
        for name, cookie in cookies.items()
    }
    assert [(True, "hanse")] == [each for each, known in is_in.items() if not known]
    assert "max-age=31536000" == answered_behind(proxy=True).headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in answered_behind(proxy=False).headers


@pytest.mark.parametrize(
    "path", [*PAGES, *sorted({path for _, path in OPEN_PAGES}), "/v1/queue", "/healthz", "/nowhere"]
)
def test_each_answer_keeps_the_browser_to_what_is_ours(browser, path):
    headers = browser.get(path).headers
    policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
    assert {"'self'"} == {policy["default-src"], policy["form-action"]}
    assert {"'none'"} == {policy["frame-ancestors"], policy["base-uri"], policy["object-src"]}
    assert ("nosniff", "same-origin") == (headers["X-Content-Type-Options"], headers["Referrer-Policy"])
    assert headers["Cache-Control"] in {"no-store", "no-cache"}


def test_the_pages_have_no_script_or_style_of_their_own_to_let_through(browser):
    text = browser.get("/login").data.decode()
    assert not [word for word in ("<style", "style=", "onclick", "javascript:", "//cdn") if word in text]
    assert 1 == text.count("<script") == text.count('<script src="/static/dashboard.js" defer></script>')


def test_neither_code_nor_secret_is_logged(pool, browser, tokens):
    code = browser.code(tokens["people of tencent"])
    another = confirming(browser.post("/login", {"code": code}))
    browser.post("/login/confirm", {"code": another})
    browser.get("/nowhere")
    log = (pool.cluster.folder / "logs" / f"{pool.part}.log").read_text()
    assert "POST /login" not in log or code not in log
    assert not {each for each in (code, another) if each in log}
    assert browser.cookies["hanse"] not in log
    assert tokens["people of tencent"] not in log
    assert logging.getLogger("uvicorn.access").handlers == []


@pytest.fixture(name="hanse_login")
def _hanse_login(pool, tmp_path):
    """Run the command with a "browser" that notes what it was given; return its status, what it said, and that note."""
    note, opener = tmp_path / "note", tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {note}\n')
    opener.chmod(0o700)

    def hanse_login(token, *options, browser=f"{opener} %s &"):
        variables = {**os.environ, "HANSE_API": pool.api_url, "HANSE_TOKEN": token, "TMPDIR": str(tmp_path)}
        command = [sys.executable, "-P", "-m", "hanse.cli.main", "login", *options]
        environment = variables | {"BROWSER": browser}
        found = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        for _ in range(1200 if browser else 0):
            if found.returncode or options or (note.exists() and note.read_text()):
                break
            time.sleep(0.1)
        return found, note.read_text() if note.exists() else ""

    return hanse_login


def test_the_command_prints_an_address_that_opens_a_session(hanse_login, browser, pool, tokens):
    found, opened = hanse_login(tokens["people of tencent"], "--no-browser")
    address, _, code = found.stdout.strip().partition("#")
    assert (0, f"{pool.api_url}/login", "") == (found.returncode, address, opened), found.stderr
    assert "open it in a browser within a minute" in found.stderr
    assert 303 == browser.post("/login/confirm", {"code": confirming(browser.post("/login", {"code": code}))}).status


def test_a_browser_finds_the_code_in_a_file_of_its_users_and_not_among_its_arguments(hanse_login, tokens):
    found, opened = hanse_login(tokens["people of tencent"])
    code = found.stdout.strip().partition("#")[2]
    assert len(code) == sessions.SECRET_LENGTH
    assert code not in opened
    page = Path(opened.removeprefix("file://"))
    assert code in page.read_text()
    assert 0o600 == page.stat().st_mode & 0o777


def test_the_command_says_what_is_wrong_with_a_token(hanse_login):
    found, opened = hanse_login("x.y.z")
    assert (1, "", "") == (found.returncode, found.stdout, opened)
    assert "the token is not valid here" in found.stderr


def test_an_agent_has_no_dashboard(as_):
    status, problem = as_("agent of gz").send("POST", "/v1/login")
    assert (403, "this is for people: an agent has no dashboard") == (status, problem["detail"])


@pytest.mark.parametrize("who", sorted(PEOPLE))
def test_who_is_known_gets_a_code_for_a_minute(as_, who):
    answer = as_(who).answer("POST", "/v1/login")
    assert (200, 60) == (answer.status, json.loads(answer.data)["expiresSeconds"])
