"""What the chart renders: valid, least privilege, and nothing that its values do not say."""

import json
import re

import pytest
import yaml

from hanse.agent import metrics as agent
from hanse.api import metrics as api
from hanse.ledger import watching as sealer
from hanse.operator import health as operator

DATABASE = {"database": {"secret": "ledger"}}
EVERYTHING = {
    **DATABASE,
    "image": {"repository": "example.org/hanse@sha256:" + 64 * "a", "pullSecrets": ["registry"]},
    "internalToken": {"secret": "ours"},
    "kubernetesApi": {"host": "10.0.0.1", "port": 6443},
    "services": {"headless": True},
    "operator": {
        "replicas": 3, "nodeSelector": {"pool": "system"}, "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": {}}, "annotations": {"a.example/b": "c"},
    },
    "api": {
        "replicas": 5, "metricsPort": 9090, "tls": {"secret": "api-tls"},
        "oidc": {
            "issuer": "https://id.example", "audience": "hanse", "prefix": "people:", "userClaim": "email",
            "groupsClaim": "roles", "certificateAuthority": "id-ca",
        },
        "service": {"port": 443, "annotations": {"a": "b"}},
    },
    "sealer": {
        "keySecret": "log-key", "policy": "quorum none\n", "everySeconds": 2, "annotations": {"a.example/b": "c"},
        "log": {"size": "1Gi", "storageClassName": "fast"},
    },
    "networkPolicies": {
        "apiFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        "egressPorts": [443],
    },
    "monitoring": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "rules": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboards": {"enabled": True},
    },
    "tracing": {
        "endpoint": "http://collector.monitoring:4318", "headersSecret": "collector",
        "variables": {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    },
}  # fmt: skip
BALANCED = {**DATABASE, "services": {"headless": True}, "api": {"service": {"type": "LoadBalancer"}}}
ALL = pytest.mark.parametrize("values", [DATABASE, EVERYTHING, BALANCED], ids=["least", "everything", "balanced"])
WRONG = [
    ({"operator": {"replica": 3}}, "operator"),
    ({"operator": {"replicas": 0}}, "operator/replicas"),
    ({"operator": {"leaseSeconds": "15s"}}, "operator/leaseSeconds"),
    ({"api": {"service": {"port": 70_000}}}, "api/service/port"),
    ({"api": {"oidc": {"issuer": "http://id.example"}}}, "api/oidc/issuer"),
    ({"api": {"oidc": {"prefix": "system:x"}}}, "api/oidc/prefix"),
    ({"image": {"pullPolicy": "Sometimes"}}, "image/pullPolicy"),
    ({"database": {"secret": "Not_A_Name"}}, "database/secret"),
    ({"monitoring": {"rules": {"runbooks": "docs"}}}, "monitoring/rules/runbooks"),
    ({"sealer": {"everySeconds": 60}}, "sealer/everySeconds"),
    ({"telemetry": {}}, "telemetry"),
    ({"tracing": {"endpoint": "collector:4318"}}, "tracing/endpoint"),
    ({"tracing": {"variables": {"HANSE_DATABASE_URL": ""}}}, "tracing/variables"),
]


def of_kind(objects, *kinds):
    return [each for each in objects if each["kind"] in kinds]


@ALL
def test_helm_finds_nothing_to_complain_about(helm, chart, values):
    said = helm("lint", "--strict", str(chart), values=values).stdout
    assert "0 chart(s) failed" in said


@ALL
def test_the_api_server_takes_all_that_is_rendered(helm, hub, dry_run, values):
    foreign = {"PodMonitor", "PrometheusRule", "ServiceMonitor"}
    objects = [each for each in helm.render(**values) if each["kind"] not in foreign]
    hub.kubectl("create", "namespace", "hanse-system", check=False)
    assert len(objects) == len(dry_run(objects))


@pytest.mark.parametrize(("values", "named"), WRONG, ids=[named for _, named in WRONG])
def test_values_that_are_wrong_are_refused_by_name(helm, chart, values, named):
    answer = helm("template", "hanse", str(chart), values={**DATABASE, **values}, check=False)
    assert answer.returncode
    assert named.split("/")[-1] in answer.stderr


def test_a_release_without_a_database_says_what_it_lacks(helm, chart):
    answer = helm("template", "hanse", str(chart), check=False)
    assert "database.secret: name a Secret" in answer.stderr


def test_no_right_is_a_wildcard_and_no_rights_come_from_elsewhere(helm):
    objects = helm.render(**EVERYTHING)
    roles = of_kind(objects, "Role", "ClusterRole")
    assert len(roles) >= 3
    assert "*" not in json.dumps([each["rules"] for each in roles])
    ours = {(each["kind"], each["metadata"]["name"]) for each in roles}
    bindings = of_kind(objects, "RoleBinding", "ClusterRoleBinding")
    assert {(each["roleRef"]["kind"], each["roleRef"]["name"]) for each in bindings} <= ours


