"""The commands of coordinators and members, with their real effects on a real API server."""

import http.server
import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
import urllib3
import yaml

from hanse.agent import expiry
from hanse.cli import doctor

API = "--api=http://127.0.0.1:9"
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


@pytest.fixture(name="pool", scope="module")
def _pool(hub, make_pool):
    return make_pool(hub)


@pytest.fixture(name="hanse")
def _hanse(pool, commands):
    """Run a command as the administrator; return its exit status and what it said."""

    def hanse(*args, **variables):
        environment = {**os.environ, "KUBECONFIG": str(pool.cluster.kubeconfig), **variables}
        status, *said = commands.run(args, env=environment, cwd=Path.cwd())
        return status, "".join(said)

    return hanse


@pytest.fixture(name="member")
def _member(hanse, request):
    name = "m-" + format(abs(hash(request.node.name)) % 16**6, "x")
    status, said = hanse("member", "add", name, f"--verify-key={KEY}", f"--encrypt-key={KEY}", f"--group={name}-people")
    assert 0 == status, said
    return name


def get(pool, *args):
    return json.loads(pool.cluster.kubectl("get", *args, "-o=json").stdout)


def ask_enrolments(pool, token):
    """Return the status by which the API service answers an agent with this token."""
    with urllib3.PoolManager(timeout=60) as http:
        headers = {"Authorization": f"Bearer {token}"}
        return http.request("GET", f"{pool.api_url}/v1/agent/enrolments", headers=headers).status


def comes_true(holds):
    """Wait for what the API server learns of a moment later, as it does of rights."""
    deadline = time.monotonic() + 240
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_member_gets_a_namespace_and_its_people_may_work_there(pool, hanse, member):
    assert member == get(pool, "namespace", member)["metadata"]["labels"]["hanse.dev/member"]

    def may(*question):
        return pool.cluster.kubectl("auth", "can-i", *question, f"--namespace={member}", check=False).stdout

    comes_true(lambda: "yes\n" == may("create", "trainingjobs.hanse.dev", "--as=x", f"--as-group={member}-people"))
    operator = "--as=system:serviceaccount:hanse-system:hanse-operator"
    comes_true(lambda: "yes\n" == may("get", f"secrets/{member}-s3", operator))
    assert "no\n" == may("get", "secrets/another", operator)
    again, _ = hanse("member", "add", member, f"--verify-key={KEY}", f"--encrypt-key={KEY}", f"--group={member}-people")
    assert 0 == again


def test_a_member_is_suspended_and_comes_back(pool, hanse, member):
    hanse("member", "suspend", member)
    assert get(pool, "member", member)["spec"]["suspended"]
    hanse("member", "suspend", member, "--resume")
    assert not get(pool, "member", member)["spec"]["suspended"]


def test_a_member_that_still_has_something_is_not_removed(pool, hanse, member, tmp_path):
    hanse(
        "cluster",
        "join",
        f"{member}-c",
        f"--member={member}",
        "--region=here",
        f"--agent-key={KEY}",
        f"--out={tmp_path}",
        API,
    )
    status, said = hanse("member", "remove", member)
    assert (1, True) == (status, f"membercluster {member}-c" in said)
    pool.cluster.kubectl("delete", "membercluster", f"{member}-c")
    assert 0 == hanse("member", "remove", member)[0]
    assert get(pool, "members")["items"] is not None
    assert member not in [each["metadata"]["name"] for each in get(pool, "members")["items"]]


