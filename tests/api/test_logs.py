"""Logs: what an agent hands over is for the job's owner, within bounds, and nobody else can read or place it."""

import base64
import uuid

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.api import logs as api_logs
from hanse.api.limiting import LOGS_PER_MINUTE
from hanse.evidence import sealing, tails
from hanse.evidence.tails import Tail, Worker
from hanse.ledger import database, logs
from hanse.ledger.logs import KEPT_SECONDS, LATE_SECONDS
from hanse.resources.protocol import LOG_ATTEMPT_BYTES_MAX, LOG_TAIL_BYTES_MAX

pytestmark = pytest.mark.usefixtures("roles")
PATH = "/v1/jobs/tencent/llm/logs"
WORDS = b"2026-11-02T09:00:00Z epoch 3, loss 0.17\n"


def encoded(data):
    return base64.urlsafe_b64encode(data).decode()


def decoded(text):
    return base64.urlsafe_b64decode(text)


@pytest.fixture(name="key", autouse=True)
def _key(pool):
    """The member's key, as it is from now on."""
    key = X25519PrivateKey.generate()
    publish(pool, key.public_key().public_bytes_raw())
    return key


def publish(pool, public):
    spec = f'{{"spec":{{"keys":{{"encrypt":"{base64.b64encode(public).decode()}"}}}}}}'
    pool.cluster.kubectl("patch", "member/tencent", "--type=merge", "-p", spec)


class Host:
    """The agent of a cluster that hosts attempts of tencent's job `llm`."""

    fence = 0

    def __init__(self, pool, client, name):
        self.pool, self.client, self.name = pool, client, name
        uid = pool.cluster.kubectl("get", "trainingjob/llm", "--namespace=tencent", "-o=jsonpath={.metadata.uid}")
        self.job = uuid.UUID(uid.stdout)

    def admit(self, *, leased=True):
        Host.fence += 1
        entry = self.pool.admit(self.name, "tencent", self.job, fence=Host.fence)
        return self.sync(entry, "Pending") if leased else entry

    def sync(self, entry, phase, **more):
        held = {"attempt": str(entry.attempt), "fence": entry.fence, "phase": phase, **more}
        body = {
            "instance": str(uuid.UUID(int=8)),
            "process": str(uuid.UUID(int=7)),
            "clusterUid": str(uuid.UUID(int=9)),
            "held": [held],
        }
        status, answer = self.client.send("POST", "/v1/agent/sync", body)
        assert 200 == status, answer
        return entry

    def end(self, entry):
        self.sync(entry, "Released", outcome="Succeeded")

    def key_of(self, entry):
        status, answer = self.client.send("POST", "/v1/agent/log-keys", {"attempts": [str(entry.attempt)]})
        assert 200 == status, answer
        return next((decoded(each["key"]) for each in answer["keys"]), None)

    def send(self, entry, text=WORDS, rank=0, **changed):
        key = changed.pop("key", None) or self.key_of(entry)
        worker = Worker(entry.attempt, entry.fence, rank)
        tail = {"attempt": str(entry.attempt), "fence": entry.fence, "rank": rank, "key": encoded(key)}
        tail |= {"sealed": encoded(tails.seal(key, worker, Tail(text))), **changed}
        return self.client.send("POST", "/v1/agent/logs", {"tails": [tail]})

    def is_taken(self, entry, *args, **changed):
        status, answer = self.send(entry, *args, **changed)
        assert 200 == status, answer
        return answer["taken"] == [True]


