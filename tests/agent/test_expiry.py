"""Tokens that run out soon are named, and nothing that is in their files."""

import base64
import json

import pytest

from hanse.agent import expiry

NOW = 1_800_000_000
DAY = 24 * 3600


def token(**claims):
    parts = ({"alg": "RS256"}, claims, {"signature": 1})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (token(exp=NOW + 11 * DAY), None),
        (token(exp=NOW + 9 * DAY) + "\n", "runs out in 9.0 days"),
        (token(exp=NOW - 1), "has run out"),
        (json.dumps({"users": [{"user": {"token": token(exp=NOW + 2 * DAY, sub="x")}}]}), "runs out in 2.0 days"),
        (token(sub="without an end"), None),
        (token(exp="soon"), None),
        ("eyJ.no.token eyJx.!!.y eyJx.AAAA.y", None),
        ("", None),
    ],
)
def test_a_token_whose_end_is_near_is_named(tmp_path, content, sentence):
    file = tmp_path / "api-token"
    file.write_text(content)
    said = list(expiry.warnings([file, tmp_path / "not-there"], NOW))
    assert (sentence is not None) == len(said)
    if sentence:
        assert f"{file}: the token {sentence}; hanse cluster renew" in said[0]
        assert "eyJ" not in said[0]
