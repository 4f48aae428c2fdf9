"""A pool at random, as the operator meets it: objects as the API server has them, and a ledger that agents use too.

There is no API server and no process: a leader's own code reads the ledger, plans and records; agents are the ledger's
functions. All chance comes from one seed.
"""

import asyncio
import random
import uuid
from collections import Counter
from datetime import UTC, datetime

import psycopg
from structlog.testing import capture_logs

from hanse import scheduler
from hanse.ledger import attempts, database, reports, term
from hanse.ledger import credits as credits_
from hanse.operator import placing
from hanse.operator.cycle import Leader
from hanse.operator.following import Follower
from hanse.operator.world import World

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
IMAGE = "registry.example/trainer@sha256:06ea17a8981d25b0315ff17bd1ebad3d95c15a3f8b764eaadb93612d9b61a54e"
START = 1_793_491_200
HOUR = 3_600_000
REFUSALS = {"plan_refused", "plan_overtaken", "group_overtaken", "job_held_back", "pool_refused"}
MEMBERS = ("red", "blue")
CLASSES = {"h100": {"bf16": 1000, "fp8": 2000}, "ascend": {"bf16": 600}}
HALF_LIFE_SECONDS = 24 * 3600
CLOCK = """
CREATE TABLE public.test_clock (seconds bigint);
GRANT SELECT ON public.test_clock TO PUBLIC;
CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
  $$ SELECT to_timestamp(seconds) FROM public.test_clock $$
"""


