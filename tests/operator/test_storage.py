"""Storage credentials on their way from a member's Secret to the agent that runs its job, and to nobody else."""

import base64
import json
import signal
from types import SimpleNamespace

import pytest
import yaml

from hanse import resources
from hanse.agent.keys import Keys
from hanse.operator import credentials, pool_statuses
from hanse.operator.credentials import UnusableError
from hanse.operator.reach import Reach
from hanse.resources.training_job import Storage

AGENT_KEY = bytes(range(32))
GIVEN = {
    "AWS_ACCESS_KEY_ID": "an-id",
    "AWS_SECRET_ACCESS_KEY": "very-secret-indeed",
    "AWS_ENDPOINT_URL": "http://10.0.0.1:9000",
}
STORAGE = {"checkpoint": "s3://bucket/run", "data": ["s3://bucket/a", "s3://bucket/b"], "credentials": "red-s3"}
MORE = {"HANSE_STORAGE_CHECKPOINT": "s3://bucket/run", "HANSE_STORAGE_DATA": "s3://bucket/a s3://bucket/b"}


def opened(placement):
    """Return what the agent of the cluster makes of a Placement."""
    return Keys(bytes(32), AGENT_KEY).storage(placement["spec"]["sealedStorage"])


def waits_for(pool, name, text):
    """Wait until the job's status says why it waits, in these words."""

    def found():
        status = pool.status(name)
        return text in status.get("explanation", {}).get("message", "") and status

    return pool.until(f"the status to say {text!r}", found)


def test_credentials_reach_the_agent_sealed_and_are_nowhere_else(pool):
    """The job waits while its Secret is missing or ill-formed, says why each time, and starts once it is right."""
    running = pool.operator()
    pool.submit("trains", storage=STORAGE)
    status = waits_for(pool, "trains", "spec.storage.credentials: Secret red-s3: it does not exist: create it")
    assert ("Queued", "StorageNotReady") == (status["phase"], status["reason"])
    assert not pool.placements()
    pool.keep_secret("red-s3", AWS_ACCESS_KEY_ID="an-id")
    waits_for(pool, "trains", "Secret red-s3: it has no key AWS_SECRET_ACCESS_KEY: add it")
    pool.keep_secret("red-s3", **GIVEN)
    (placement,) = pool.until("a Placement", pool.placements)
    assert GIVEN | MORE == opened(placement)
    pool.until("Admitted", lambda: pool.phase("trains") == "Admitted")
    recorded = pool.rows("SELECT convert_from(body, 'UTF8') FROM ledger.decision")
    facts = pool.rows("SELECT detail FROM ledger.fact")
    events = pool.plane.client.request("GET", "/api/v1/namespaces/red/events")
    told = [placement, pool.job("trains"), events, str([recorded, facts]), running.log.read_text()]
    assert not [said for said in told for value in GIVEN.values() if value in json.dumps(said)]


def test_a_secret_that_the_member_did_not_agree_is_not_read(pool):
    pool.operator()
    pool.keep_secret("private", **GIVEN)
    pool.submit("curious", storage=STORAGE | {"credentials": "private"})
    waits_for(pool, "curious", "Secret private: Hanse may not read it")
    pool.submit("plain", storage={"checkpoint": "s3://public/run"})
    (placement,) = pool.until("a Placement of the other", pool.placements)
    assert {"HANSE_STORAGE_CHECKPOINT": "s3://public/run"} == opened(placement)


def test_what_was_sealed_stays_when_the_order_is_carried_out_again(pool):
    """Sealing gives another text each time, and within a fence a Placement's must not change."""
    pool.keep_secret("red-s3", **GIVEN)
    first = pool.operator(failpoint="after-effect:kill")
    pool.submit("trains", storage=STORAGE)
    (placement,) = pool.until("a Placement", pool.placements)
    pool.until("its death", lambda: first.process.poll() == -signal.SIGKILL)
    pool.operator()
    pool.until("the order to be done", lambda: pool.rows("SELECT 1 FROM ledger.effect WHERE outcome = 'done'"))
    assert [placement["spec"]] == [each["spec"] for each in pool.placements()]


def test_a_secret_that_goes_after_the_admission_is_told_and_waited_for(pool):
    pool.keep_secret("red-s3", **GIVEN)
    running = pool.operator(failpoint="after-record:stop")
    pool.submit("trains", storage=STORAGE)
    pool.until("its admission", lambda: pool.rows("SELECT 1 FROM ledger.attempt"))
    pool.keep_secret("red-s3")
    running.signal(signal.SIGCONT)
    status = waits_for(pool, "trains", "Secret red-s3: it does not exist")
    assert ("Admitted", "StorageNotReady") == (status["phase"], status["reason"])
    pool.keep_secret("red-s3", **GIVEN)
    (placement,) = pool.until("a Placement", pool.placements)
    assert GIVEN | MORE == opened(placement)
    pool.until("no reason any more", lambda: pool.status("trains").get("reason") is None)


def secret(**values):
    return {"data": {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}}


KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({}, "it has no key AWS_ACCESS_KEY_ID: add it"),
        (secret(**KEYS, LD_PRELOAD="evil.so"), "its key 'LD_PRELOAD' is no AWS_* variable"),
        (secret(**KEYS, HANSE_TOKEN="x"), "its key 'HANSE_TOKEN' is no AWS_* variable"),  # noqa: S106  # no secret
        (secret(**KEYS | {"AWS_SECRET_ACCESS_KEY": "key\n"}), "AWS_SECRET_ACCESS_KEY is empty, or has a line break"),
        (secret(**KEYS | {"AWS_SECRET_ACCESS_KEY": ""}), "AWS_SECRET_ACCESS_KEY is empty"),
        (secret(**KEYS, AWS_SESSION_TOKEN="x" * 5000), "AWS_SESSION_TOKEN is longer than 4096"),  # as above
        ({"data": secret(**KEYS)["data"] | {"AWS_REGION": "/w=="}}, "the value of AWS_REGION is no text"),
    ],
    ids=["nothing", "preload", "token", "line break", "empty", "long", "bytes"],
)
def test_a_secret_that_cannot_be_handed_on_is_named_by_key_and_never_by_value(document, sentence):
    with pytest.raises(UnusableError, match=r".") as refused:
        credentials.read(document)
    assert sentence in str(refused.value)
    assert "evil.so" not in str(refused.value)


def test_a_key_that_nothing_can_be_sealed_to_is_refused():
    values = credentials.variables(Storage(checkpoint="s3://bucket/run"), {})
    with pytest.raises(UnusableError, match="agentKey cannot be sealed to"):
        credentials.seal(bytes(32), values)


def test_a_cluster_without_a_usable_key_is_told_so(pytestconfig):
    """The planner leaves it out for jobs with storage."""
    path = pytestconfig.rootpath / "examples/membercluster.yaml"
    document = next(yaml.safe_load_all(path.read_text()))
    view = SimpleNamespace(as_of=0, by_cluster={document["metadata"]["name"]: pool_statuses.Counted(1, 1)})
    usable = []
    for key in (AGENT_KEY, bytes(32)):
        document["spec"]["agentKey"] = encoded = base64.b64encode(key).decode()
        usable.append(credentials.is_usable(encoded))
        told = pool_statuses.cluster(view, resources.MemberCluster.parse(document), Reach(0), ("1", 0))
        (ready,) = (each for each in told["conditions"] if each["type"] == "Ready")
        assert usable[-1] != ready["message"].startswith("spec.agentKey: nothing can be sealed to it")
    assert [True, False] == usable
