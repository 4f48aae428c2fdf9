"""What befalls a pool, as rules of a state machine: others' jobs, silence, breakage, lies.

In: a machine with a world, a model, entries by attempt, and what runs on each node. Out: rules that
:mod:`test_bookkeeping` adds to those of its own.
"""

import dataclasses
import uuid

from bookkeeper import LIVE, Attempt
from hypothesis import stateful
from hypothesis import strategies as st
from played import HOME

from hanse.ledger import reports

LEASE, GRACE = 900, 300
NODES = ("alibaba-node", "tencent-node")
NODE = st.sampled_from(NODES)
has_live = stateful.precondition(lambda self: any(its.state in LIVE for its in self.model.attempts.values()))


class Befalling(stateful.RuleBasedStateMachine):
    """The part of a pool's life that nobody in it chooses."""

    def live(self, data):
        return data.draw(
            st.sampled_from(sorted(name for name, its in self.model.attempts.items() if its.state in LIVE))
        )

    @has_live
    @stateful.rule(data=st.data(), lost=st.sampled_from([0, 60, 10**6]))
    def preempt(self, data, lost):
        """Stop an attempt for another member's, which waits for its node; what it is said to lose is credited."""
        name = self.live(data)
        its = self.model.attempts[name]
        if its.stopped or name in self.for_others:
            return
        member = "alibaba" if its.member == "tencent" else "tencent"
        job = uuid.UUID(int=len(self.entries) + 1)
        entry = self.world.admit(member, on=its.node.removesuffix("-node"), job=job)
        terms = dataclasses.replace(entry.admission, lease_seconds=LEASE, grace_seconds=GRACE)
        entry = dataclasses.replace(entry, admission=terms, strength=HOME)
        victim = self.world.stop(self.entries[name], cause_index=0, detail={"lostGpuSeconds": lost})
        self.world.record(entry, victim)
        its.stop(self.world.now)
        its.lost = lost
        other = str(entry.attempt)
        self.entries[other] = entry
        self.for_others.add(other)
        self.model.attempts[other] = Attempt(other, member, its.node, 1200, LEASE, GRACE, {})

    @has_live
    @stateful.rule(data=st.data())
    def save(self, data):
        """A worker commits a checkpoint of record; after a stop it means that nothing is lost."""
        name = self.live(data)
        its, entry = self.model.attempts[name], self.entries[name]
        cluster, step = entry.admission.cluster, self.world.now
        answer = reports.commit_checkpoint(self.world.api, cluster, entry.attempt, 1, step=step, uri=f"s3://{step}")
        assert (answer is None) == (its.state != "admitted")
        its.saved = its.saved or (answer is None and its.stopped)

    @stateful.rule(node=NODE, is_silent=st.booleans())
    def lose_or_find_the_hub(self, node, is_silent):
        """An agent's heartbeats are dropped from now on, or come again."""
        (self.silent.add if is_silent else self.silent.discard)(node)

    @stateful.rule(node=NODE, is_down=st.booleans())
    def break_or_mend(self, node, is_down):
        if self.runs[node] in {"idle", "down"}:
            self.runs[node] = "down" if is_down else "idle"

    @stateful.rule(node=NODE)
    def lie(self, node):
        """In its next slot the node says that an attempt ran there which nobody admitted."""
        self.lies.add(node)
