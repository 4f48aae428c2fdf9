"""Suspect attempts: what becomes of those whose lease ran out, as their jobs say and the brake allows.

In: the ledger's suspects and agents, the world, the mirror. Out: groups of entries that expire attempts, recorded in
the same cycle as the plan; and which nodes take no work, or count no more, as their cluster is silent. An attempt that
is expired is powerless whatever its agent does: it gave up before its lease ended, and what it says later is refused.
"""

import dataclasses

import structlog
from sqlalchemy import Engine

from hanse.ledger import attempts, facts, reports
from hanse.ledger.attempts import Suspect
from hanse.ledger.decisions import Effect, Entry
from hanse.operator.entries import Group
from hanse.operator.mirror import Mirror
from hanse.operator.reach import HEARD_SECONDS, STEADY_SECONDS, Brake, Reach, reach
from hanse.operator.world import World

EXPIRE = "Expire"
_log = structlog.get_logger(__name__)


class Suspects:
    """What one leader knows of silent clusters and of the attempts there."""

    def __init__(self, engine: Engine, term: int, world: World, mirror: Mirror) -> None:
        self._engine, self._term, self._world, self._mirror = engine, term, world, mirror
        self._brake = Brake()
        self._began: int | None = None
        self._found: list[Suspect] = []
        self.reach = Reach(0)
        self.agents: dict[str, reports.Agent] = {}
        self._told: dict[str, facts.Kind] | None = None
        self.problem = ""
        """Why suspects are not expired now, if there are any."""

    def restart(self) -> None:
        """Count anew, after the database was away."""
        self._brake.restart()
        self._began = None
        self._told = None

    def read(self) -> None:
        """Read who is heard; call attempts suspect whose lease ran out, once agents had time to renew them.

        Raises:
            StaleTermError: another leader has taken over.

        """
        now, agents = reports.agents(self._engine)
        self.agents = {each.cluster: each for each in agents}
        self.reach = reach(now, agents, self._world.named("MemberCluster"))
        self._brake.look(self.reach)
        self._began = now if self._began is None else self._began
        if now - self._began > STEADY_SECONDS:
            attempts.lapse(self._engine, self._term)
        self._found = attempts.suspects(self._engine)
        self._tell()

    def standing(self, nodes: list[reports.Node]) -> list[reports.Node]:
        """Return the nodes; those of silent clusters take nothing new.

        They are as good as down, unless it is the hub that may be cut off: then they are only unheard, and still count
        for their members, or all that runs there would lose its cover at once and be evicted for others.
        """
        in_doubt = self._brake.in_doubt(self.reach, self.agents.values())
        marks = {name: {"unheard": True} if name in in_doubt else {"ready": False} for name in self.reach.silent}
        return [
            dataclasses.replace(each, body={**each.body, **marks[each.cluster]}) if each.cluster in marks else each
            for each in nodes
        ]

    def groups(self) -> list[Group]:
        """Return a group for each attempt that expires now, in the order of the jobs' uids."""
        found, problems = [], set()
        for suspect in sorted(self._found, key=lambda each: each.job):
            reason = self._reason(suspect)
            if reason is None or not self._is_over(suspect):
                continue
            if problem := self._brake.holds(self.reach, suspect.lease_seconds):
                problems.add(problem)
            else:
                found.append(self._group(suspect, reason))
        self._say(", ".join(sorted(problems)))
        return found

    def _reason(self, suspect: Suspect) -> str | None:
        """Return why the attempt is to expire, or None if its job waits for the cluster."""
        live = self._mirror.live.get(str(suspect.job))
        if live is None or live.id != suspect.id:
            return None  # it has ended meanwhile
        job = self._world.jobs.get(str(suspect.job))
        if job is None:
            # An object that cannot be read is there all the same, and may say that it waits.
            return None if str(suspect.job) in self._world.documents else "JobDeleted"
        if job.metadata.deletion_timestamp is not None:
            return "JobDeleted"
        return None if job.spec.on_cluster_lost == "Hold" else "ClusterLost"

    def _is_over(self, suspect: Suspect) -> bool:
        """Return whether the agent's own deadline is past for certain, whatever its clock shows."""
        policy = self._world.policy()
        margin = int((policy.lease_drift + policy.kill_budget).total_seconds())
        return suspect.lease_until_seconds + max(margin, suspect.grace_seconds) < self.reach.now_seconds

    def _group(self, suspect: Suspect, reason: str) -> Group:
        live = self._mirror.live[str(suspect.job)]
        entry = Entry(
            kind=EXPIRE, effect=Effect.EXPIRE, verdict="Expired", reason=reason, member=live.member, job=suspect.job,
            fence=suspect.fence,
            detail={
                "leaseUntil": suspect.lease_until_seconds,
                "asOf": self.reach.now_seconds,
                "clustersSilent": len(self.reach.silent & self.reach.in_play),
                "clusters": len(self.reach.in_play),
            },
        )  # fmt: skip
        return Group(live.job, (entry,))

    def _tell(self) -> None:
        """Record which clusters fell silent and which came back: it explains what is planned from then on.

        What was recorded last is what counts, whichever leader did it.
        """
        if self._told is None:
            self._told = facts.last_heard(self._engine)
        stale = {cluster for cluster, kind in self._told.items() if kind == facts.Kind.NODE_STALE}
        for cluster in sorted(self.reach.silent - stale):
            at = self.agents[cluster].seen_at_seconds + HEARD_SECONDS
            self._record(facts.Kind.NODE_STALE, at, cluster, "its agent is silent: its nodes take no work")
        for cluster in sorted(self.reach.heard & stale):
            at = self.agents[cluster].seen_at_seconds
            self._record(facts.Kind.NODE_HEALTHY, at, cluster, "its agent is heard again")

    def _record(self, kind: facts.Kind, at_seconds: int, cluster: str, detail: str) -> None:
        facts.record(self._engine, facts.Fact(kind, at_seconds, detail, cluster=cluster), term=self._term)
        if self._told is not None:
            self._told[cluster] = kind
        _log.warning("cluster_" + ("silent" if kind == facts.Kind.NODE_STALE else "heard"), cluster=cluster)

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            if self.reach.problem:
                _log.warning("nobody_is_expired", why=problem)
            elif problem:
                _log.info("expiry_waits", why=problem)  # as after each take-over
            else:
                _log.info("expiry_resumes")
        self.problem = problem
