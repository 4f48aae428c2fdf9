"""Which providers are taken, and which of their keys. Their tokens are tried with a real provider in test_access.py."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from hanse.api import oidc
from hanse.api.problems import UnauthenticatedError, UnavailableError
from hanse.devcluster import pki

HERE = "https://provider.example"


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