@pytest.fixture(name="host")
def _host(pool, new_client):
    """An agent; what it admitted ends with the test, as a job has one live attempt."""
    name = f"l{uuid.uuid4().hex[:8]}"
    pool.join(name, "alibaba")
    host = Host(pool, new_client(pool.token(f"hanse-cluster-{name}", "hanse-agent")), name)
    yield host
    with psycopg.connect(pool.database_url) as owner:
        query = "SELECT id, fence FROM ledger.attempt WHERE job = %s AND state = 'leased'"
        live = owner.execute(query, [host.job]).fetchall()
    for attempt, fence in live:
        held = {"attempt": str(attempt), "fence": fence, "phase": "Released", "outcome": "Stopped"}
        body = {
            "instance": str(uuid.UUID(int=8)),
            "process": str(uuid.UUID(int=7)),
            "clusterUid": str(uuid.UUID(int=9)),
            "held": [held],
        }
        host.client.send("POST", "/v1/agent/sync", body)


@pytest.fixture(name="owner")
def _owner(as_):
    def read(query=""):
        status, answer = as_("people of tencent").send("GET", PATH + query)
        assert 200 == status, answer
        return answer

    return read


def opened(answer, key):
    return [
        tails.unseal(key, decoded(each["blind"]), Worker(uuid.UUID(answer["attempt"]), answer["fence"], each["rank"]),
                     decoded(each["sealed"])).text
        for each in answer["items"]
    ]  # fmt: skip


def as_database_owner(pool, statement, *parameters):
    with psycopg.connect(pool.database_url) as owner:
        found = owner.execute(statement, parameters)
        return found.fetchall() if found.description else None


def age(pool, entry, seconds):
    """Have what is kept of an attempt, and its end, be older by so much."""
    with psycopg.connect(pool.database_url) as owner:
        owner.execute("ALTER TABLE ledger.attempt DISABLE TRIGGER guard")
        for change in (
            "log_tail SET stored_at_seconds = stored_at_seconds - %s WHERE attempt",
            "log_key SET made_at_seconds = made_at_seconds - %s WHERE attempt",
            "attempt SET ended_at_seconds = ended_at_seconds - %s WHERE id",
        ):
            owner.execute(f"UPDATE ledger.{change} = %s", [seconds, entry.attempt])
        owner.execute("ALTER TABLE ledger.attempt ENABLE ALWAYS TRIGGER guard")


def test_the_owner_reads_what_its_workers_print_and_what_changed_since(host, owner, key):
    entry = host.admit()
    assert host.is_taken(entry)
    answer = owner()
    assert (str(entry.attempt), entry.fence, "leased", False) == tuple(
        answer[name] for name in ("attempt", "fence", "state", "ended")
    )
    assert [WORDS] == opened(answer, key)
    since = f"?cursor={answer['next']}"
    assert ([], answer["next"]) == (owner(since)["items"], owner(since)["next"])
    assert host.is_taken(entry, WORDS * 2)
    assert host.is_taken(entry, WORDS, rank=1)
    assert [WORDS * 2, WORDS] == opened(owner(since), key)
    assert [WORDS] == opened(owner("?worker=1"), key)
    assert [WORDS * 2] == opened(owner("?limit=1"), key)


def test_nothing_that_the_hub_keeps_opens_it(pool, host):
    entry = host.admit()
    assert host.is_taken(entry)
    rows = as_database_owner(pool, "SELECT * FROM ledger.log_tail NATURAL JOIN ledger.log_key WHERE attempt = %s",
                             entry.attempt)  # fmt: skip
    kept = [bytes(value) for row in rows for value in row if isinstance(value, bytes)]
    assert len(kept) == 4
    assert not [each for each in kept if b"epoch" in each]
    (sealed,) = [each for each in kept if len(each) > 32]
    for secret in (each for each in kept if len(each) == 32):
        for blind in (*kept, None):
            with pytest.raises(sealing.EvidenceError):
                sealing.unseal(X25519PrivateKey.from_private_bytes(secret),
                               Worker(entry.attempt, entry.fence, 0).context, sealed, blind=blind)  # fmt: skip


def test_a_host_does_not_learn_which_attempts_are_one_members(host, key):
    first = host.admit()
    keys = {host.key_of(first), host.key_of(first)}
    host.end(first)
    keys.add(host.key_of(host.admit()))
    assert (2, False) == (len(keys), key.public_key().public_bytes_raw() in keys)


