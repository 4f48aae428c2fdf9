"""Which providers are taken, and which of their keys. Their tokens are tried with a real provider in test_access.py."""

import http.server
import json
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from hanse.api import oidc
from hanse.api.problems import UnauthenticatedError, UnavailableError
from hanse.devcluster import pki

HERE = "https://provider.example"
KEY = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())) | {"alg": "ES256"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("http://provider.example", "hanse"), "--oidc-issuer is http://provider.example: it must begin with https://"),
        (("http://localhost.example:80", "hanse"), "--oidc-issuer is"),
        ((HERE, ""), "--oidc-audience is empty"),
        ((HERE, "hanse", ""), "--oidc-prefix is ''"),
        ((HERE, "hanse", "sys"), "--oidc-prefix is 'sys'"),
        ((HERE, "hanse", "system:"), "--oidc-prefix is 'system:'"),
        ((HERE, "hanse", "system:serviceaccount:"), "--oidc-prefix is 'system:serviceaccount:'"),
    ],
)
def test_a_provider_that_could_be_somebody_else_is_refused(given, field):
    with pytest.raises(ValueError, match=field):
        oidc.Provider(*given)


class Slow(http.server.BaseHTTPRequestHandler):
    """A provider that answers when it is let."""

    def do_GET(self):
        self.server.asked += 1
        self.server.may_answer.wait(30)
        here = f"http://localhost:{self.server.server_address[1]}"
        body = json.dumps({"issuer": here, "jwks_uri": f"{here}/keys", "keys": [KEY | {"kid": "new"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(name="slow")
def _slow():
    with http.server.ThreadingHTTPServer(("localhost", 0), Slow) as server:
        server.asked, server.may_answer = 0, threading.Event()
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.may_answer.set()
        server.shutdown()


def test_a_provider_that_hangs_keeps_nobody_waiting_whose_key_is_known(slow, monkeypatch):
    monkeypatch.setattr(oidc, "WAIT_SECONDS", 0.1)
    keys = oidc._Keys(f"http://localhost:{slow.server_address[1]}", None)
    known = oidc._Key("key", ("ES256",))
    keys._by_id, keys._read_at = {"old": known}, time.monotonic() - oidc.FRESH_SECONDS - 1
    assert known is keys.named("old")
    with pytest.raises(UnavailableError, match="keys cannot be read"):
        keys.named("new")
    places, keys._places = keys._places, threading.Semaphore(0)
    with pytest.raises(UnavailableError, match="keys cannot be read"):
        keys.named("new")
    keys._places = places
    reading = keys._reading
    slow.may_answer.set()
    assert reading.wait(30)
    assert ("ES256", 2) == (*keys.named("new").algorithms, slow.asked)
    with pytest.raises(jwt.InvalidTokenError, match="no such key"):
        keys.named("made up")
    assert 2 == slow.asked, "made-up names do not have it asked again at once"


def test_a_key_that_is_not_understood_keeps_no_other_out():
    good = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key()))
    published = [
        {"kid": "of no known kind", "kty": "XYZ"},
        {"kid": "a word", "kty": "oct", "k": "AAAA", "alg": "HS256"},
        good | {"kid": "for sealing", "use": "enc"},
        good | {"kid": "named", "alg": "ES256"},
        good | {"kid": "unnamed"},
    ]
    found = dict(oidc._readable(published))
    assert ("ES256",) == found["named"].algorithms
    assert oidc.ALGORITHMS == found["unnamed"].algorithms
    assert {"named", "unnamed"} == found.keys()
    assert not [name for name in oidc.ALGORITHMS if name.startswith("HS") or name == "none"]


def test_claims_name_people_and_groups_as_the_provider_is_told(provider):
    token = provider.token("alice")

    def user(**claims):
        asked = oidc.Provider(provider.url, "hanse", certificate_authority=provider.certificate_authority, **claims)
        return oidc.Oidc(asked).user(token)

    assert ("oidc:alice", {"oidc:tencent-people"}) == (user().name, user().groups)
    assert set() == user(groups_claim="roles").groups
    with pytest.raises(UnauthenticatedError, match="its nickname is empty"):
        user(user_claim="nickname")


def test_an_address_of_mail_is_a_name_only_if_the_provider_has_verified_it():
    asked = oidc.Oidc(oidc.Provider(HERE, "hanse", user_claim="email"))
    assert "alice@example.com" == asked._name({"email": "alice@example.com", "email_verified": True})
    for more in ({}, {"email_verified": False}, {"email_verified": "true"}):
        with pytest.raises(UnauthenticatedError, match="its email is not verified"):
            asked._name({"email": "alice@example.com", **more})


def test_a_provider_whose_certificate_nobody_vouches_for_is_not_believed(provider, tmp_path):
    stranger = pki.Authority(tmp_path)
    stranger.server("another", ["localhost"])
    asked = oidc.Provider(provider.url, "hanse", certificate_authority=stranger.certificate_file)
    with pytest.raises(UnavailableError, match="keys cannot be read"):
        oidc.Oidc(asked).user(provider.token("alice"))


def test_a_certificate_authority_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"--oidc-certificate-authority .* is no file"):
        oidc.Provider(HERE, "hanse", certificate_authority=tmp_path / "none")
