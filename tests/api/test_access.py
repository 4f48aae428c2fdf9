"""Each endpoint with each wrong identity is refused, and leaves no row; endpoints are the application's own routes."""

import base64
import dataclasses
import io
import json
import uuid
import zipfile

import jwt
import psycopg
import pytest
from fastapi.routing import APIRoute
from visiting import AUDITORS, COORDINATORS, FORMS, MEMBERS, OPEN_PAGES, PAGES, PEOPLE, TENCENT

from hanse.api import app
from hanse.ledger import attempts, database, decisions, reports, verify
from hanse.ledger.models import METADATA

pytestmark = pytest.mark.usefixtures("roles")
SYNC = {
    "instance": str(uuid.UUID(int=1)),
    "process": str(uuid.UUID(int=4)),
    "clusterUid": str(uuid.UUID(int=2)),
    "held": [],
    "inventory": {"whole": True},
}
CHECKPOINT = {"attempt": str(uuid.UUID(int=3)), "fence": 1, "step": 1, "uri": "s3://b/c"}
TAIL = {"attempt": str(uuid.UUID(int=3)), "fence": 1, "rank": 0, "key": "A" * 43 + "=", "sealed": "AAAA"}
CONTAINER = {"name": "trainer", "image": "registry.example/t@sha256:" + "ab" * 32}
ASKED = {
    "tier": "standard", "workers": {"replicas": 1}, "gpusPerWorker": 1, "accelerators": [{"class": "h100-80g"}],
    "maxRuntime": "1h", "template": {"spec": {"containers": [CONTAINER]}},
}  # fmt: skip
SIGNED = [{"body": "e30=", "signature": "AAAA"}]

UNKNOWN = {
    "nobody",
    "garbage",
    "agent, for the API server",
    "people of tencent, for the API server",
    "alice of tencent, for another client",
}
AGENTS = {"agent of gz", "agent of hz"}
KNOWN = AGENTS | PEOPLE

# Who may, and a request that is well-formed. A route that is not here fails the test below.
ENDPOINTS = {
    ("POST", "/v1/agent/sync"): (AGENTS, SYNC),
    ("POST", "/v1/agent/slots"): (AGENTS, {"slots": SIGNED}),
    ("POST", "/v1/agent/checkpoints"): (AGENTS, CHECKPOINT),
    ("POST", "/v1/agent/enrolments"): (AGENTS, {"enrolments": SIGNED}),
    ("GET", "/v1/agent/enrolments"): (AGENTS, None),
    ("POST", "/v1/agent/log-keys"): (AGENTS, {"attempts": [str(uuid.UUID(int=3))]}),
    ("POST", "/v1/agent/logs"): (AGENTS, {"tails": [TAIL]}),
    ("GET", "/v1/jobs/{namespace}/{name}/logs"): (TENCENT, None),
    ("GET", "/v1/queue"): (MEMBERS, None),
    ("GET", "/v1/jobs/{namespace}/{name}/explain"): (TENCENT, None),
    ("POST", "/v1/whatif"): (TENCENT, {"namespace": "tencent", "spec": ASKED}),
    ("GET", "/v1/balances"): (MEMBERS, None),
    ("GET", "/v1/jobs"): (MEMBERS, None),
    ("GET", "/v1/quota"): (MEMBERS, None),
    ("GET", "/v1/pool"): (MEMBERS, None),
    ("GET", "/v1/usage"): (MEMBERS, None),
    ("GET", "/v1/statements/{period}"): (MEMBERS, None),
    ("GET", "/v1/disputes"): (MEMBERS, None),
    ("POST", "/v1/disputes"): (MEMBERS, {"hourSeconds": 3600, "claimed": 0, "reason": "it had stopped"}),
    # Of one that does not exist, which is answered as another member's is.
    ("POST", "/v1/disputes/{dispute}/withdraw"): (set(), None),
    ("GET", "/v1/audit/disputes"): (AUDITORS, None),
    ("GET", "/v1/uses"): (MEMBERS, None),
    ("POST", "/v1/acknowledgements"): (MEMBERS, {"acknowledgements": SIGNED}),
    ("GET", "/v1/entitlements"): (MEMBERS, None),
    ("GET", "/v1/audit/balances"): (AUDITORS, None),
    ("GET", "/v1/audit/violations"): (AUDITORS, None),
    ("GET", "/v1/audit/exports/{period}"): (AUDITORS, None),
    ("GET", "/v1/clusters"): (COORDINATORS, None),
    ("GET", "/v1/audit/log"): (AUDITORS, None),
    ("GET", "/v1/members"): (COORDINATORS, None),
    ("GET", "/v1/contributions"): (COORDINATORS, None),
    ("GET", "/v1/condition"): (COORDINATORS, None),
    ("GET", "/v1/choices"): (MEMBERS, None),
    ("GET", "/v1/faults"): (COORDINATORS, None),
    ("GET", "/v1/whoami"): (KNOWN, None),
    ("POST", "/v1/login"): (PEOPLE, None),
}
FOR_ALL = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/v1/openapi.json")}
FOR_BROWSERS = OPEN_PAGES | {("GET", path) for path in PAGES} | {("POST", path) for path in FORMS}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
IN_PATHS = {
    "{namespace}": "tencent", "{name}": "llm", "{period}": "2026-11", "{dispute}": str(uuid.UUID(int=3)),
}  # fmt: skip


