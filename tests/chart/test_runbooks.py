"""What runbooks ask people to type and to look for is there: kubectl's words, the charts' objects, the logs' events."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
RUNBOOKS = PAGE.partition("\n## Runbooks\n")[2].partition("\n## ")[0]
BLOCKS = "\n".join(re.findall(r"^```\n(.*?)^```", RUNBOOKS, re.MULTILINE | re.DOTALL))
COMMANDS = sorted({line for line in BLOCKS.splitlines() if line.startswith("kubectl ")})
# What kubectl says of words that it, or the API server, does not know.
UNKNOWN = ("unknown", "unrecognized", "doesn't have a resource type", "required flag", "usage:")


def test_each_runbook_begins_with_something_to_type():
    sections = RUNBOOKS.split("\n### ")[1:]
    assert len(sections) >= 8
    assert [] == [each.partition("\n")[0] for each in sections if "```" not in each]


@pytest.fixture(name="kinds", scope="module")
def _kinds(hub):
    """An API server that knows Hanse's kinds."""
    crds = ["-f", str(ROOT / "charts/hanse/templates/crds")]
    hub.kubectl("apply", "--server-side", *crds)
    hub.kubectl("wait", "--for=condition=Established", "--timeout=120s", *crds)
    return hub


@pytest.mark.parametrize("command", COMMANDS)
def test_kubectl_and_the_api_server_know_what_is_asked_of_them(kinds, command):
    """Nothing of the chart runs here: that it is not found is what a right command is told."""
    _, *words = shlex.split(command)
    answer = kinds.kubectl(*words, "--request-timeout=20s", check=False)
    said = (answer.stdout + answer.stderr).lower()
    assert not [each for each in UNKNOWN if each in said], said


def test_what_is_named_is_what_the_charts_make(helm):
    sealed = {"keySecret": "log-key", "policy": "log example AAAA"}
    hub_objects = helm.render(database={"secret": "ledger"}, sealer=sealed)
    made = {(each["kind"].lower(), each["metadata"]["name"]) for each in hub_objects}
    agent = (ROOT / "charts/hanse-agent/templates/agent.yaml").read_text()
    made |= {
        (kind.lower(), name)
        for kind, name in re.findall(r"^kind: (\w+)\nmetadata:\n  name: (\S+)", agent, re.MULTILINE)
    }
    short = {"deploy": "deployment"}
    named = re.findall(r"\b(deploy|statefulset)/([a-z-]+)", BLOCKS)
    assert named
    assert {(short.get(kind, kind), name) for kind, name in named} <= made
    components = {each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
                  for each in hub_objects if each["kind"] == "Deployment"}  # fmt: skip
    assert set(re.findall(r"app\.kubernetes\.io/component=([a-z]+)", BLOCKS)) <= components


def test_events_and_fields_that_are_to_be_looked_for_are_in_the_code():
    code = "\n".join(each.read_text() for part in ("agent", "api", "operator") for each in (ROOT / part).rglob("*.py"))
    words = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", RUNBOOKS))
    events = {each for each in words if not each.startswith(("apiserver_", "hanse_"))}
    assert len(events) > 5
    assert [] == sorted(each for each in events if f'"{each}"' not in code)
    assert "no lease was renewed" in code
    assert [] == [each for each in ("brake", "notSettled") if f'"{each}"' not in code]