@ALL
def test_every_pod_is_restricted_and_bounded(helm, values):
    kinds = ("Deployment", "Job", "StatefulSet")
    pods = [each["spec"]["template"]["spec"] for each in of_kind(helm.render(**values), *kinds)]
    assert len(pods) == (4 if "sealer" in values else 3)
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert {"type": "RuntimeDefault"} == pod["securityContext"]["seccompProfile"]
        for container in pod["containers"]:
            security = container["securityContext"]
            assert not security["allowPrivilegeEscalation"]
            assert security["readOnlyRootFilesystem"]
            assert {"drop": ["ALL"]} == security["capabilities"]
            assert container["resources"]["limits"]["memory"]


def test_the_migration_has_no_rights_in_the_cluster(helm):
    [job] = of_kind(helm.render(**DATABASE), "Job")
    pod = job["spec"]["template"]["spec"]
    assert not pod["automountServiceAccountToken"]
    assert "serviceAccountName" not in pod


def test_the_sealer_has_its_key_and_its_policy_and_no_account(helm):
    objects = helm.render(**EVERYTHING)
    [sealer] = of_kind(objects, "StatefulSet")
    pod = sealer["spec"]["template"]["spec"]
    assert not pod["automountServiceAccountToken"]
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert "log-key" == volumes["key"]["secret"]["secretName"]
    [container] = pod["containers"]
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    given = dict(each.removeprefix("--").split("=") for each in container["args"] if "=" in each)
    assert given["key-file"].startswith(mounted["key"])
    assert given["policy"].startswith(mounted["policy"])
    assert given["out"].startswith(mounted["log"])
    [held] = [each for each in of_kind(objects, "ConfigMap") if each["metadata"]["name"] == "hanse-log-policy"]
    assert "quorum none\n" == held["data"]["policy"]
    assert {"/healthz"} == {
        container[f"{each}Probe"]["httpGet"]["path"] for each in ("startup", "liveness", "readiness")
    }


def test_without_a_key_there_is_no_sealer_and_without_a_policy_no_release(helm, chart):
    assert "sealer" not in json.dumps(helm.render(**DATABASE))
    values = {**DATABASE, "sealer": {"keySecret": "log-key"}}
    assert "sealer.policy: give" in helm("template", "hanse", str(chart), values=values, check=False).stderr