def routes():
    """Return each method and path that the application serves."""
    served = app.create(None, None, None, None).routes
    return {(method, route.path) for route in served for method in route.methods if method != "HEAD"}


def path_of(route):
    for name, value in IN_PATHS.items():
        route = route.replace(name, value)
    assert "{" not in route
    return route


def counts(pool):
    """Return how many rows each table has."""
    tables = sorted(METADATA.tables)
    statement = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)  # noqa: S608  # our own names
    with psycopg.connect(pool.database_url) as connection:  # as their owner: no role of ours may read all of them
        return dict(connection.execute(statement).fetchall())


def test_every_route_is_in_this_table_and_every_identity_is_tried(tokens):
    assert routes() == ENDPOINTS.keys() | FOR_ALL | FOR_BROWSERS
    assert tokens.keys() == UNKNOWN | KNOWN
    assert {path for _, path in FOR_ALL} == {
        route.path
        for route in app.create(None, None, None, None).routes
        if not isinstance(route, APIRoute) or "health" in route.tags
    }
    assert {path for _, path in FOR_BROWSERS} == {
        route.path
        for route in app.create(None, None, None, None).routes
        if isinstance(route, APIRoute) and not route.include_in_schema
    }


@pytest.mark.parametrize(("method", "path"), sorted(ENDPOINTS), ids=lambda value: value)
def test_a_wrong_identity_is_refused_and_leaves_no_row(pool, as_, method, path):
    allowed, body = ENDPOINTS[method, path]
    before = counts(pool)
    for who in sorted(UNKNOWN | (KNOWN - allowed)):
        status, problem = as_(who).send(method, path_of(path), body)
        assert (401 if who in UNKNOWN else 403) == status, f"{who}: {problem}"
        assert problem["detail"]
    assert before == counts(pool)


@pytest.mark.parametrize(("method", "path"), sorted(ENDPOINTS), ids=lambda value: value)
def test_who_may_is_not_refused_for_who_they_are(as_, method, path):
    allowed, body = ENDPOINTS[method, path]
    answered = {who: as_(who).answer(method, path_of(path), body).status for who in sorted(allowed)}
    assert not {401, 403} & set(answered.values()), answered


@pytest.mark.parametrize("path", sorted({path for _, path in ENDPOINTS.keys() | FOR_BROWSERS}))
def test_no_other_method_is_served(as_, path):
    for method in METHODS - {served for served, at in ENDPOINTS.keys() | FOR_BROWSERS if at == path}:
        assert 405 == as_("people of tencent").answer(method, path_of(path)).status, method


def test_an_unknown_identity_is_told_how_to_be_known(as_):
    answer = as_("nobody").answer("GET", "/v1/queue")
    assert ("Bearer", 401) == (answer.headers["WWW-Authenticate"], answer.status)


