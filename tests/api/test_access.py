"""Each endpoint with each wrong credential is refused, and leaves no row."""

import uuid

import pytest

from hanse.ledger.models import METADATA

SYNC = {
    "instance": str(uuid.UUID(int=1)),
    "clusterUid": str(uuid.UUID(int=2)),
    "held": [],
    "inventory": {"whole": True},
}
CHECKPOINT = {"attempt": str(uuid.UUID(int=3)), "fence": 1, "step": 1, "uri": "s3://b/c"}
FOR_AGENTS = {
    "sync": ("POST", "/v1/agent/sync", SYNC),
    "slots": ("POST", "/v1/agent/slots", {"slots": [{"body": "e30=", "signature": "AAAA"}]}),
    "checkpoints": ("POST", "/v1/agent/checkpoints", CHECKPOINT),
    "enrolments": ("POST", "/v1/agent/enrolments", {"enrolments": [{"body": "e30=", "signature": "AAAA"}]}),
    "enrolled": ("GET", "/v1/agent/enrolments", None),
}
FOR_MEMBERS = {
    "queue": ("GET", "/v1/queue", None),
    "explain": ("GET", "/v1/jobs/tencent/llm/explain", None),
    "balances": ("GET", "/v1/balances", None),
}
UNKNOWN = ["nobody", "garbage", "agent, for the API server", "people of tencent, for the API server"]
WRONG_AGENTS = ["another account of gz", "people of tencent"]
WRONG_MEMBERS = ["agent of gz", "another account of gz"]


def counts(pool):
    """Return how many rows each table has."""
    tables = sorted(METADATA.tables)
    statement = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)  # noqa: S608  # our own names
    return dict(tuple(row) for row in pool.rows(statement))


def cases():
    for endpoints, wrong in ((FOR_AGENTS, WRONG_AGENTS), (FOR_MEMBERS, WRONG_MEMBERS)):
        for name, request in endpoints.items():
            for who in UNKNOWN:
                yield pytest.param(request, who, 401, id=f"{name} by {who}")
            for who in wrong:
                yield pytest.param(request, who, 403, id=f"{name} by {who}")


@pytest.mark.parametrize(("request_", "who", "status"), list(cases()))
def test_a_wrong_credential_is_refused_and_leaves_no_row(pool, as_, request_, who, status):
    before = counts(pool)
    answered, body = as_(who).send(*request_)
    assert (status, str) == (answered, type(body["detail"])), body
    assert before == counts(pool)


def test_every_endpoint_is_in_this_table():
    from hanse.api import app

    listed = {
        path.replace("tencent/llm", "{namespace}/{name}")
        for _, path, _ in (*FOR_AGENTS.values(), *FOR_MEMBERS.values())
    }
    served = set(app.create(None, None, None, None).openapi()["paths"])
    assert served - {"/healthz", "/readyz"} == listed


def test_a_member_sees_its_own_accounts_only(as_):
    _, accounts = as_("people of tencent").send("GET", "/v1/balances")
    assert {"tencent"} == {account["member"] for account in accounts["items"]}


def test_a_rivals_job_and_one_that_is_not_there_are_refused_alike(as_):
    answers = [
        as_("people of alibaba").send("GET", f"/v1/jobs/{job}/explain") for job in ("tencent/llm", "nowhere/llm")
    ]
    assert [403, 403] == [status for status, _ in answers]
    assert 1 == len({body["detail"].replace("tencent", "X").replace("nowhere", "X") for _, body in answers})


def test_the_queue_is_the_leaders_to_tell_and_nothing_is_made_up_in_its_place(as_):
    status, body = as_("people of tencent").send("GET", "/v1/queue")
    assert (503, True) == (status, "no leading operator answers" in body["detail"])


def test_a_wrong_message_is_refused_with_its_field(as_):
    status, body = as_("agent of gz").send("POST", "/v1/agent/checkpoints", {**CHECKPOINT, "fence": 0})
    assert (422, "body.fence", "0") == (status, body["errors"][0]["field"], body["errors"][0]["value"])
    assert "body.fence is 0: Input should be greater than or equal to 1" == body["detail"]