def test_another_clusters_agent_gets_no_key_and_places_nothing(host, as_, owner):
    entry = host.admit()
    known = host.key_of(entry)
    another = Host(host.pool, as_("agent of hz"), "hz")
    assert another.key_of(entry) is None
    assert not another.is_taken(entry, key=known)
    assert [] == owner()["items"]


@pytest.mark.parametrize(
    "changed",
    [{"fence": 9999}, {"attempt": str(uuid.UUID(int=5))}, {"key": b"k" * 32}],
    ids=["another fence", "no attempt", "a key of its own"],
)
def test_what_is_not_of_a_leased_attempt_under_its_key_is_not_taken(host, owner, changed):
    assert not host.is_taken(host.admit(), **changed)
    assert [] == owner()["items"]


def test_before_its_lease_nothing_is_taken_and_after_its_end_for_a_while_only(pool, host, owner):
    early = host.admit(leased=False)
    assert not host.is_taken(early)
    entry = host.sync(early, "Pending")
    host.end(entry)
    assert host.is_taken(entry)
    assert owner()["ended"]
    age(pool, entry, LATE_SECONDS + 1)
    assert not host.is_taken(entry, WORDS * 2)


def test_an_attempts_tails_have_so_much_room_together(pool, host):
    entry = host.admit()
    assert host.is_taken(entry)
    as_database_owner(
        pool,
        "INSERT INTO ledger.log_tail SELECT attempt, n, recipient, decode(repeat('00', %s), 'hex'), -n, "
        "stored_at_seconds FROM ledger.log_tail, generate_series(1, %s) AS n WHERE attempt = %s",
        LOG_TAIL_BYTES_MAX, LOG_ATTEMPT_BYTES_MAX // LOG_TAIL_BYTES_MAX - 1, entry.attempt,
    )  # fmt: skip
    assert host.is_taken(entry, WORDS * 2), "there is room for what replaces it"
    assert host.is_taken(entry, bytes(LOG_TAIL_BYTES_MAX - tails.OVERHEAD_BYTES))
    assert not host.is_taken(entry, WORDS, rank=8000)


def test_a_cluster_that_sends_too_much_loses_its_own_oldest_tails_and_nobody_elses(pool, host, new_client):
    """Whichever bound is met: the older tail of a cluster that has sent little stays."""
    pool.join("modest", "alibaba")
    modest = Host(pool, new_client(pool.token("hanse-cluster-modest", "hanse-agent")), "modest")
    as_database_owner(pool, "DELETE FROM ledger.log_tail")
    before = modest.admit()
    assert modest.is_taken(before, WORDS)
    modest.end(before)
    entry = host.admit()
    for rank in range(4):
        assert host.is_taken(entry, WORDS, rank=rank)
        as_database_owner(pool, "UPDATE ledger.log_tail SET stored_at_seconds = stored_at_seconds - 10")
    ((size,),) = as_database_owner(pool, "SELECT DISTINCT octet_length(sealed) FROM ledger.log_tail")
    engine = database.engine(pool.database_url, role="hanse_api")
    for bounds, gone, left in (({}, 0, [0, 1, 2, 3]), ({"cluster_bytes": 3 * size}, 1, [1, 2, 3]),
                               ({"pool_bytes": 3 * size + 1}, 1, [2, 3])):  # fmt: skip
        assert gone == logs.bound(engine, **bounds)
        kept = as_database_owner(pool, "SELECT attempt, rank FROM ledger.log_tail ORDER BY rank")
        assert [(entry.attempt, rank) for rank in left] == [each for each in kept if each[0] == entry.attempt]
        assert (before.attempt, 0) in kept
    engine.dispose()