@pytest.mark.parametrize(
    ("who", "name", "members", "roles"),
    [
        ("people of tencent", "system:serviceaccount:tencent:people", ["tencent"], []),
        ("alice of tencent", "oidc:alice", ["tencent"], []),
        ("bob, an auditor", "oidc:bob", [], ["auditor"]),
        ("coordinator", "system:serviceaccount:hanse-system:coordinator", [], ["coordinator"]),
        ("carol, of nobody", "oidc:carol", [], []),
    ],
)
def test_everybody_is_told_who_they_are(as_, who, name, members, roles):
    assert (200, {"name": name, "members": members, "roles": roles}) == as_(who).send("GET", "/v1/whoami")


def claims(tokens):
    return jwt.decode(tokens["alice of tencent"], options={"verify_signature": False})


def unsigned(tokens):
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{tokens['alice of tencent'].split('.')[1]}."


def changed(tokens):
    header, _, signature = tokens["alice of tencent"].split(".")
    body = json.dumps(claims(tokens) | {"groups": ["alibaba-people"]}).encode()
    return f"{header}.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.{signature}"


def made_with(algorithm, key):
    def make(tokens):
        header = jwt.get_unverified_header(tokens["alice of tencent"])
        return jwt.encode(claims(tokens), key, algorithm=algorithm, headers={"kid": header["kid"]})

    return make


