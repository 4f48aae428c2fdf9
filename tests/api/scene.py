"""A pool in the middle of its work: what its leader tells of one member, and a ledger with a day of posted hours."""

import dataclasses
import http.server
import json
import math
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import yaml

from hanse.evidence import notes, policy
from hanse.ledger import (
    attempts,
    books,
    database,
    decisions,
    disputes,
    facts,
    registry,
    reports,
    signing,
    transfers,
    witness,
)
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import Sealer
from hanse.ledger.transfers import Purpose, Run

MEMBER, RIVAL = "tencent", "alibaba"
CLASSES = {"h100-sxm": 1000, "ascend-910c": 600}
HOUR = 3600
# Clusters: their nodes, and how many of these are ready.
REPORTING = {"alibaba-hz": (96, 96), "tencent-gz": (128, 121), "tencent-sh": (64, 64)}
SILENT = "tencent-sh"
ENTITLED = {MEMBER: (1280, 768), RIVAL: (768, 0)}
MILLI_HOUR = 1000 * HOUR


def accelerator(name, thousandths):
    spec = {
        "vendor": "nvidia" if name.startswith("h") else "huawei", "memoryMiB": 81920, "watts": 700,
        "h100Equivalent": {"bf16": thousandths}, "deviceResources": ["nvidia.com/gpu"],
        "nodeSelector": {"hanse.dev/scene": name},
    }  # fmt: skip
    return {"apiVersion": "hanse.dev/v1alpha1", "kind": "AcceleratorClass", "metadata": {"name": name}, "spec": spec}


def standing(name, entitled, used, borrowed, lent):
    given = {"entitled": entitled, "used": used, "borrowed": borrowed, "lent": lent}
    limits = {"borrowingLimitMilliGpus": 512_000, "lendingLimitMilliGpus": None}
    return {"class": name, **{f"{key}MilliGpus": value * 1000 for key, value in given.items()}, **limits}


def member_status(member):
    """Return what the operator writes into a Member."""
    shares = zip(CLASSES, ENTITLED[member], strict=True)
    return {"entitlements": [{"class": name, "milliGpus": 1000 * gpus} for name, gpus in shares if gpus]}


def cap(name, limit, left, **more):
    now = int(time.time())
    amounts = {"limitMilliH100eSeconds": limit * MILLI_HOUR, "leftMilliH100eSeconds": left * MILLI_HOUR}
    window = {"startSeconds": now - 22 * 86400, "endSeconds": now + 8 * 86400}
    return {"name": name, "organisation": None, "lastsSeconds": None, **window, **amounts, **more}


def quota():
    monthly = cap("monthly", 1_200_000, 268_000, rateMilliH100e=1_868_800, lastsSeconds=516_240)
    speech = cap("quarterly", 90_000, 6_400, organisation="speech", rateMilliH100e=128_000)
    at_once = {"name": "burst", "organisation": None, "limitMilliH100e": 2_400_000, "usedMilliH100e": 1_868_800}
    return {
        "member": MEMBER,
        "asOfSeconds": int(time.time()) - 4,
        "waitingJobs": len(TOLD["queue"]),
        "liveJobs": 4,
        "classes": [standing("h100-sxm", 1280, 1600, 320, 0), standing("ascend-910c", 768, 448, 0, 192)],
        "caps": [monthly, speech],
        "capsAtOnce": [at_once],
        "credit": {"milliH100eSeconds": -7 * MILLI_HOUR, "asOfSeconds": int(time.time()) // 3600 * 3600},
    }


def start(seconds, code, said, **values):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None
    return {"at": at, "seconds": seconds, "restsOn": said, "said": {"code": code, "values": values}}


def what_if(asked):
    """Return what a job would come to: a large one waits, and one that asks for no tier of ours breaks a rule."""
    spec, now = asked["spec"], int(time.time())
    gpus = spec["gpusPerWorker"] * spec["workers"]["replicas"]
    cost = {"rateMilliH100e": gpus * 1000, "milliH100eSeconds": gpus * MILLI_HOUR * 24}
    cost |= {name: quota()[name][:1] for name in ("caps", "capsAtOnce")}
    told = {"asOfSeconds": now, "class": spec["accelerators"][0]["class"], "gpus": gpus, "cost": cost}
    if gpus > 512:
        return told | {
            "admitted": False,
            "now": TOLD["waits"] | {"start": start(None, "start.unknown", "not known", others="4")},
        }
    bound = start(now + 300, "start.bound", "at once, or when those who are there have left")
    said = {"message": [{"code": "whatif.admitted", "values": {}}], "remedy": []}
    where = {"cluster": "tencent-gz", "strength": "HOME", "victims": {"own": 0, "others": 2}}
    return told | where | {"admitted": True, "now": {"message": "it would be", "said": said, "start": bound}}


def coordination():
    now = int(time.time())
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 540))
    recall = {"at": at, "leftSeconds": 540, "noticeSeconds": 900, "isUnderWay": True}
    return {
        "asOfSeconds": now,
        "contributions": [
            each | {"recall": recall if each["name"] == "night" else None} for each in TOLD["contributions"]
        ],
        "silentClusters": [{"name": SILENT, "silentSeconds": 190}],
        "downNodes": 7,
        "nodes": [{"cluster": "tencent-gz", "name": f"n{number}"} for number in range(7)],
        "feeds": {kind: {"objects": 40, "ageSeconds": 0.3, "fresh": True, "opened": 1} for kind in ("Member", "Job")},
        "leader": {"term": 4, "cycle": 812, "ordersLeft": 3, "brake": "1 of 3 clusters are silent at once"},
    }


