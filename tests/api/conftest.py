"""One hub with two members, a cluster each, an OpenID provider, and a client that speaks with a token."""

import contextlib
import json
import re
import subprocess
import sys
import time
import types
import uuid
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import oidc_provider
import pytest
import scene
import urllib3
import visiting
import yaml

from hanse.devcluster import pki, ports

SYSTEM = "hanse-system"


def ours(kind, name, spec):
    return {"apiVersion": "hanse.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class Client:
    """Requests to the API service with one token."""

    def __init__(self, pool, token):
        self._pool, self._token = pool, token

    def answer(self, method, path, body=None, **headers):
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        with urllib3.PoolManager(timeout=60, retries=False) as http:
            return http.request(method, self._pool.api_url + path, json=body, headers=headers)

    def send(self, method, path, body=None):
        answer = self.answer(method, path, body)
        return answer.status, json.loads(answer.data)


class Provider:
    """An OpenID provider, asked as a browser and a client would."""

    def __init__(self, port, log, certificate_authority):
        self.url, self._log, self.certificate_authority = f"https://localhost:{port}", log, certificate_authority
        self._http = urllib3.PoolManager(retries=False, timeout=60, ca_certs=str(certificate_authority))

    def wait(self):
        for _ in range(2000):
            try:
                return self.described()
            except urllib3.exceptions.HTTPError:
                time.sleep(0.2)
        return pytest.fail(f"the provider did not come up: {self._log.read_text()}")

    def described(self):
        return json.loads(self._http.request("GET", f"{self.url}/.well-known/openid-configuration").data)

    def token(self, login, client="hanse"):
        """Return an ID token: the authorization code flow, with the provider's own login pages."""
        back = oidc_provider.REDIRECT
        wanted = {"response_type": "code", "client_id": client, "redirect_uri": back, "scope": "openid email groups"}
        url, cookies, fields = f"{self.described()['authorization_endpoint']}?{urlencode(wanted)}", {}, None
        while not url.startswith(back):
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
            answer = self._ask(url, fields, headers)
            cookies |= dict(each.partition(";")[0].split("=", 1) for each in answer.headers.getlist("Set-Cookie"))
            location = answer.headers.get("Location")
            assert location or not fields, answer.data
            fields = None if location else {"login": login, "password": oidc_provider.PASSWORD}
            url = urljoin(url, location) if location else url
        given = {"grant_type": "authorization_code", "code": parse_qs(urlsplit(url).query)["code"][0]}
        given |= {"client_id": client, "client_secret": oidc_provider.PASSWORD, "redirect_uri": back}
        answer = self._ask(self.described()["token_endpoint"], given, {})
        return json.loads(answer.data)["id_token"]

    def _ask(self, url, fields, headers):
        if not fields:
            return self._http.request("GET", url, headers=headers)
        return self._http.request("POST", url, fields=fields, headers=headers, encode_multipart=False)


@pytest.fixture(name="provider", scope="session")
def _provider(tmp_path_factory):
    port = ports.free()
    folder = tmp_path_factory.mktemp("provider")
    log, authority = folder / "log", pki.Authority(folder)
    with log.open("w") as output:
        argv = [
            sys.executable,
            oidc_provider.__file__,
            str(port),
            *map(str, authority.server("localhost", ["localhost"])),
        ]
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT)
    try:
        provider = Provider(port, log, authority.certificate_file)
        provider.wait()
        yield provider
    finally:
        process.kill()
        process.wait()


@pytest.fixture(name="pool", scope="session")
def _pool(hub, make_pool, provider):
    trusted = f"--oidc-certificate-authority={provider.certificate_authority}"
    pool = make_pool(hub, f"--oidc-issuer={provider.url}", "--oidc-audience=hanse", trusted)
    for member, name in (("tencent", "gz"), ("alibaba", "hz")):
        pool.add_member(member, [{"kind": "Group", "name": f"oidc:{member}-people"}])
        pool.join(name, member)
    pool.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "coordinator", "namespace": SYSTEM}})
    return pool


@pytest.fixture(name="roles", scope="module")
def _roles(pool):
    """Give out roles, and have a job there; other tests on this hub have a PoolPolicy of their own."""
    roles = {
        "auditors": [{"kind": "Group", "name": "oidc:pool-auditors"}],
        "coordinators": [{"kind": "User", "name": "system:serviceaccount:hanse-system:coordinator"}],
    }
    pool.apply(ours("PoolPolicy", "default", roles))
    job = next(yaml.safe_load_all((Path(__file__).parents[2] / "examples/trainingjob.yaml").read_text()))
    pool.apply(job | {"metadata": {"name": "llm", "namespace": "tencent"}})
    yield
    pool.cluster.kubectl("delete", "poolpolicy/default")
    pool.cluster.kubectl("delete", "trainingjob/llm", "--namespace=tencent")


