"""Which providers are taken, and which of their keys. Their tokens are tried with a real provider in test_access.py."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from hanse.api import oidc

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
