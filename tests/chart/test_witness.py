"""The witness's chart: what it renders is valid and restricted, has no rights, and says what it lacks."""

import pytest
import yaml

NAMESPACE = "auditor"
LEAST = {"keySecret": "witness", "policy": "quorum none\n"}
EVERYTHING = {
    **LEAST,
    "image": {"repository": "example.org/hanse@sha256:" + 64 * "a", "pullSecrets": ["registry"]},
    "service": {"port": 443, "headless": True},
    "state": {"size": "2Gi", "storageClassName": "fast"},
    "nodeSelector": {"pool": "system"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "annotations": {"a.example/b": "c"},
    "networkPolicies": {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
}
ALL = pytest.mark.parametrize("values", [LEAST, EVERYTHING], ids=["least", "everything"])
LACKING = [("keySecret", "keySecret: name a Secret"), ("policy", "policy: give the log's policy")]


@pytest.fixture(name="chart", scope="module")
def _chart(chart):
    return chart.parent / "hanse-witness"


@pytest.fixture(name="render", scope="module")
def _render(helm, chart):
    def render(values):
        answer = helm("template", "hanse", str(chart), f"--namespace={NAMESPACE}", values=values)
        return {each["kind"]: each for each in yaml.safe_load_all(answer.stdout) if each}

    return render


@ALL
def test_helm_finds_nothing_to_complain_about(helm, chart, values):
    assert "0 chart(s) failed" in helm("lint", "--strict", str(chart), values=values).stdout


@ALL
def test_the_api_server_takes_all_that_is_rendered(hub, dry_run, render, values):
    objects = list(render(values).values())
    hub.kubectl("create", "namespace", NAMESPACE, check=False)
    assert {"ConfigMap", "NetworkPolicy", "Service", "StatefulSet"} == {each["kind"] for each in objects}
    assert len(objects) == len(dry_run(objects))


@pytest.mark.parametrize(("missing", "said"), LACKING)
def test_what_a_release_lacks_is_said(helm, chart, missing, said):
    values = {name: value for name, value in LEAST.items() if name != missing}
    assert said in helm("template", "hanse", str(chart), values=values, check=False).stderr


def test_a_value_that_there_is_not_is_refused(helm, chart):
    answer = helm("template", "hanse", str(chart), values={**LEAST, "replicas": 2}, check=False)
    assert "replicas" in answer.stderr


@ALL
def test_its_pod_is_restricted_and_has_its_key_its_policy_and_no_account(render, values):
    pod = render(values)["StatefulSet"]["spec"]["template"]["spec"]
    assert not pod["automountServiceAccountToken"]
    assert pod["securityContext"]["runAsNonRoot"]
    [container] = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {"drop": ["ALL"]} == container["securityContext"]["capabilities"]
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    given = dict(each.removeprefix("--").split("=") for each in container["args"] if "=" in each)
    assert [given[name].rpartition("/")[0] for name in ("policy", "key-file", "state")] == [
        mounted[name] for name in ("policy", "key", "state")
    ]


def test_it_asks_nobody_and_is_asked_by_whom_the_values_say(render):
    policy = render(EVERYTHING)["NetworkPolicy"]["spec"]
    assert "egress" not in policy
    assert "Egress" in policy["policyTypes"]
    assert EVERYTHING["networkPolicies"]["from"] == policy["ingress"][0]["from"]