def test_a_cluster_that_joins_gets_credentials_for_its_own_namespace_only(pool, hanse, member, tmp_path):
    name = f"{member}-c"
    status, said = hanse(
        "cluster", "join", name, f"--member={member}", "--region=here", f"--agent-key={KEY}", f"--out={tmp_path}", API
    )
    assert 0 == status, said
    assert {0o600} == {(tmp_path / file).stat().st_mode & 0o777 for file in ("hub.kubeconfig", "api-token")}

    def kubectl(*arguments, kubeconfig="hub.kubeconfig"):
        argv = [str(pool.cluster.kubectl_binary), f"--kubeconfig={tmp_path / kubeconfig}", *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def may(*question):
        return kubectl("auth", "can-i", *question).stdout

    own = f"--namespace=hanse-cluster-{name}"
    for question in (
        ("list", "placements.hanse.dev", own),
        ("patch", "placements.hanse.dev", "--subresource=status", own),
        ("list", "acceleratorclasses.hanse.dev"),
    ):
        comes_true(lambda: "yes\n" == may(*question))  # noqa: B023  # called now
    assert ["no\n"] * 5 == [
        may("list", "placements.hanse.dev", "--namespace=hanse-cluster-other"),
        may("create", "placements.hanse.dev", own),
        may("list", "members.hanse.dev"),
        may("list", "trainingjobs.hanse.dev", f"--namespace={member}"),
        may("get", "secrets", own),
    ]
    token = (tmp_path / "api-token").read_text().strip()
    of_api_server = yaml.safe_load((tmp_path / "hub.kubeconfig").read_text())
    assert [200, 401] == [ask_enrolments(pool, each) for each in (token, of_api_server["users"][0]["user"]["token"])]
    of_api_server["users"][0]["user"]["token"] = token
    (tmp_path / "mixed.kubeconfig").write_text(yaml.safe_dump(of_api_server))
    assert "Unauthorized" in kubectl("auth", "whoami", kubeconfig="mixed.kubeconfig").stderr
    assert 0 == kubectl("auth", "whoami").returncode
    kinds = [each["kind"] for each in yaml.safe_load_all((tmp_path / "member-cluster.yaml").read_text())]
    assert {"Namespace", "NetworkPolicy", "Role", "ClusterRole"} <= set(kinds)


def test_a_node_label_that_is_none_is_refused_before_anything_is_made(pool, hanse, member, tmp_path):
    joins = ["cluster", "join", f"{member}-c", f"--member={member}", "--region=here", f"--agent-key={KEY}", API]
    status, said = hanse(*joins, f"--out={tmp_path}", "--label=north")
    assert (1, "hanse: --label north: write KEY=VALUE, such as hanse.dev/pool=north\n") == (status, said)
    assert [] == [each for each in get(pool, "memberclusters")["items"] if each["spec"]["member"] == member]


def test_keys_are_made_and_only_their_public_halves_shown(hanse, tmp_path):
    status, said = hanse("cluster", "keys", str(tmp_path))
    assert 0 == status
    assert {0o600} == {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert not [file for file in tmp_path.iterdir() if file.read_text() in said]


def test_a_person_who_comes_later_may_contribute_the_members_own_clusters_and_no_others(pool, hanse, member, tmp_path):
    rival, keys = f"{member}-r", [f"--verify-key={KEY}", f"--encrypt-key={KEY}"]
    assert 0 == hanse("member", "add", rival, *keys)[0]
    for owner in (member, rival):
        joins = ["cluster", "join", f"{owner}-c", f"--member={owner}", "--region=here", f"--agent-key={KEY}", API]
        assert 0 == hanse(*joins, f"--out={tmp_path / owner}")[0]

    def contribute(cluster):
        offer = {
            "apiVersion": "hanse.dev/v1alpha1", "kind": "Contribution",
            "metadata": {"name": cluster, "namespace": member}, "spec": {"cluster": cluster, "class": "h100-80g"},
        }  # fmt: skip
        dry = ["create", "--dry-run=server", "-f", "-", "--as=newcomer", "--as-group=system:authenticated"]
        return pool.cluster.kubectl(*dry, stdin=json.dumps(offer), check=False)

    assert "forbidden" in contribute(f"{member}-c").stderr
    assert 0 == hanse("member", "add", member, *keys, "--user=newcomer")[0]
    comes_true(lambda: contribute(f"{member}-c").returncode == 0)
    refused = contribute(f"{rival}-c")
    assert (1, True) == (refused.returncode, f"{rival}-c" in refused.stderr), refused.stderr


def test_keys_that_are_there_are_not_written_over(hanse, tmp_path):
    hanse("cluster", "keys", str(tmp_path))
    (tmp_path / "signing.key").unlink()
    before = (tmp_path / "sealing.key").read_text()
    status, said = hanse("cluster", "keys", str(tmp_path))
    assert (1, True) == (status, f"{tmp_path / 'sealing.key'} is there already" in said)
    assert ["sealing.key"] == [file.name for file in tmp_path.iterdir()]
    assert before == (tmp_path / "sealing.key").read_text()


def test_joining_again_renews_the_credentials_and_leaves_the_members_settings(hanse, member, tmp_path):
    joins = ["cluster", "join", f"{member}-c", f"--member={member}", "--region=here", f"--agent-key={KEY}", API]
    assert 0 == hanse(*joins, f"--out={tmp_path}")[0]
    tokens = [tmp_path / "api-token", tmp_path / "hub.kubeconfig"]
    for file in tokens:
        file.write_text("old")
        file.chmod(0o644)
    (tmp_path / "agent.yaml").write_text("reportedLabels: [site]\n")
    status, said = hanse(*joins, f"--out={tmp_path}")
    assert (0, True) == (status, "left as it was" in said)
    assert "reportedLabels: [site]\n" == (tmp_path / "agent.yaml").read_text()
    assert {0o600} == {file.stat().st_mode & 0o777 for file in tokens}
    assert "old" not in [file.read_text() for file in tokens]
    in_days = [len(list(expiry.warnings(tokens, time.time() + days * 24 * 3600))) for days in (0, 25)]
    assert [0, 2] == in_days
    assert not list(tmp_path.glob(".*"))


def test_renewing_changes_nothing_but_the_credentials(pool, hanse, member, tmp_path):
    name, out = f"{member}-c", f"--out={tmp_path}"
    assert "there is no MemberCluster" in hanse("cluster", "renew", name, out)[1]
    joins = ["cluster", "join", name, f"--member={member}", "--region=here", out, API]
    assert 0 == hanse(*joins, f"--agent-key={KEY}", "--zone=lab")[0]
    before = get(pool, "membercluster", name)["spec"]
    tokens = [(tmp_path / file).read_text() for file in ("hub.kubeconfig", "api-token")]
    status, said = hanse(*joins, f"--agent-key={KEY}")
    assert (1, True) == (status, "spec.zones ['lab'], and not []: hanse cluster renew" in said)
    status, said = hanse(*joins, f"--agent-key={'b' + KEY[1:]}", "--zone=lab")
    assert (1, True) == (status, "spec.agentKey" in said)
    assert tokens == [(tmp_path / file).read_text() for file in ("hub.kubeconfig", "api-token")]
    status, said = hanse("cluster", "renew", name, out)
    assert (0, True) == (status, "api-token to its member" in said)
    assert before == get(pool, "membercluster", name)["spec"]
    assert not {*tokens} & {(tmp_path / file).read_text() for file in ("hub.kubeconfig", "api-token")}


def test_capacity_is_offered_recalled_and_offered_again(pool, hanse, member, tmp_path):
    name = f"{member}-c"
    hanse(
        "cluster", "join", name, f"--member={member}", "--region=here", f"--agent-key={KEY}", f"--out={tmp_path}", API
    )
    status, said = hanse("contribute", "h100-80g", f"--cluster={name}", f"--namespace={member}", "--exclude=rival")
    assert 0 == status, said
    contribution = lambda: get(pool, "contribution", "h100-80g", f"--namespace={member}")["spec"]  # noqa: E731
    assert (name, ["rival"]) == (contribution()["cluster"], contribution()["excludeMembers"])
    assert 0 == hanse("recall", "h100-80g", f"--namespace={member}", "--in=2h")[0]
    assert "2h" == contribution()["recall"]["notice"]
    hanse("recall", "h100-80g", f"--namespace={member}", "--cancel")
    assert "recall" not in contribution()
    status, said = hanse("recall", "h100-80g", f"--namespace={member}", "--in=soon")
    assert (1, True) == (status, "not a duration" in said)


def test_a_node_is_drained_and_comes_back(pool, hanse):
    pool.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "to-drain"}})
    hanse("drain", "to-drain")
    assert get(pool, "node", "to-drain")["spec"]["unschedulable"]
    hanse("drain", "to-drain", "--undo")
    assert not get(pool, "node", "to-drain")["spec"].get("unschedulable")
    pool.cluster.kubectl("delete", "node", "to-drain")