FORGED = {
    "unsigned": unsigned,
    "changed": changed,
    "with a word": made_with("HS256", "a word that is long enough for a secret of this kind"),
    "without a signature": lambda tokens: tokens["alice of tencent"].rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_the_provider_did_not_sign_is_nobodys(tokens, new_client, forge):
    status, problem = new_client(forge(tokens)).send("GET", "/v1/whoami")
    assert (401, True) == (status, problem["detail"].startswith("the token is not valid here: ")), problem


def test_an_auditor_reads_all_accounts_and_what_was_broken(as_):
    auditor = as_("bob, an auditor")
    _, accounts = auditor.send("GET", "/v1/audit/balances?limit=1000")
    assert {"alibaba", "tencent", None} == {account["member"] for account in accounts["items"]}
    assert 200 == auditor.send("GET", "/v1/audit/violations?limit=1")[0]
    status, problem = auditor.send("GET", "/v1/audit/violations?cursor=WyJ4Il0=")
    assert (422, "query.cursor") == (status, problem["errors"][0]["field"])


def test_an_auditor_takes_a_period_away_to_verify_it(as_, tmp_path):
    answer = as_("bob, an auditor").answer("GET", "/v1/audit/exports/2026-11")
    assert (200, "application/zip") == (answer.status, answer.headers["Content-Type"])
    zipfile.ZipFile(io.BytesIO(answer.data)).extractall(tmp_path)
    (bundle,) = tmp_path.iterdir()
    assert "hanse-2026-11" == bundle.name
    # What the tests here recorded is no whole period, but the bundle is read, and its files are those of its manifest.
    assert not {"C2", "C3"} & {finding.check for finding in verify.verify(bundle).findings}
    status, problem = as_("bob, an auditor").send("GET", "/v1/audit/exports/2026-13")
    assert (422, "path.period", "2026-13") == (status, problem["errors"][0]["field"], problem["errors"][0]["value"])


def test_a_coordinator_sees_how_clusters_stand(as_):
    as_("agent of gz").send("POST", "/v1/agent/sync", SYNC)
    _, page = as_("coordinator").send("GET", "/v1/clusters?limit=1000")
    assert "gz" in {each["name"] for each in page["items"]}


def test_a_member_sees_its_own_accounts_only(as_):
    _, accounts = as_("people of tencent").send("GET", "/v1/balances")
    assert {"tencent"} == {account["member"] for account in accounts["items"]}


def test_a_rivals_job_and_one_that_is_not_there_are_refused_alike(as_):
    answers = [
        as_("people of alibaba").send("GET", f"/v1/jobs/{job}/explain") for job in ("tencent/llm", "nowhere/llm")
    ]
    assert [403, 403] == [status for status, _ in answers]
    assert 1 == len({body["detail"].replace("tencent", "X").replace("nowhere", "X") for _, body in answers})


def test_what_if_is_for_ones_own_namespaces_and_a_rivals_is_refused_as_one_that_is_not_there(as_):
    asked = [{"namespace": name, "spec": ASKED} for name in ("alibaba", "nowhere")]
    said = [as_("people of tencent").send("POST", "/v1/whatif", each) for each in asked]
    assert [(403, "body.namespace")] * 2 == [(status, body["errors"][0]["field"]) for status, body in said]
    assert 1 == len({body["detail"].replace("alibaba", "X").replace("nowhere", "X") for _, body in said})


def test_what_if_refuses_what_the_api_server_would_and_makes_nothing_up(as_):
    asked = {"namespace": "tencent", "spec": ASKED | {"maxRuntime": "soon"}}
    status, body = as_("people of tencent").send("POST", "/v1/whatif", asked)
    assert (422, "body.spec", True) == (status, body["errors"][0]["field"], "spec.maxRuntime: 'soon'" in body["detail"])
    status, body = as_("people of tencent").send("POST", "/v1/whatif", asked | {"spec": ASKED})
    assert (503, True) == (status, "no leading operator answers" in body["detail"])


def test_a_stop_names_what_it_was_for_only_if_that_is_its_members_own(pool, as_):
    uid = uuid.UUID(pool.cluster.kubectl("get", "trainingjob/llm", "-ntencent", "-ojsonpath={.metadata.uid}").stdout)
    api = database.engine(pool.database_url, role="hanse_api")
    for fence, member in enumerate(("tencent", "alibaba"), start=1):
        mine = pool.admit("gz", "tencent", uid, fence=fence, nodes={"n1": 8000})
        attempts.grant(api, "gz", mine.attempt, fence, uuid.uuid4())
        admission = dataclasses.replace(
            mine, member=member, job=uuid.uuid4(), fence=1, detail={"namespace": member, "name": "urgent"}
        )
        stop = dataclasses.replace(
            mine, kind="Preempt", effect=decisions.Effect.STOP, verdict="Stopped", reason="Preempted", admission=None,
            nodes={}, cause_index=0,
        )  # fmt: skip
        pool.decide(admission, stop)
        assert attempts.release(api, "gz", mine.attempt, fence, "Stopped")
    api.dispose()
    _, told = as_("people of tencent").send("GET", "/v1/jobs/tencent/llm/explain")
    assert [
        "stopped to make room for another member's job", "8 h100-80g in gz, Covered",
        "stopped to make room for its own member's job tencent/urgent", "8 h100-80g in gz, Covered",
    ] == [each["said"] for each in told["decisions"]]  # fmt: skip


def test_an_owner_is_told_how_far_a_job_has_come_and_how_memory_is_kept_apart_where_it_runs(pool, as_):
    uid = uuid.UUID(pool.cluster.kubectl("get", "trainingjob/llm", "-ntencent", "-ojsonpath={.metadata.uid}").stdout)
    api = database.engine(pool.database_url, role="hanse_api")
    mine = pool.admit("gz", "tencent", uid, fence=3, nodes={"gz/shares": 8000})
    attempts.grant(api, "gz", mine.attempt, 3, uuid.uuid4())
    reports.report_nodes(api, "gz", [{"name": "shares", "enforcer": "advisory"}, {"name": "n2", "enforcer": "other"}])
    reports.report_progress(api, "gz", [(mine.attempt, 3, 120, 400)])

    def told():
        _, body = as_("people of tencent").send("GET", "/v1/jobs/tencent/llm/explain")
        return [body["attempts"][0][name] for name in ("fence", "step", "steps", "enforcers")]

    try:
        assert [3, 120, 400, ["advisory"]] == told()
        attempts.release(api, "gz", mine.attempt, 3, "Stopped")
        # The node may be another one by now.
        assert [3, 120, 400, []] == told()
    finally:
        reports.report_nodes(api, "gz", [], gone=["shares", "n2"])
        api.dispose()


def test_the_queue_is_the_leaders_to_tell_and_nothing_is_made_up_in_its_place(as_):
    status, body = as_("people of tencent").send("GET", "/v1/queue")
    assert (503, True) == (status, "no leading operator answers" in body["detail"])


def test_a_wrong_message_is_refused_with_its_field(as_):
    status, body = as_("agent of gz").send("POST", "/v1/agent/checkpoints", {**CHECKPOINT, "fence": 0})
    assert (422, "body.fence", "0") == (status, body["errors"][0]["field"], body["errors"][0]["value"])
    assert "body.fence is 0: Input should be greater than or equal to 1" == body["detail"]