def test_an_openid_provider_is_what_the_service_is_started_with(helm, chart):
    named = {(each["kind"], each["metadata"]["name"]): each for each in helm.render(**EVERYTHING)}
    pod = named["Deployment", "hanse-api"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    given = dict(each.split("=", 1) for each in container["args"] if each.startswith("--oidc"))
    authority = given.pop("--oidc-certificate-authority")
    assert {
        "--oidc-issuer": "https://id.example", "--oidc-audience": "hanse", "--oidc-prefix": "people:",
        "--oidc-user-claim": "email", "--oidc-groups-claim": "roles",
    } == given  # fmt: skip
    [mounted] = [each for each in container["volumeMounts"] if authority.startswith(each["mountPath"] + "/")]
    [volume] = [each for each in pod["volumes"] if each["name"] == mounted["name"]]
    assert "id-ca" == volume["configMap"]["name"]
    assert "--oidc" not in json.dumps(helm.render(**DATABASE))
    values = {**DATABASE, "api": {"oidc": {"issuer": "https://id.example"}}}
    assert "api.oidc.audience: name" in helm("template", "hanse", str(chart), values=values, check=False).stderr


def test_no_secret_stands_in_a_pod(helm):
    objects = helm.render(**DATABASE)
    [secret] = of_kind(objects, "Secret")
    elsewhere = json.dumps([each for each in objects if each is not secret])
    assert secret["data"]["token"] not in elsewhere
    for container in (
        container
        for each in of_kind(objects, "Deployment", "Job")
        for container in each["spec"]["template"]["spec"]["containers"]
    ):
        [url] = [each for each in container["env"] if each["name"] == "HANSE_DATABASE_URL"]
        assert "value" not in url


def test_the_values_reach_what_they_are_about(helm):
    objects = helm.render(**EVERYTHING)
    named = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    operator = named["Deployment", "hanse-operator"]["spec"]
    api = named["Deployment", "hanse-api"]["spec"]["template"]["spec"]
    assert 3 == operator["replicas"]
    assert {"pool": "system"} == operator["template"]["spec"]["nodeSelector"]
    assert "c" == operator["template"]["metadata"]["annotations"]["a.example/b"]
    assert EVERYTHING["image"]["repository"] == api["containers"][0]["image"]
    assert "HTTPS" == api["containers"][0]["livenessProbe"]["httpGet"]["scheme"]
    assert {"secretName": "api-tls"} == next(each["secret"] for each in api["volumes"] if each["name"] == "tls")
    assert "None" == named["Service", "hanse-api"]["spec"]["clusterIP"]
    assert ("Secret", "hanse-internal-token") not in named
    assert EVERYTHING["networkPolicies"]["apiFrom"] == named["NetworkPolicy", "hanse-api"]["spec"]["ingress"][0]["from"]
    assert "prometheus" == named["PrometheusRule", "hanse"]["metadata"]["labels"]["release"]


def test_traces_are_sent_where_the_values_say_and_nowhere_else(helm):
    for values, count in ((DATABASE, 0), (EVERYTHING, 4)):
        for part in of_kind(helm.render(**values), "Deployment"):
            (container,) = part["spec"]["template"]["spec"]["containers"]
            named = {each["name"]: each for each in container["env"] if each["name"].startswith("OTEL_")}
            assert count == len(named)
            if named:
                assert EVERYTHING["tracing"]["endpoint"] == named["OTEL_EXPORTER_OTLP_ENDPOINT"]["value"]
                assert "0.1" == named["OTEL_TRACES_SAMPLER_ARG"]["value"]
                asked = named["OTEL_EXPORTER_OTLP_HEADERS"]["valueFrom"]["secretKeyRef"]
                assert {"name": "collector", "key": "headers"} == asked


def series_there_are():
    """Return the names of all series that the processes have."""
    families = [family for each in (agent, api, operator, sealer) for family in each.REGISTRY.collect()]
    ends = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
    return {family.name + end for family in families for end in ends[family.type]}


def boards(objects):
    [held] = [each for each in of_kind(objects, "ConfigMap") if each["metadata"]["labels"].get("grafana_dashboard")]
    return [json.loads(text) for text in held["data"].values()]


def asked(board):
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_the_dashboard_shows_every_series_of_the_hub_and_none_that_there_is_not(helm):
    [board] = boards(helm.render(**EVERYTHING))
    shown = {name for expr in asked(board) for name in re.findall(r"hanse_\w+", expr)}
    assert shown <= series_there_are()
    hub = {family.name for each in (api, operator, sealer) for family in each.REGISTRY.collect()}
    assert hub == {re.sub("_(total|bucket|count|sum)$", "", name) for name in shown}


def test_panels_have_names_of_their_own_and_places_that_do_not_overlap(helm):
    [board] = boards(helm.render(**EVERYTHING))
    panels = board["panels"]
    assert len(panels) == len({each["id"] for each in panels}) == len({each["title"] for each in panels})
    places = [each["gridPos"] for each in panels]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert 24 > max(x for x, _ in cells)


def test_metrics_of_the_api_service_are_where_members_do_not_come(helm):
    objects = helm.render(**EVERYTHING)
    named = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    [container] = named["Deployment", "hanse-api"]["spec"]["template"]["spec"]["containers"]
    assert "--metrics-port=9090" in container["args"]
    assert ["api"] == [port["name"] for port in named["Service", "hanse-api"]["spec"]["ports"]]
    [_, metrics] = named["NetworkPolicy", "hanse-api"]["spec"]["ingress"]
    assert (["metrics"], EVERYTHING["networkPolicies"]["metricsFrom"]) == (
        [port["port"] for port in metrics["ports"]], metrics["from"]
    )  # fmt: skip
    [watched] = named["PodMonitor", "hanse-api"]["spec"]["podMetricsEndpoints"]
    assert "metrics" == watched["port"]
    least = helm.render(**DATABASE)
    assert "metrics-port" not in json.dumps(of_kind(least, "Deployment"))
    assert not of_kind(least, "PodMonitor", "ConfigMap")


def test_alerts_are_about_metrics_that_there_are_and_lead_to_a_page(helm, chart):
    [rules] = of_kind(helm.render(**EVERYTHING), "PrometheusRule")
    alerts = [each for group in rules["spec"]["groups"] for each in group["rules"]]
    root = chart.parents[1]
    told = series_there_are()
    headings = re.findall(r"^#+ (.*)$", (root / "docs/operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}
    for alert in alerts:
        for metric in re.findall(r"hanse_\w+", alert["expr"]):
            assert metric in told
        assert alert["annotations"]["runbook_url"].partition("#")[2] in anchors


@pytest.mark.parametrize("name", ["hanse", "hanse-agent", "hanse-witness"])
def test_every_value_has_its_place_in_the_schema(chart, name):
    """A value that only `values.yaml` knew would be refused as soon as somebody set it."""
    schema = json.loads((chart.parent / name / "values.schema.json").read_text())
    values = yaml.safe_load((chart.parent / name / "values.yaml").read_text())

    def known(value, rules, path):
        if "$ref" in rules:
            rules = {**rules, "properties": {**schema["$defs"][rules["$ref"].rpartition("/")[2]].get("properties", {}),
                                             **rules.get("properties", {})}}  # fmt: skip
        for key, inner in value.items():
            assert key in rules["properties"], f"{path}.{key}"
            if isinstance(inner, dict) and rules["properties"][key].get("properties"):
                known(inner, rules["properties"][key], f"{path}.{key}")

    known(values, schema, "values")
