"""Charts of hub and agent on a real node, as docs/quickstart.md tells: the pool runs, and outlives changes of them.

The page's own commands install everything, let members in and submit jobs; the tests look at what that has made.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from hanse.devcluster import pki

pytestmark = pytest.mark.real_node

SYSTEM, AGENT = "hanse-system", "hanse-agent-zhejiang-lab-hz"
AT_HUB, WORKERS = "hanse-cluster-zhejiang-lab-hz", "hanse-workers-zhejiang-lab-hz"
METRICS_PORT = 9090
KEEP = "--reset-then-reuse-values"
# Ends at once when it is told to.
ENDLESS = "trap 'exit 0' TERM; sleep 3600 & wait"
RIGHTS = yaml.safe_load(Path(__file__).with_name("rights.yaml").read_text())
SUBRESOURCES = {"exec", "log", "token"}


def test_every_command_of_the_page_ends_well(installed):
    assert ([], 7) == (installed.stage.failed, len(installed.stage.held))
    assert "hanse member add --help" in installed.said["The hub"]
    assert "hanse cluster enrol --help" in installed.said["A cluster joins"]


def test_the_pods_of_both_releases_are_ready_and_the_agent_is_heard(installed):
    parts = {
        "auditor": ("statefulset/hanse-witness", "1"), SYSTEM: ("statefulset/hanse-sealer", "1"),
        AGENT: ("statefulset/hanse-agent", "1"),
    }  # fmt: skip
    # A probe that a slow machine answers late takes a pod's readiness for a moment.
    for namespace, (name, count) in parts.items():
        one = (name, "--output=jsonpath={.status.readyReplicas}")
        installed.until(name, lambda namespace=namespace, one=one, count=count: installed.got(namespace, *one) == count)
    deployed = ("deployments", "--output=jsonpath={.items[*].status.readyReplicas}")
    installed.until("the hub's pods", lambda: sorted(installed.got(SYSTEM, *deployed).split()) == ["1", "2"])
    assert "Bound" == installed.got(AGENT, "pvc", "--output=jsonpath={.items[*].status.phase}")

    def renewed():
        return installed.rows("SELECT seen_at_seconds FROM ledger.agent WHERE cluster = 'zhejiang-lab-hz'")

    before = renewed()
    installed.until("another heartbeat", lambda: renewed() > before)


def test_jobs_were_admitted_ran_as_pods_and_ended(installed):
    assert "w-0 rank 0 of 2 has trained" in installed.said["Jobs"]
    assert "w-1 rank 1 of 2 has trained" in installed.said["Jobs"]
    ran = installed.rows("SELECT member, cluster, state FROM ledger.attempt ORDER BY member")
    assert [
        ("jiangsu-lab", "zhejiang-lab-hz", "released"),
        ("zhejiang-lab", "zhejiang-lab-hz", "released"),
    ] == ran
    kinds = {kind for (kind,) in installed.rows("SELECT DISTINCT kind FROM ledger.fact")}
    assert "LeaseGranted" in kinds
    assert "Simulated" not in kinds


def test_the_ledger_verifies(installed):
    said = installed.said["The audit"]
    assert re.search(r"the ledger of \d{4}-\d{2} holds", said)
    assert "auditor.example/w" in said


def test_the_dashboard_is_read_through_the_port_forward(installed, chromium):
    variables = {"HANSE_API": installed.api_url, "HANSE_TOKEN": installed.token("people", "jiangsu-lab")}
    command = [sys.executable, "-P", "-m", "hanse.cli.main", "login", "--no-browser"]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **variables})
    wrong = []
    tab = chromium.new_page()
    tab.set_default_timeout(120_000)
    tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(found.stdout.strip())
    tab.locator("form[action='/login'] button").click()
    tab.locator("form[action='/login/confirm'] button").click()
    tab.wait_for_url(f"{installed.api_url}/member")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("jiangsu-lab")
    tab.goto(f"{installed.api_url}/jobs/jiangsu-lab/guest")
    expect(tab.locator("main")).to_contain_text("Succeeded")
    assert "zhejiang-lab/owner" not in tab.content()
    tab.close()
    assert [] == wrong


def allows(installed, account, question):
    """Whether the API server lets an account, called NAMESPACE:NAME, do what is asked."""
    verb, what, *namespace = question.split()
    what, _, part = what.partition("/")
    resource, _, group = what.partition(".")
    asked = {"verb": verb, "resource": resource, "group": group, "namespace": "".join(namespace)}
    asked["subresource" if part in SUBRESOURCES else "name"] = part
    groups = ["system:authenticated", "system:serviceaccounts", f"system:serviceaccounts:{account.partition(':')[0]}"]
    spec = {"user": f"system:serviceaccount:{account}", "groups": groups, "resourceAttributes": asked}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    return installed.cluster.client.request("POST", path, review)["status"]["allowed"]


@pytest.mark.parametrize("account", sorted(RIGHTS))
def test_an_account_may_do_what_it_needs_and_no_more(installed, account):
    asked = RIGHTS[account]
    assert asked["granted"] == [each for each in asked["granted"] if allows(installed, account, each)]
    assert [] == [each for each in asked["refused"] if allows(installed, account, each)]


def test_an_upgrade_and_a_rollback_of_the_hub_keep_the_token_and_the_pool(installed, promtool, tmp_path):
    token = ("secret/hanse-internal-token", "--output=jsonpath={.data.token}")
    replicas = ("deployment/hanse-operator", "--output=jsonpath={.spec.replicas}")
    before = installed.got(SYSTEM, *token)
    authority = pki.Authority(tmp_path).certificate_file
    installed.cluster.kubectl("create", "configmap", "id", f"--namespace={SYSTEM}", f"--from-file=ca.crt={authority}")
    provider = {"issuer": "https://id.example", "audience": "hanse", "certificateAuthority": "id"}
    api = {"metricsPort": METRICS_PORT, "oidc": provider, "exportsMiB": 1}
    installed.release("upgrade", "hanse", SYSTEM, KEEP, operator={"replicas": 1}, api=api)
    assert (before, "1") == (installed.got(SYSTEM, *token), installed.got(SYSTEM, *replicas))
    ports = {"api": METRICS_PORT, "operator": 8080, "sealer": 8080}
    for part, port in ports.items():
        told = installed.metrics(SYSTEM, f"app.kubernetes.io/component={part}", port)
        assert f"# HELP hanse_{part}_".encode() in told
        found = promtool("check", "metrics", stdin=told)
        assert (0, b"") == (found.returncode, found.stdout + found.stderr)
    installed.helm(SYSTEM, "rollback", "hanse", "1", "--wait", f"--timeout={installed.WAIT_SECONDS_MAX}s")
    assert (before, "2") == (installed.got(SYSTEM, *token), installed.got(SYSTEM, *replicas))
    installed.until("the API service to be ready", installed.is_ready)


def test_a_gang_runs_on_while_its_agent_is_upgraded_and_rolled_back(installed, promtool):
    image = re.search(r"image: (\S+)", installed.got("zhejiang-lab", "trainingjob/owner", "--output=yaml"))[1]
    job = next(yaml.safe_load_all((Path(__file__).parents[2] / "examples/helm/jobs.yaml").read_text()))
    job["metadata"]["name"] = "long"
    job["spec"]["template"]["spec"]["containers"][0] |= {"image": image, "command": ["sh", "-c", ENDLESS]}
    installed.cluster.kubectl("apply", "--filename=-", stdin=json.dumps(job))

    def worker():
        labelled = ("pods", "--selector=hanse.dev/rank=0", "--field-selector=status.phase=Running")
        return installed.got(WORKERS, *labelled, "--output=jsonpath={.items[*].metadata.uid}")

    def agent():
        return installed.got(AGENT, "pod/hanse-agent-0", "--output=jsonpath={.metadata.uid}")

    running, agents = installed.until("the gang to run", worker), [agent()]
    installed.release("upgrade", "hanse-agent", AGENT, KEEP, monitoring={"metricsPort": METRICS_PORT})
    agents.append(agent())

    def told():
        return installed.metrics(AGENT, "app.kubernetes.io/name=hanse-agent", METRICS_PORT)

    # What it holds it knows from its volume, and asks for its lease anew.
    installed.until("the agent to hold the gang", lambda: b"hanse_agent_gangs 1.0" in told())
    found = promtool("check", "metrics", stdin=told())
    assert (0, b"") == (found.returncode, found.stdout + found.stderr)
    installed.helm(AGENT, "rollback", "hanse", "1", "--wait", f"--timeout={installed.WAIT_SECONDS_MAX}s")
    agents.append(agent())
    assert (3, running) == (len(set(agents)), worker())
    installed.cluster.kubectl("delete", "trainingjob/long", "--namespace=zhejiang-lab")
    installed.until("the gang to be gone", lambda: not worker())


def test_taking_the_releases_away_keeps_the_kinds_and_what_is_recorded(installed):
    installed.helm(AGENT, "uninstall", "hanse", "--wait")
    assert WORKERS in installed.cluster.kubectl("get", "namespaces", "--output=name").stdout
    values = json.loads(installed.helm(SYSTEM, "get", "values", "hanse", "--output=json"))
    before = installed.rows("SELECT count(*) FROM ledger.decision")
    installed.helm(SYSTEM, "uninstall", "hanse", "--wait")
    assert installed.cluster.kubectl("get", "crd", "trainingjobs.hanse.dev").stdout
    installed.release("install", "hanse", SYSTEM, **values)
    installed.until("the API service to be ready", installed.is_ready)
    assert installed.rows("SELECT count(*) FROM ledger.decision") >= before
