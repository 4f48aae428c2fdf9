"""What Prometheus' own tool says of our metrics and rules: they are well-formed, and alerts fire when they should."""

import prometheus_client
import pytest
import yaml

from hanse.agent import metrics as agent
from hanse.agent.node import metrics as node
from hanse.api import metrics as api
from hanse.ledger import watching as sealer
from hanse.operator import health as operator

REGISTRIES = {
    "agent": agent.REGISTRY, "api": api.REGISTRY, "node": node.REGISTRY, "operator": operator.REGISTRY,
    "sealer": sealer.REGISTRY,
}  # fmt: skip
HUB = {
    "database": {"secret": "ledger"}, "sealer": {"keySecret": "log", "policy": "quorum none\n"},
    "monitoring": {"rules": {"enabled": True}},
}  # fmt: skip
AGENT = {
    "cluster": "north", "hub": {"apiUrl": "https://hub.example"}, "credentials": {"secret": "north"},
    "monitoring": {"rules": {"enabled": True}}, "nodeAgent": {"enabled": True},
}  # fmt: skip


@pytest.fixture(name="rules", scope="module")
def _rules(helm, chart, tmp_path_factory):
    """A folder with the rules of both charts, as the Prometheus operator hands them to Prometheus."""
    folder = tmp_path_factory.mktemp("rules")
    for name, values in (("hanse", HUB), ("hanse-agent", AGENT)):
        rendered = helm("template", "hanse", str(chart.parent / name), values=values).stdout
        [rule] = [each for each in yaml.safe_load_all(rendered) if each and each["kind"] == "PrometheusRule"]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"groups": rule["spec"]["groups"]}))
    return folder


@pytest.mark.parametrize("process", sorted(REGISTRIES))
def test_metrics_are_as_prometheus_wants_them(promtool, process):
    registry = REGISTRIES[process]
    labelled = [each for each in set(registry._collector_to_names) if each._labelnames]
    for collector in labelled:
        collector.labels(*collector._labelnames)
    found = promtool("check", "metrics", stdin=prometheus_client.generate_latest(registry))
    for collector in labelled:
        collector.remove(*collector._labelnames)
    assert (0, b"") == (found.returncode, found.stdout + found.stderr)


def test_a_metric_that_is_not_is_named(promtool):
    """So that a tool which says nothing is not one that looks at nothing."""
    found = promtool(
        "check", "metrics", stdin=b"# HELP hanse_syncs Rounds.\n# TYPE hanse_syncs counter\nhanse_syncs 1\n"
    )
    assert (3, True) == (found.returncode, b'counter metrics should have "_total" suffix' in found.stderr)


@pytest.mark.parametrize("chart_name", ["hanse", "hanse-agent"])
def test_rules_are_as_prometheus_wants_them(promtool, rules, chart_name):
    found = promtool("check", "rules", "--lint=all", "--lint-fatal", rules / f"{chart_name}.yaml")
    assert 0 == found.returncode, found.stderr


def test_each_alert_fires_when_it_should_and_not_before(promtool, rules, request):
    cases = yaml.safe_load((request.path.parent / "alerts.yaml").read_text())
    alerts = {
        each["alert"]: each["annotations"]
        for file in sorted(rules.glob("hanse*.yaml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for each in group["rules"]
    }
    tried = set()
    for test in cases["tests"]:
        for case in test["alert_rule_test"]:
            fires = case.pop("fires", None)
            case["exp_alerts"] = []
            for labels in [] if fires is None else [fires]:
                said = alerts[case["alertname"]]
                summary = said["summary"]
                for name, value in labels.items():
                    summary = summary.replace(f"{{{{ $labels.{name} }}}}", value)
                expected = {"exp_labels": labels, "exp_annotations": {**said, "summary": summary}}
                case["exp_alerts"].append(expected)
                tried.add(case["alertname"])
    cases["rule_files"] = [file.name for file in sorted(rules.glob("hanse*.yaml"))]
    (rules / "tests.yaml").write_text(yaml.safe_dump(cases))
    found = promtool("test", "rules", rules / "tests.yaml")
    assert 0 == found.returncode, found.stdout.decode() + found.stderr.decode()
    assert alerts.keys() == tried
