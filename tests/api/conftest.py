"""One hub with two members, a cluster each, and a client that speaks with a token."""

import json

import pytest
import urllib3


class Client:
    """Requests to the API service with one token."""

    def __init__(self, pool, token):
        self._pool, self._token = pool, token

    def answer(self, method, path, body=None, **headers):
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        with urllib3.PoolManager(timeout=15, retries=False) as http:
            return http.request(method, self._pool.api_url + path, json=body, headers=headers)

    def send(self, method, path, body=None):
        answer = self.answer(method, path, body)
        return answer.status, json.loads(answer.data)


@pytest.fixture(name="pool", scope="session")
def _pool(hub, make_pool):
    pool = make_pool(hub)
    for member, name in (("tencent", "gz"), ("alibaba", "hz")):
        pool.add_member(member)
        pool.join(name, member)
    return pool


@pytest.fixture(name="tokens", scope="session")
def _tokens(pool):
    """Return tokens of everybody who may try."""
    return {
        "nobody": "",
        "garbage": "x.y.z",
        "agent of gz": pool.token("hanse-cluster-gz", "hanse-agent"),
        "agent of hz": pool.token("hanse-cluster-hz", "hanse-agent"),
        "agent, for the API server": pool.api_server_token("hanse-cluster-gz", "hanse-agent"),
        "another account of gz": pool.token("hanse-cluster-gz", "default"),
        "people of tencent": pool.token("tencent", "people"),
        "people of alibaba": pool.token("alibaba", "people"),
        "people of tencent, for the API server": pool.api_server_token("tencent", "people"),
    }


@pytest.fixture(name="as_")
def _as(pool, tokens):
    return lambda who: Client(pool, tokens[who])


@pytest.fixture(name="new_client")
def _new_client(pool):
    return lambda token: Client(pool, token)
