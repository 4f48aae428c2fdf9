"""What `hanse whatif` reads, and how it says an answer; asking is played."""

import pytest
from typer.testing import CliRunner

from hanse.api.examples import EXAMPLES
from hanse.cli import main, whatif
from hanse.cli.errors import CommandError

JOB = "kind: TrainingJob\nmetadata: {name: j, namespace: north}\nspec: {tier: standard}\n"


@pytest.fixture(name="run")
def _run(tmp_path, monkeypatch):
    asked = []

    def run(text, *args, answer=EXAMPLES["WhatIf"]):
        def ask(url, path, body):
            asked.append((url, path, body))
            return answer

        monkeypatch.setattr(whatif, "ask", ask)
        (tmp_path / "job.yaml").write_text(text)
        result = CliRunner().invoke(main.app, ["whatif", "-f", str(tmp_path / "job.yaml"), "--api=http://a", *args])
        if isinstance(result.exception, CommandError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output.splitlines(), asked

    return run


def test_the_spec_is_asked_about_in_the_files_namespace_or_the_options(run):
    _, asked = run(f"---\n{JOB}---\nkind: Namespace\n")
    _, asked = run(JOB, "-n", "south")
    assert [("http://a", "/v1/whatif", {"namespace": name, "spec": {"tier": "standard"}}) for name in (
        "north", "south")] == asked  # fmt: skip


def test_what_would_start_is_said_with_start_victims_price_and_caps(run):
    first, start, *rest = run(JOB)[0]
    assert "it would be admitted now: HOME, 64 h100-80g in north-1" == first
    assert start.startswith("starts: by 2026-11-02T09:10:00Z: at once, or when those who are there have left")
    assert [
        "would be stopped for it: 0 of its own member's jobs; of others': 2",
        "charged: 64 H100e, 128.0 H100e-hours if it runs for all of maxRuntime",
        "cap monthly: 3333.3 H100e-hours left in this window",
        "cap power: 288 H100e more at once",
    ] == rest


def test_what_would_wait_is_said_as_explain_says_it(run):
    answer = {"admitted": False, "now": EXAMPLES["Explained"]["now"]}
    lines, _ = run(JOB, answer=answer)
    assert "it would not be admitted now" == lines[0]
    assert "Requeued: WaitingForQuota" == lines[1]
    assert "place in its organisation's queue: 2; older jobs of its member's other organisations: 5" in lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Namespace\n", "0 TrainingJobs are in it: give a file with one"),
        (f"{JOB}---\n{JOB}", "2 TrainingJobs are in it"),
        ("a: [", "it is no YAML"),
        ("kind: TrainingJob\nspec: {}\n", "metadata.namespace is not there: say --namespace NAMESPACE"),
    ],
)
def test_a_file_that_cannot_be_asked_about_is_refused(run, text, said):
    with pytest.raises(CommandError, match=said):
        run(text)