@pytest.mark.parametrize(
    ("sizes", "most", "expected"),
    [((), 10, 10), ((5, 5), 10, 10), ((1, 20, 30), 11, 5), ((4, 4, 4), 9, 3), ((0, 9), 9, 9), ((2, 9), 9, 7)],
)
def test_who_has_most_gives_way(sizes, most, expected):
    level = logs.level(sizes, most)
    assert expected == level
    assert sum(min(each, level) for each in sizes) <= most


def test_room_is_looked_after_once_in_a_while(monkeypatch):
    looks, now = [], [0.0]
    monkeypatch.setattr(api_logs.logs, "bound", lambda engine: looks.append(engine) or 0)
    room = api_logs.Room(lambda: now[0])
    for now[0] in (0.0, 1.0, api_logs.BOUND_SECONDS - 1, api_logs.BOUND_SECONDS, api_logs.BOUND_SECONDS + 1):
        room.keep("engine")
    assert ["engine"] * 2 == looks


def test_a_tail_that_is_too_long_and_a_rank_that_no_gang_has_are_refused(host):
    entry = host.admit()
    assert 422 == host.send(entry, bytes(LOG_TAIL_BYTES_MAX + 1))[0]
    assert 422 == host.send(entry, rank=8192)[0]


def test_after_a_change_of_keys_each_key_opens_what_was_sealed_to_it(pool, host, owner, key):
    entry = host.admit()
    before = host.key_of(entry)
    assert host.is_taken(entry)
    newer = X25519PrivateKey.generate()
    publish(pool, newer.public_key().public_bytes_raw())
    assert before != host.key_of(entry)
    assert host.is_taken(entry, rank=1)
    assert host.is_taken(entry, rank=2, key=before), "the agent may not have asked again"
    found = {each["rank"]: each for each in owner()["items"]}
    for rank, by in ((0, key), (1, newer), (2, key)):
        assert [WORDS] == opened({**owner(), "items": [found[rank]]}, by)


def test_without_a_key_to_seal_to_nothing_is_taken_and_the_owner_is_told_what_to_do(pool, host, owner):
    publish(pool, bytes(32))
    assert host.key_of(host.admit()) is None
    answer = owner()
    assert ([], True) == (answer["items"], "hanse cluster keys makes one" in answer["problem"])


def test_what_is_older_than_a_week_is_gone_and_its_key_after_it(pool, host, owner):
    entry = host.admit()
    assert host.is_taken(entry)
    host.end(entry)
    age(pool, entry, KEPT_SECONDS + 1)
    assert [] == owner()["items"]
    for table in ("log_tail", "log_key"):
        left = f"SELECT count(*) FROM ledger.{table} WHERE attempt = %s"  # noqa: S608  # our own names
        assert [(0,)] == as_database_owner(pool, left, entry.attempt)


def test_an_attempt_that_there_is_not_is_named(as_):
    status, problem = as_("people of tencent").send("GET", f"{PATH}?attempt=123456")
    assert (422, "query.attempt", "123456") == (
        status, problem["errors"][0]["field"], problem["errors"][0]["value"]
    )  # fmt: skip
    status, problem = as_("people of tencent").send("GET", f"{PATH}?cursor=x")
    assert (422, "query.cursor") == (status, problem["errors"][0]["field"])


@pytest.mark.parametrize(
    "who", ["people of alibaba", "agent of hz", "bob, an auditor", "coordinator", "carol, of nobody"]
)
def test_a_rival_the_host_the_auditor_and_the_coordinator_are_refused(as_, host, who):
    assert host.is_taken(host.admit())
    status, problem = as_(who).send("GET", PATH)
    assert (403, False) == (status, "epoch" in str(problem))


def test_logs_are_sent_so_often_and_leases_go_on(pool, host):
    pool.stop_api()
    pool.start_api()
    entry = host.admit()
    known = host.key_of(entry)
    # A slow machine needs more than a minute for so many, and then some more.
    assert any(429 == host.send(entry, key=known)[0] for _ in range(20 * LOGS_PER_MINUTE))
    host.sync(entry, "Running")