@pytest.fixture(name="tokens", scope="session")
def _tokens(pool, provider):
    """Return tokens of everybody who may try."""
    made = {
        "nobody": "",
        "garbage": "x.y.z",
        "agent of gz": pool.token("hanse-cluster-gz", "hanse-agent"),
        "agent of hz": pool.token("hanse-cluster-hz", "hanse-agent"),
        "agent, for the API server": pool.api_server_token("hanse-cluster-gz", "hanse-agent"),
        "another account of gz": pool.token("hanse-cluster-gz", "default"),
        "people of tencent": pool.token("tencent", "people"),
        "people of alibaba": pool.token("alibaba", "people"),
        "people of tencent, for the API server": pool.api_server_token("tencent", "people"),
        "alice of tencent": provider.token("alice"),
        "bob, an auditor": provider.token("bob"),
        "carol, of nobody": provider.token("carol"),
        "alice of tencent, for another client": provider.token("alice", client="another"),
        "coordinator": pool.token(SYSTEM, "coordinator"),
    }
    # With the first of its tokens the service reads the provider's keys, which a slow machine may not have in time.
    while 503 == Client(pool, made["alice of tencent"]).answer("GET", "/v1/whoami").status:
        time.sleep(0.5)
    return made


@pytest.fixture(name="one_moment")
def _one_moment(monkeypatch):
    """Let no time go by for what counts requests by the minute: of a minute that has just begun it counts anew."""
    now = time.time()
    clock = types.SimpleNamespace(time=lambda: now)
    for module in ("limits.storage.memory", "limits.strategies"):
        monkeypatch.setattr(f"{module}.time", clock)


@pytest.fixture(name="as_")
def _as(pool, tokens):
    return lambda who: Client(pool, tokens[who])


@pytest.fixture(name="new_client")
def _new_client(pool):
    return lambda token: Client(pool, token)


@pytest.fixture(name="shown", scope="module")
def _shown(pool, roles, hub, make_pool, tmp_path_factory):  # noqa: ARG001  # whose job is there first
    """A service with a leader and a ledger that have something to tell, beside the members of the others' pool."""
    server = scene.leader()
    pool.apply(*(scene.accelerator(*each) for each in scene.CLASSES.items()))
    told = make_pool(hub, *pool.options, f"--leader-url=http://127.0.0.1:{server.server_address[1]}")
    uid = pool.cluster.kubectl("get", "trainingjob/llm", "--namespace=tencent", "-ojsonpath={.metadata.uid}").stdout
    scene.fill(told, tmp_path_factory.mktemp("log"), uuid.UUID(uid))
    for member in scene.ENTITLED:
        status = json.dumps({"status": scene.member_status(member)})
        pool.cluster.kubectl("patch", "member", member, "--subresource=status", "--type=merge", f"--patch={status}")
    yield told
    server.shutdown()
    server.server_close()
    pool.cluster.kubectl("delete", "acceleratorclass", *scene.CLASSES)


@pytest.fixture(name="shown_to")
def _shown_to(shown, tokens):
    """Return a client of the service that has something to tell."""
    return lambda who: Client(shown, tokens[who])


@pytest.fixture(name="visit")
def _visit(shown, chromium, tokens):
    """Return a page of a browser that somebody has opened a session in; what goes wrong in it fails the test."""
    wrong, contexts = [], contextlib.ExitStack()

    def visit(who=None, viewport=visiting.WIDE, **more):
        context = contexts.enter_context(
            contextlib.closing(chromium.new_context(viewport=viewport, base_url=shown.api_url, **more))
        )
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        if who:
            code = visiting.Browser(shown.api_url).code(tokens[who])
            page.goto(f"/login#{code}")
            page.locator("[data-code]").fill(code)  # as people do without a script
            page.locator("form[action='/login'] button").click()
            page.locator("form[action='/login/confirm'] button").click()
            page.wait_for_url(re.compile(r"^(?!.*login)"))
        return page

    with contexts:
        yield visit
    assert [] == [each for each in wrong if "status of 403" not in each]
