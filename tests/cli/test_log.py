"""`hanse log`: what a coordinator does to have a log, and what it is told when something is wrong."""

import pytest
from typer.testing import CliRunner

from hanse.cli import log
from hanse.evidence import notes


@pytest.fixture(name="hanse")
def _hanse():
    def run(*arguments):
        return CliRunner().invoke(log.app, [str(each) for each in arguments])

    return run


def test_a_key_is_made_once_and_its_public_lines_are_what_a_policy_needs(hanse, tmp_path):
    file = tmp_path / "log.key"
    made = hanse("key", "pool.example/ledger", "--out", file)
    assert made.exit_code == 0
    policy = tmp_path / "policy"
    policy.write_text(f"{made.stdout}quorum none\n")
    assert [party.key.type for party in log.read_policy(policy).logs] == [notes.ED25519, notes.MLDSA44]
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_text()
    again = hanse("key", "pool.example/ledger", "--out", file)
    assert (again.exit_code, "never written over" in str(again.exception)) == (1, True)
    assert before == file.read_text()


@pytest.mark.parametrize(("name", "said"), [("a b", "is no name of a key"), ("a+b", "is no name of a key")])
def test_a_name_that_is_none_makes_no_file(hanse, tmp_path, name, said):
    refused = hanse("key", name, "--out", tmp_path / "k")
    assert said in str(refused.exception)
    assert not (tmp_path / "k").exists()


def test_who_signs_is_said_once(hanse, tmp_path):
    (tmp_path / "policy").write_text("quorum none\n")
    url = "postgresql://u:p@127.0.0.1:1/x"
    given = ("seal", "--database-url", url, "--policy", tmp_path / "policy", "--out", tmp_path)
    for more in ((), ("--key-file", "x", "--sign-command", "y")):
        assert "name one of --key-file" in str(hanse(*given, *more).exception)
    assert "chmod" not in str(hanse(*given, "--key-file", tmp_path / "none").exception)
    refused = hanse(*given, "--sign-command", "true", "--once")
    assert "must have the keys of one log" in str(refused.exception)
    (tmp_path / "policy").write_text("quorum nobody\n")
    assert "no witness or group" in str(hanse(*given, "--sign-command", "true", "--once").exception)
    (tmp_path / "policy").unlink()
    assert "name a file that can be read" in str(hanse(*given, "--sign-command", "true", "--once").exception)
