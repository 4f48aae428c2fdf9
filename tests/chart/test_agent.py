"""The agent's chart: what it renders is valid and restricted, and its rights are those of `hanse cluster install`."""

import json
import re

import pytest
import yaml

from hanse.agent import install, metrics, settings
from hanse.agent.node import metrics as node_metrics
from hanse.agent.node import settings as node_settings

NAMESPACE = "hanse-agent-north"
LEAST = {
    "cluster": "north",
    "hub": {"apiUrl": "https://hub.example:8443"},
    "credentials": {"secret": "north"},
}
EVERYTHING = {
    **LEAST,
    "image": {"repository": "example.org/hanse@sha256:" + 64 * "a", "pullSecrets": ["registry"]},
    "settings": {
        "nodeSelector": {"pool": "north"}, "reportedLabels": ["example.org/rack"], "nameServers": ["10.0.0.10"],
        "clusterDomain": "north.example", "killBudgetSeconds": 20,
    },
    "state": {"size": "2Gi", "storageClassName": "fast"},
    "nodeSelector": {"pool": "system"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "annotations": {"a.example/b": "c"},
    "kubernetesApi": {"host": "10.0.0.1", "port": 6443},
    "networkPolicies": {
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "egressPorts": [443],
    },
    "monitoring": {
        "metricsPort": 9090,
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "rules": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboards": {"enabled": True},
    },
    "nodeAgent": {
        "enabled": True, "metricsPort": 9091, "nodeSelector": {"gpu": "h100"}, "runtimeClassName": "nvidia",
        "memory": {"ratioThousandths": 1500, "reserveMiB": 4096, "tenantsMax": 2},
    },
    "tracing": {
        "endpoint": "http://collector.monitoring:4318", "headersSecret": "collector",
        "variables": {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    },
}  # fmt: skip
ALL = pytest.mark.parametrize("values", [LEAST, EVERYTHING], ids=["least", "everything"])
WRONG = [
    ({"cluster": "North_1"}, "cluster"),
    ({"hub": {"apiUrl": "hub.example"}}, "hub/apiUrl"),
    ({"settings": {"listenPort": 1}}, "listenPort"),
    ({"replicas": 2}, "replicas"),
    ({"monitoring": {"metricsPort": 70_000}}, "monitoring/metricsPort"),
    ({"nodeAgent": {"memory": {"ratioThousandths": 5000}}}, "nodeAgent/memory/ratioThousandths"),
]
LACKING = [
    ("cluster", "cluster: name the MemberCluster"),
    ("hub", "hub.apiUrl: say where"),
    ("credentials", "credentials.secret: name a Secret"),
]


@pytest.fixture(name="chart", scope="module")
def _chart(chart):
    return chart.parent / "hanse-agent"


@pytest.fixture(name="render", scope="module")
def _render(helm, chart):
    def render(values):
        answer = helm("template", "hanse", str(chart), f"--namespace={NAMESPACE}", values=values)
        return [each for each in yaml.safe_load_all(answer.stdout) if each]

    return render


def of_kind(objects, *kinds):
    return [each for each in objects if each["kind"] in kinds]


def pod_of(objects):
    [agent] = of_kind(objects, "StatefulSet")
    return agent["spec"]["template"]["spec"]


@ALL
def test_helm_finds_nothing_to_complain_about(helm, chart, values):
    assert "0 chart(s) failed" in helm("lint", "--strict", str(chart), values=values).stdout


@ALL
def test_the_api_server_takes_all_that_is_rendered(hub, dry_run, render, values):
    objects = [each for each in render(values) if each["kind"] not in {"PodMonitor", "PrometheusRule"}]
    for name in (NAMESPACE, "hanse-workers-north", "hanse-nodes-north"):
        hub.kubectl("create", "namespace", name, check=False)
    assert len(objects) == len(dry_run(objects))


@pytest.mark.parametrize(("values", "named"), WRONG, ids=[named for _, named in WRONG])
def test_values_that_are_wrong_are_refused_by_name(helm, chart, values, named):
    answer = helm("template", "hanse", str(chart), values={**LEAST, **values}, check=False)
    assert answer.returncode
    assert named.split("/")[-1] in answer.stderr


@pytest.mark.parametrize(("missing", "said"), LACKING)
def test_what_a_release_lacks_is_said(helm, chart, missing, said):
    values = {name: value for name, value in LEAST.items() if name != missing}
    assert said in helm("template", "hanse", str(chart), values=values, check=False).stderr


@ALL
def test_its_rights_are_those_that_the_command_gives_and_no_right_is_a_wildcard(render, values):
    rendered, made = render(values), install.at_member("north")
    if values is EVERYTHING:
        made += install.for_node_agents("north")

    def rights(objects):
        return {
            (each["kind"], each["metadata"]["name"], each["metadata"].get("namespace"), group, what, verb,
             *rule.get("resourceNames", ()))
            for each in of_kind(objects, "Role", "ClusterRole") for rule in each["rules"]
            for group in rule["apiGroups"] for what in rule["resources"] for verb in rule["verbs"]
        }  # fmt: skip

    def bound(objects):
        return {
            (each["kind"], each["metadata"]["name"], each["metadata"].get("namespace"), each["roleRef"]["kind"],
             each["roleRef"]["name"], json.dumps(each["subjects"], sort_keys=True))
            for each in of_kind(objects, "RoleBinding", "ClusterRoleBinding")
        }  # fmt: skip

    assert rights(made) == rights(rendered)
    assert bound(made) == bound(rendered)
    assert "*" not in json.dumps([each["rules"] for each in of_kind(rendered, "Role", "ClusterRole")])


def test_workers_have_the_namespace_that_the_command_makes(render):
    def of_workers(objects):
        [space] = [each for each in of_kind(objects, "Namespace") if each["metadata"]["name"] == "hanse-workers-north"]
        [closed] = [each for each in of_kind(objects, "NetworkPolicy") if each["metadata"]["name"] == "default-deny"]
        enforced = {k: v for k, v in space["metadata"]["labels"].items() if k.startswith("pod-security")}
        return enforced, closed["metadata"]["namespace"], closed["spec"]

    assert of_workers(install.at_member("north")) == of_workers(render(LEAST))


@ALL
def test_its_settings_are_such_as_an_agent_takes(render, tmp_path, values):
    objects = render(values)
    [held] = [each for each in of_kind(objects, "ConfigMap") if each["metadata"]["name"] == "hanse-agent"]
    file = tmp_path / "agent.yaml"
    file.write_text(held["data"]["agent.yaml"])
    loaded = settings.load(file)
    pod = pod_of(objects)
    mounted = {each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    for path in (loaded.hub_kubeconfig, loaded.api_token_file, loaded.signing_key_file, loaded.sealing_key_file):
        assert str(path.parent) in mounted
    assert str(loaded.state_folder) in mounted
    assert loaded.kubeconfig is None
    [service] = of_kind(objects, "Service")
    domain = values.get("settings", {}).get("clusterDomain", "cluster.local")
    assert f"http://{service['metadata']['name']}.{NAMESPACE}.svc.{domain}:{loaded.listen_port}" == loaded.worker_url
    assert values.get("monitoring", {}).get("metricsPort") == loaded.metrics_port


def test_traces_are_sent_where_the_values_say_and_nowhere_else(render):
    for values, count in ((LEAST, 0), (EVERYTHING, 4)):
        [container] = pod_of(render(values))["containers"]
        assert count == len([each for each in container.get("env", []) if each["name"].startswith("OTEL_")])


@ALL
def test_its_pod_is_restricted_bounded_and_probed(render, values):
    pod = pod_of(render(values))
    assert pod["securityContext"]["runAsNonRoot"]
    assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
    [container] = pod["containers"]
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {"drop": ["ALL"]} == container["securityContext"]["capabilities"]
    assert container["resources"]["limits"]["memory"]
    assert {"/healthz"} == {
        container[f"{each}Probe"]["httpGet"]["path"] for each in ("startup", "liveness", "readiness")
    }


def test_its_workers_reach_it_and_metrics_are_elsewhere(render):
    [policy] = [
        each for each in of_kind(render(EVERYTHING), "NetworkPolicy") if each["metadata"]["name"] == "hanse-agent"
    ]
    workers, watched = policy["spec"]["ingress"]
    assert ["workers"] == [each["port"] for each in workers["ports"]]
    named = [each["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for each in workers["from"]]
    assert ["hanse-workers-north", "hanse-nodes-north"] == named
    assert (["metrics"], EVERYTHING["networkPolicies"]["metricsFrom"]) == (
        [each["port"] for each in watched["ports"]], watched["from"]
    )  # fmt: skip
    assert "metrics" not in json.dumps(of_kind(render(LEAST), "NetworkPolicy", "StatefulSet", "Service"))


def test_alerts_and_the_dashboard_are_about_metrics_that_there_are(render, chart):
    objects = render(EVERYTHING)
    ends = {"counter": "_total", "gauge": "", "histogram": "_bucket"}
    registries = (metrics.REGISTRY, node_metrics.REGISTRY)
    series = {family.name + ends[family.type] for each in registries for family in each.collect()}
    [board] = [each for each in of_kind(objects, "ConfigMap") if each["metadata"]["name"] == "hanse-agent-dashboards"]
    shown = {
        name
        for text in board["data"].values()
        for panel in json.loads(text)["panels"]
        for target in panel["targets"]
        for name in re.findall(r"hanse_(?:agent|node)_\w+", target["expr"])
    }
    assert series == shown
    [rules] = of_kind(objects, "PrometheusRule")
    page = (chart.parents[1] / "docs/operations.md").read_text()
    for alert in (each for group in rules["spec"]["groups"] for each in group["rules"]):
        assert set(re.findall(r"hanse_\w+", alert["expr"])) <= series
        heading = alert["annotations"]["runbook_url"].partition("#")[2]
        assert re.search(rf"^### {heading.replace('-', ' ')}$", page, re.MULTILINE | re.IGNORECASE)


def test_every_setting_of_the_schema_is_one_that_an_agent_takes(chart):
    schema = json.loads((chart / "values.schema.json").read_text())
    taken = {settings.Settings.model_fields[name].alias for name in settings.Settings.model_fields}
    assert schema["properties"]["settings"]["properties"].keys() <= taken


def test_a_node_agent_has_the_folders_that_it_needs_no_capability_and_settings_that_it_takes(render, tmp_path):
    objects = render(EVERYTHING)
    assert [] == of_kind(render(LEAST), "DaemonSet")
    [daemons] = of_kind(objects, "DaemonSet")
    pod = daemons["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert (True, False, None) == (pod["hostPID"], pod["automountServiceAccountToken"], pod.get("hostNetwork"))
    own = container["securityContext"]
    assert (False, True, ["ALL"]) == (
        own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"], own["capabilities"]["drop"]
    )  # fmt: skip
    assert "privileged" not in own
    folders = {each["name"]: each["hostPath"]["path"] for each in pod["volumes"] if "hostPath" in each}
    writable = {each["name"]: each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")}
    assert {"plugins": "/var/lib/kubelet/device-plugins", "state": "/var/lib/hanse-node"} == {
        name: writable[name] for name in folders if name in writable
    }
    [held] = [each for each in of_kind(objects, "ConfigMap") if each["metadata"]["name"] == "hanse-node-agent"]
    (tmp_path / "node.yaml").write_text(held["data"]["node.yaml"])
    loaded = node_settings.load(tmp_path / "node.yaml")
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    # The kubelet mounts folders of it by the same path into containers.
    assert (folders["state"], "state") == (str(loaded.state_folder), mounts[str(loaded.state_folder)])
    assert str(loaded.plugins_folder) in mounts
    assert {str(loaded.owners_socket.parent), str(loaded.token_file.parent)} <= mounts.keys()
    assert (1500, 4096, 2, 9091) == (*loaded.memory.model_dump().values(), loaded.metrics_port)
    [agents] = [each for each in of_kind(objects, "ConfigMap") if each["metadata"]["name"] == "hanse-agent"]
    account = yaml.safe_load(agents["data"]["agent.yaml"])["nodeAgentAccount"]
    assert account == f"{daemons['metadata']['namespace']}:{pod['serviceAccountName']}"