def test_jobs_are_listed_and_the_queue_is_asked_of_the_service(pool, hanse, member):
    assert (0, f"no jobs in namespace {member}\n") == hanse("jobs", f"--namespace={member}")
    pool.add_member(f"{member}-q")
    token = pool.token(f"{member}-q", "people")
    status, said = hanse("queue", HANSE_API=pool.api_url, HANSE_TOKEN=token)
    assert (1, True) == (status, "no leading operator answers" in said)
    status, said = hanse("explain", "llm", "--namespace=elsewhere", HANSE_API=pool.api_url, HANSE_TOKEN=token)
    assert (1, True) == (status, "there is no job llm of yours" in said)
    assert 1 == hanse("queue", HANSE_API=pool.api_url, HANSE_TOKEN="")[0]


def test_the_doctor_says_what_is_wrong_and_what_to_do(pool, hanse):
    late = "no answer within"  # on a machine with other work, that is
    while late in (found := hanse("doctor", f"--api={pool.api_url}"))[1]:
        pass
    status, said = found
    assert (1, True) == (status, "there is no PoolPolicy default" in said)
    assert "yes  Hanse's resources are installed" in said
    assert "no   the API service answers, and reaches the ledger and the leader\n     the leader: no leading" in said
    assert "the ledger's database" not in said
    assert "cannot be reached" in hanse("doctor", "--api=http://127.0.0.1:9")[1]