TOLD = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())


class Leader(http.server.BaseHTTPRequestHandler):
    """Answers for one member; for others there is nothing."""

    def do_GET(self):
        asked = urlsplit(self.path)
        is_own = MEMBER in parse_qs(asked.query).get("member", [])
        nothing = {
            "waitingJobs": 0,
            "liveJobs": 0,
            "classes": [],
            "caps": [],
            "capsAtOnce": [],
            "credit": None,
            "member": RIVAL,
            "asOfSeconds": int(time.time()),
        }
        known = {
            "/v1/queue": TOLD["queue"] if is_own else [],
            "/v1/jobs": TOLD["jobs"] if is_own else [],
            "/v1/quota": [quota() if is_own else nothing] if "planned" in TOLD else [],
            "/v1/pool": TOLD["pool"] if is_own else [],
        }
        choices = TOLD["choices"] | ({} if is_own else {"namespaces": []})
        if asked.path.startswith("/v1/jobs/"):
            self.answer(TOLD["running"])
            return
        self.answer({**known, "/v1/coordination": coordination(), "/v1/choices": choices}.get(asked.path))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        tier = asked["spec"]["tier"]
        if tier in {"often", "broken"}:
            said = {"message": f"spec.tier: {tier!r}: no such tier", "retrySeconds": 7}
            self.answer(said, {"often": 429, "broken": 422}[tier])
            return
        self.answer(what_if(asked))

    def answer(self, answer, status=200):
        body = json.dumps(answer if answer is not None else {}).encode()
        self.send_response(404 if answer is None else status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


def leader():
    """Start a leader; return its server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Leader)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def fill(pool, folder, job):
    """Record a day: posted hours, what became of a *job*, what agents did, what was broken; publish it in *folder*."""
    for member in (MEMBER, RIVAL):
        registry.register_member(pool.operator, member, login=None, verify_key=bytes(32))
    now = pool.now() // HOUR * HOUR
    for hours_ago in range(26, 1, -1):  # the last hour is not over for long enough
        _post(pool, now - hours_ago * HOUR, hours_ago)
    entitle(pool, now)
    _try(pool, now, job)
    for number, kind in enumerate((facts.Kind.NODE_STALE, facts.Kind.NODE_HEALTHY, facts.Kind.LOCAL_RECALL)):
        told = facts.Fact(kind, now - 2000 + 500 * number, cluster="tencent-gz", node="gz-r07-n12")
        facts.record(pool.operator, told, term=pool.term)
    with psycopg.connect(pool.database_url) as connection:
        for number, kind in enumerate(("Overrun", "Overrun", "SlotConflict")):
            said = {"Overrun": "ran 41 s beyond what its caps hold"}.get(
                kind, "a slot was sent again with other contents"
            )
            connection.execute(
                "SELECT ledger.record_violation(%s, %s, %s, %s, NULL, NULL, NULL, NULL, %s)",
                [uuid.uuid4(), kind, now - 9000 * (3 - number), RIVAL, said],
            )
    report(pool, *REPORTING)
    with psycopg.connect(pool.database_url) as connection:
        connection.execute(
            "UPDATE ledger.agent SET seen_at_seconds = seen_at_seconds - 190 WHERE cluster = %s", [SILENT]
        )
    publish(pool, folder)


def _try(pool, now, job):
    """Let an attempt of a job be stopped for a rival's, and the next one run; both used GPUs that were posted."""
    api = database.engine(pool.database_url, role="hanse_api")
    for member in (MEMBER, RIVAL):
        disputes.open_(api, disputes.Matter(member, now - 4 * HOUR), claimed=0, reason=f"{member}'s job had stopped")
    for fence in (1, 2):
        tried = pool.admit("tencent-gz", MEMBER, job, fence=fence, nodes={f"n{number}": 8000 for number in range(16)})
        attempts.grant(api, "tencent-gz", tried.attempt, fence, uuid.uuid4())
        with psycopg.connect(pool.database_url) as connection:
            used = 128 * MILLI_HOUR
            given = [pool.term, now - (8 - 2 * fence) * HOUR, MEMBER, [tried.attempt], [used], [used // 1000 * 61_440]]
            connection.execute("SELECT ledger.record_usage(%s, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                               [*given, [used], [None], [0], [used * 7 // 10], [used]])  # fmt: skip
        if fence == 1:
            wins = {"member": RIVAL, "job": uuid.uuid4(), "detail": {"namespace": RIVAL, "name": "urgent"}}
            stops = {"kind": "Preempt", "effect": decisions.Effect.STOP, "verdict": "Stopped", "reason": "Preempted"}
            stop = dataclasses.replace(tried, admission=None, nodes={}, cause_index=0, **stops)
            pool.decide(dataclasses.replace(tried, **wins), stop)
            attempts.release(api, "tencent-gz", tried.attempt, fence, "Stopped")
    api.dispose()


def publish(pool, folder):
    """Seal what is recorded, sign it, and have a witness cosign it."""
    key = notes.signer("pool.example/ledger", notes.ED25519, bytes(32))
    cosigner = notes.signer("auditor.example/w", notes.COSIGNATURE, bytes([1]) * 32)
    log = f"log {key.key}\n"
    seen = witness.Witness(folder / "witness", policy.parse(f"{log}quorum none\n"), cosigner)
    server = witness.server(seen, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    trusted = policy.parse(f"{log}witness auditor {cosigner.key} {url}\nquorum auditor\n")
    engine = database.engine(pool.database_url, role="hanse_sealer")
    with server:
        Sealer(engine, trusted, signing.KeyFile((key,)), Folder(folder / "log")).round()
        server.shutdown()
    engine.dispose()


def entitle(pool, now):
    """Record what the members were entitled to: a contribution came, and a part of it went again."""
    given = {30: (1280, 768), 17: (1664, 768), 9: (1280, 768), 4: (1280, 320)}
    clock = "CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT {} $$"
    with psycopg.connect(pool.database_url) as connection:  # nobody else sees this clock
        for ago, gpus in given.items():
            connection.execute(clock.format(f"to_timestamp({now - ago * HOUR})"))
            own = [
                (MEMBER, name, 1000 * count, CLASSES[name] * count) for name, count in zip(CLASSES, gpus, strict=True)
            ]
            columns = [list(each) for each in zip(*own, (RIVAL, "h100-sxm", 4096000, 4096000), strict=True)]
            connection.execute("SELECT ledger.record_entitlements(%s, %s, %s, %s)", columns)
        connection.execute(clock.format("pg_catalog.clock_timestamp()"))


def _post(pool, hour, ago):
    """Post an hour: what was used swings with the day, and is borrowed at its height."""
    swing = math.sin((24 - ago) / 24 * 2 * math.pi)
    charged, lent = int(1500 + 420 * swing), max(0, int(180 - 260 * swing))
    run = Run(hour, 0)
    amounts = ((transfers.use(MEMBER), transfers.contribution_used(RIVAL), charged),
               (transfers.use(RIVAL), transfers.contribution_used(MEMBER), lent))  # fmt: skip
    batch = [transfers.single(run, Purpose.USE, (debit, credit), amount * MILLI_HOUR, None)
             for debit, credit, amount in amounts if amount]  # fmt: skip
    books.post(pool.operator, pool.term, batch)
    down, unknown = (64 if 7 < ago < 11 else 8), (120 if ago == 15 else 0)
    used = min(2048 - down - unknown, int(1700 + 240 * swing))
    did = [each * MILLI_HOUR for each in (used, 2048 - used - down - unknown, down, unknown)]
    with psycopg.connect(pool.database_url) as connection:
        connection.execute("SELECT ledger.open_posting(%s, %s)", [pool.term, hour])
        for member in (MEMBER, RIVAL):
            given = [pool.term, hour, member, *did]
            connection.execute("SELECT ledger.record_part(%s, %s, 0, %s, %s, %s, %s, %s)", given)


def report(pool, *names):
    """Have the agents of some clusters heard."""
    engine = database.engine(pool.database_url, role="hanse_api")
    for name in names:
        nodes, ready = REPORTING[name]
        agent = uuid.uuid5(uuid.NAMESPACE_DNS, name)
        reports.admit_agent(engine, name, agent, agent, version="0.1.0", silence_seconds=60)
        described = [{"name": f"n{number:03}", "ready": number < ready} for number in range(nodes)]
        reports.report_nodes(engine, name, described, whole=True)
    engine.dispose()
