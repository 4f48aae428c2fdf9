"""The log's keys are read from a file of its owner's, and never told."""

import os

import pytest
from sealed import KEYS

from hanse.ledger import signing


def test_keys_are_read_from_a_file_that_is_the_owners_alone(tmp_path, monkeypatch):
    file = tmp_path / "log.key"
    file.write_text("".join(f"{each}\n" for each in KEYS))
    file.chmod(0o640)
    with pytest.raises(signing.SigningError, match="can be read by others"):
        signing.load(file)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)  # as in a pod, whose Secrets are root's
    assert signing.load(file) == KEYS
    for mode in (0o660, 0o644):
        file.chmod(mode)
        with pytest.raises(signing.SigningError, match="can be read by others"):
            signing.load(file)
    monkeypatch.undo()
    file.chmod(0o600)
    assert signing.load(file) == KEYS
    file.write_text("secret\n")
    with pytest.raises(signing.SigningError) as refused:
        signing.load(file)
    assert "secret" not in str(refused.value)
    with pytest.raises(signing.SigningError, match="name a file"):
        signing.load(tmp_path / "none")
    file.write_text("")
    with pytest.raises(signing.SigningError, match="holds no key"):
        signing.load(file)