def test_the_doctor_finds_a_policy_that_nothing_binds(pool, hanse):
    kind, name = "validatingadmissionpolicybinding", "placements.hanse.dev"
    bound = pool.cluster.kubectl("get", kind, name, "-o", "json").stdout
    pool.cluster.kubectl("delete", kind, name)
    try:
        assert "the binding of the policy placements.hanse.dev is not there" in hanse("doctor")[1]
    finally:
        content = json.loads(bound)
        content["metadata"] = {"name": name}
        pool.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(content))


@pytest.mark.parametrize("body", [b"<html>no backend</html>", b'{"error": "none"}', b"[]"])
def test_the_doctor_reads_what_a_proxy_says_in_place_of_the_service(body):
    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.handle_request).start()
        (problem,) = doctor._service(f"http://127.0.0.1:{server.server_port}")
    assert "answers with status 503, and not as the API service does" in problem


SOUND = {"fresh": True}


@pytest.mark.parametrize(
    ("leader", "feed", "said"),
    [
        ({"term": 1}, SOUND, []),
        ({}, SOUND, ["it does not lead"]),
        ({"term": 1, "poolProblem": "shares of a are 1200"}, SOUND, ["settings are refused: shares of a are 1200;"]),
        ({"term": 1, "brake": "no cluster is heard"}, SOUND, ["no attempt of a silent cluster is expired: no cluster"]),
        ({"term": 1, "notSettled": {"hour": 3}}, SOUND, ["settling: hour failed 3 times"]),
        ({"term": 1}, {"fresh": False}, ["its feed of Member is silent"]),
    ],
    ids=["sound", "another leads", "pool", "brake", "settling", "feed"],
)
def test_the_doctor_reads_what_the_operator_says_of_itself(leader, feed, said):
    found = list(doctor.troubles({"leader": leader, "feeds": {"Member": feed}}))
    assert said == [each[: len(start)] for each, start in zip(found, said, strict=True)]


def test_the_doctor_finds_an_operator_that_is_not_there_or_dead_and_a_cluster_without_agent(pool, hanse, member):
    spec = {"holderIdentity": "dead", "leaseDurationSeconds": 1, "renewTime": "2100-01-01T00:00:00.000000Z"}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": spec}
    lease["metadata"] = {"name": "hanse-operator", "namespace": member}
    pool.join(f"{member}-c", member)
    _, said = hanse("doctor", f"--operator-namespace={member}")
    assert f"no   an operator leads\n     nobody holds the Lease {member}/hanse-operator: see that" in said
    assert f"cluster {member}-c is not AgentConnected: the operator has said nothing of it yet" in said
    pool.apply(lease)
    _, said = hanse("doctor", f"--operator-namespace={member}")
    assert f"dead has not renewed its Lease {member}/hanse-operator for 1 s" in said