class Parties:
    """The members, the coordinator, the agents and one leader."""

    def __init__(self, url, chance):
        self.chance, self.seen = chance, Counter()
        self.parting = random.Random(1)  # noqa: S311  # of its own, so that what else happens does not depend on it
        self.super = psycopg.connect(url, autocommit=True)
        self.super.execute(CLOCK)
        self.super.execute("INSERT INTO public.test_clock VALUES (%s)", (START,))
        self.engine = database.engine(url, role="hanse_operator")
        self.api = database.engine(url, role="hanse_api")
        self.world, self.now = World(), START
        self.documents, self.nodes = {}, {}
        number = term.take(self.engine, "leader")
        self.leader = Leader(None, self.engine, number, None, self.world, asyncio.Event())

    def close(self):
        self.engine.dispose()
        self.api.dispose()
        self.super.close()

    # What the API server has.
    def put(self, kind, name, spec, namespace=None, **metadata):
        key = (kind, namespace, name)
        before = self.documents.get(key, {"metadata": {"uid": str(uuid.UUID(int=self.chance.getrandbits(128)))}})
        named = {"name": name, "uid": before["metadata"]["uid"], "generation": 1} | metadata
        if namespace:
            named["namespace"] = namespace
        named.setdefault("creationTimestamp", datetime.fromtimestamp(self.now, UTC).isoformat())
        self.documents[key] = {"metadata": named, "spec": spec}
        self.world.take({kind: {named["uid"]: self.documents[key]}})
        assert [] == [each.problem for each in self.world.misconfigured.values()]

    def drop(self, kind, name, namespace=None):
        document = self.documents.pop((kind, namespace, name), None)
        if document:
            self.world.take({kind: {document["metadata"]["uid"]: None}})

    def begin(self):
        for name in CLASSES:
            self.put_class(name)
        for name, rank in (("low", 10), ("high", 20)):
            factor = self.chance.choice([500, 1000, 1500])
            self.put("PriorityTier", name, {"rank": rank, "usageFactorThousandths": factor})
        self.put_policy()
        for name in MEMBERS:
            self.put_member(name)
            self.put("MemberCluster", f"{name}-1", {"member": name, "region": "north", "agentKey": KEY})
            self.give(name)
            self.report(name)
        for name in ("red", "blue", "red-a", "red-b", "red-c"):
            self.put_namespace(name)

    def put_policy(self):
        """Let so much of each GPU's memory be promised; of what runs, a worker's part is counted anew."""
        ratio, reserve = self.parting.choice([1000, 1500]), self.parting.choice([2048, 10_240])
        memory = {"ratioThousandths": ratio, "reserveMiB": reserve}
        self.put("PoolPolicy", "default", {"fundingHorizon": "5m", "memory": {"default": memory}})

    def put_class(self, name):
        self.put("AcceleratorClass", name, {
            "vendor": "nvidia", "memoryMiB": 81920, "h100Equivalent": CLASSES[name], "watts": 700,
            "sharingModes": ["Advisory"] if name == "h100" else [],
            "deviceResources": ["nvidia.com/gpu"], "nodeSelector": {"hanse.dev/accelerator": name},
        })  # fmt: skip

    def put_member(self, name):
        """Red has an upper organisation with two leaves and one more leaf; blue has none. Caps are anybody's."""
        half = dict.fromkeys(CLASSES, 500)
        tree = [{"name": "lab", "shareThousandths": half}, {"name": "c", "shareThousandths": half}]
        tree += [{"name": each, "parent": "lab", "shareThousandths": half} for each in "ab"]
        levy, grant = self.chance.choice([(0, 0), (500, 4)])
        spec = {
            "displayName": name, "keys": {"verify": KEY, "encrypt": KEY}, "levyThousandths": levy,
            "grants": [{"class": "h100", "gpus": grant}], "organisations": tree if name == "red" else [],
            "caps": self.caps([None, "lab", "a", "c"] if name == "red" else [None]),
        }  # fmt: skip
        self.put("Member", name, spec)

    def caps(self, whose):
        found = []
        for each in whose:
            of = {"organisation": each} if each else {}
            if self.chance.random() < 0.5:
                amount, window = self.chance.randint(0, 20) * HOUR, self.chance.choice(["Hour", "Day"])
                found.append({"name": f"{each or 'all'}-window", "window": window, "milliH100eSeconds": amount} | of)
            if self.chance.random() < 0.3:
                found.append(
                    {"name": f"{each or 'all'}-once", "atOnceMilliH100e": self.chance.randint(0, 16) * 1000} | of
                )
        return found

    def put_namespace(self, name):
        member, _, leaf = name.partition("-")
        labels = {"hanse.dev/member": member} | ({"hanse.dev/organisation": leaf} if leaf else {})
        self.put("Namespace", name, {}, labels=labels)

    def give(self, member):
        """Offer all nodes, now and then with a notice that some are taken back."""
        for each in CLASSES:
            spec = {"cluster": f"{member}-1", "class": each}
            spec["allowSharingWith"] = self.parting.choice(["any", "ownMember"])
            if self.chance.random() < 0.15:
                at = datetime.fromtimestamp(self.now + self.chance.choice([120, 600, 1200]), UTC)
                spec["recall"] = {"at": at.isoformat(), "notice": "10m"}
            self.put("Contribution", each, spec, member)

    def report(self, member):
        """Report the member's nodes: most of what there was, perhaps one that is down, perhaps a new one."""
        names = [f"{member}-{number}" for number in range(4) if self.chance.random() < 0.8]
        nodes = [
            {
                "name": name, "class": self.nodes.setdefault(name, self.chance.choice([*CLASSES])), "gpus": 4,
                "cpuMilli": 96000, "memoryMiB": 10**6, "rdma": self.chance.choice([0, 4, 8]),
                "ready": self.chance.random() < 0.9, "labels": self.domains(), **self.shared(),
            }
            for name in names
        ]  # fmt: skip
        reports.report_nodes(self.api, f"{member}-1", nodes, whole=True)

    def shared(self):
        """Return what a node has of GPUs to share, if its own agent offers them; one of them may be lost."""
        offered = {"memGib": 78, "limitGib": self.parting.choice([78, 118]), "tenants": 4}
        gpus = self.parting.choice([[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 3]])
        return {"shared": offered | {"gpus": gpus}} if self.parting.random() < 0.6 else {}

    def domains(self):
        """Return where a node stands now, by its labels; nobody may know."""
        rack, block = self.chance.choice([("r0", "b0"), ("r0", "b0"), ("r1", "b0"), ("r0", "b1"), ("", "")])
        return {"hanse.dev/rack": rack, "hanse.dev/block": block} if rack else {}

    # What happens.
    def happen(self):
        getattr(self, self.chance.choice([
            "submits", "submits", "deletes", "suspends", "changes_pool", "changes_pool", "reports", "moves", "credits",
        ]))()  # fmt: skip
        self.agents()
        self.now += self.chance.choice([1, 30, 200, 1000])
        self.super.execute("UPDATE public.test_clock SET seconds = %s", (self.now,))
        self.speak()

    def speak(self):
        """Each cluster's agent is heard; most often it still has all attempts that it had, and renews their leases."""
        for member in MEMBERS:
            cluster, same = f"{member}-1", uuid.uuid5(uuid.NAMESPACE_DNS, member)
            reports.admit_agent(self.api, cluster, same, same, version="1", silence_seconds=30)
            held = [(each.id, each.fence) for each in self.leader.mirror.live.values() if each.cluster == cluster]
            if self.chance.random() < 0.9:
                attempts.renew(self.api, cluster, sorted(held))

    def jobs(self):
        return sorted(key for key in self.documents if key[0] == "TrainingJob")

    def submits(self):
        for _ in range(self.chance.randint(1, 4)):
            needs = {"requests": {"rdma/hca": "1"}, "limits": {"rdma/hca": "1"}} if self.chance.random() < 0.3 else {}
            container = {"name": "trainer", "image": IMAGE, "command": ["true"], "resources": needs}
            replicas = self.chance.randint(1, 3)
            classes = self.chance.sample([*CLASSES], self.chance.randint(1, 2))
            choices = [{"class": each, "minReplicas": self.chance.randint(1, replicas)} for each in classes]
            spec = {
                "tier": self.chance.choice(["low", "high"]), "workers": {"replicas": replicas},
                "gpusPerWorker": self.chance.choice([1, 2, 4]), "accelerators": choices, "maxRuntime": "2h",
                "precision": self.chance.choice(["bf16", "bf16", "fp8"]),
                "checkpoint": {"interval": "1m", "grace": "30s"},
                "template": {"spec": {"containers": [container]}},
            }  # fmt: skip
            if self.chance.random() < 0.4:
                level, mode = ("node", "rack", "block"), ("required", "preferred")
                spec["topology"] = {"level": self.chance.choice(level), "mode": self.chance.choice(mode)}
            if self.parting.random() < 0.3:
                guaranteed, more = self.parting.choice([7, 20, 26, 39]), self.parting.choice([0, 0, 20])
                spec["gpuMemory"] = {"guaranteedMiB": 1024 * guaranteed, "limitMiB": 1024 * (guaranteed + more)}
                spec |= {"gpusPerWorker": 1, "allowSharingWith": self.parting.choice(["any", "ownMember"])}
            namespace = self.chance.choice(["blue", "red-a", "red-b", "red-c"])
            self.put("TrainingJob", f"j{self.chance.getrandbits(60)}", spec, namespace)

    def deletes(self):
        if jobs := self.jobs():
            kind, namespace, name = self.chance.choice(jobs)
            self.drop(kind, name, namespace)

    def suspends(self):
        if jobs := self.jobs():
            kind, namespace, name = self.chance.choice(jobs)
            document = self.documents[kind, namespace, name]
            created = document["metadata"]["creationTimestamp"]
            spec = document["spec"] | {"suspend": not document["spec"].get("suspend", False)}
            self.put(kind, name, spec, namespace, creationTimestamp=created)

    def changes_pool(self):
        """Change caps, levies and grants; take a class or an offer away, or give it back."""
        self.put_member(self.chance.choice(MEMBERS))
        self.put_policy()
        if self.chance.random() < 0.3:
            self.drop("AcceleratorClass", "ascend")
        elif self.chance.random() < 0.5:
            self.put_class("ascend")
        if self.chance.random() < 0.3:
            self.drop("Contribution", "h100", self.chance.choice(MEMBERS))
        else:
            self.give(self.chance.choice(MEMBERS))

    def reports(self):
        self.report(self.chance.choice(MEMBERS))

    def moves(self):
        """Give a namespace to another organisation or member, or give it back."""
        name = self.chance.choice(["red-a", "red-b"])
        if self.chance.random() < 0.5:
            self.put_namespace(name)
        else:
            self.put("Namespace", name, {}, labels={"hanse.dev/member": self.chance.choice(MEMBERS)})

    def credits(self):
        """Let an hour be over, of which members have debits: here what they kept of a levy."""
        hour = self.now - self.now % 3600
        with self.engine.connect() as connection:
            if credits_.read(connection).as_of_seconds >= hour:
                return
        kept = {member: self.chance.choice([0, 500, 4000]) for member in MEMBERS}
        terms = credits_.Terms(HALF_LIFE_SECONDS, {}, {each: each for each in MEMBERS}, kept)
        credits_.record(self.engine, terms, hour, term=self.leader.term)

    def agents(self):
        """Each live attempt may get its lease, save its state, or end."""
        live = self.leader.mirror.live.values()
        there = {each.id for each in live}
        for each in sorted(live, key=lambda each: each.job):
            self.confirms(each)
            is_free = not (each.awaits & there or each.awaits_workers & self.leader.mirror.leaving())
            if each.state == "admitted" and is_free:
                attempts.grant(self.api, each.cluster, each.id, each.fence, uuid.uuid4())
            elif self.chance.random() < 0.3:
                reports.commit_checkpoint(
                    self.api, each.cluster, each.id, each.fence, step=self.now, uri=f"s3://c/{self.now}"
                )
            if self.chance.random() < (0.7 if each.is_stopped else 0.1):
                outcome = self.chance.choice(["Succeeded", "Failed", "Stopped"])
                attempts.release(self.api, each.cluster, each.id, each.fence, outcome)

    def confirms(self, live):
        """Its agent may have carried out all that was decided on the attempt's size, and say so in its Placement."""
        job = self.world.jobs.get(live.job)
        if job is not None and live.size.decided_at and self.chance.random() < 0.7:
            placement = placing.running(live, job.spec)
            placement["metadata"]["uid"] = str(live.id)
            sequence = placement["spec"]["sequence"]
            placement["status"] = {"fence": live.fence, "sequence": sequence, "phase": "Running"}
            self.world.take({"Placement": {str(live.id): placement}})
            assert [] == [each.problem for each in self.world.misconfigured.values()]

    # What the operator does.
    def cycle(self):
        """Let the leader look, plan and record once; return what it logged as refused."""
        with capture_logs() as logs:
            self.leader._members.sync(self.world)
            self.leader._read()
            self.followed_is_built()
            asyncio.run(self.leader._plan_and_record())
        self.seen.update(each["event"] for each in logs)
        return [each for each in logs if each["event"] in REFUSALS]

    def followed_is_built(self):
        """The leader's planner, which followed differences so far, says what one says that starts now."""
        inputs = self.leader._inputs()
        warm, cold = self.leader._follower.plan(inputs), Follower().plan(inputs)
        assert cold.plan.to_bytes() == warm.plan.to_bytes()
        assert scheduler.state_digest(cold.snapshot) == scheduler.state_digest(warm.snapshot)

    def decided(self):
        rows = self.super.execute("SELECT kind, count(*) FROM ledger.decision GROUP BY kind").fetchall()
        return Counter(dict(rows))

    def noticed_again(self):
        """Return the attempts whose owners had notice that funding ends twice, with no renewal in between."""
        rows = self.super.execute(
            "SELECT attempt, kind, lag(kind) OVER (PARTITION BY attempt ORDER BY sequence) FROM ledger.decision "
            "WHERE kind IN ('Renew', 'Refuse')"
        ).fetchall()
        return [attempt for attempt, kind, before in rows if kind == before == "Refuse"]
