"""What must hold of the agent whatever happens to pods, hub, network, process and time.

The model below is the rest of the world: a hub that grants and expires leases on its own clock, a kubelet that takes
its time, and a shell that may die after any of a plan's actions. Everything that decides is the agent's own code.
"""

from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hanse.agent import decide, leases
from hanse.agent.gangs import Worker
from hanse.resources.protocol import Cancelled, Ended, Lease, Outcome, SyncAnswer

LIMITS = decide.Limits(kill_budget_seconds=5)
LEASE_SECONDS = 60
NAMES = ("job-a", "job-b")
SEATS = (("node-0", (0,)), ("node-1", (0,)))


@dataclass
class HubAttempt:
    fence: int
    state: str = "admitted"
    until: float = 0.0
    draining: bool = False
    granted_to: UUID | None = None


@dataclass
class Hub:
    """Grants, renews, releases as the ledger's functions do; expires on its own clock."""

    attempts: dict[UUID, HubAttempt] = field(default_factory=dict)

    def answer(self, held, now, process):
        given, cancelled, ended = [], [], []
        for each in held:
            known = self.attempts[each.attempt]
            if each.phase == "Refused":
                continue
            if each.phase == "Released" and known.state in {"leased", "released"}:
                known.state = "released"
                ended.append(Ended(attempt=each.attempt, fence=each.fence))
            elif known.state == "leased" or (known.state == "admitted" and each.phase == "Pending"):
                if known.state == "admitted":
                    known.granted_to = process
                first = each.phase == "Pending" and known.granted_to == process
                known.state, known.until = "leased", max(known.until, now + LEASE_SECONDS + 1)
                given.append(
                    Lease(attempt=each.attempt, fence=each.fence, lease_seconds=LEASE_SECONDS, funded_seconds=None,
                          drain=known.draining, first=first)
                )  # fmt: skip
            else:
                cancelled.append(Cancelled(attempt=each.attempt, fence=each.fence, reason=known.state))
        return SyncAnswer(leases=given, cancelled=cancelled, ended=ended, slot_seconds=300)

    def tick(self, now):
        for known in self.attempts.values():
            if known.state == "leased" and known.until < now:
                known.state = "expired"


class Pool(RuleBasedStateMachine):
    make_placement = None

    @initialize()
    def begin(self):
        self.now, self.hub, self.reachable = 1000.0, Hub(), True
        self.placements, self.pods, self.services, self.gangs = {}, {}, set(), {}
        self.confirmed, self.made, self.created = set(), {}, set()
        self.gone_at, self.fences, self.reports = {}, dict.fromkeys(NAMES, 0), ()
        self.process, self.harmed = uuid4(), set()

    # The user, the operator and the cluster.

    @rule(name=st.sampled_from(NAMES))
    def place(self, name):
        """The hub places a job again only when its last attempt is over, wherever that ran."""
        if any(known.state in {"admitted", "leased"} for known in self.hub.attempts.values()):
            return  # the GPUs, which all placements here have in common, are not free
        self.fences[name] += 1
        placement = self.make_placement(name, self.fences[name], seats=SEATS)
        self.placements[name] = placement
        self.hub.attempts[UUID(placement.spec.attempt)] = HubAttempt(placement.spec.fence)

    def is_live(self, placement):
        return self.hub.attempts[UUID(placement.spec.attempt)].state in {"admitted", "leased"}

    @precondition(lambda self: self.placements)
    @rule(data=st.data(), how=st.sampled_from(["stop", "delete", "drain"]))
    def call_off(self, data, how):
        name = data.draw(st.sampled_from(sorted(self.placements)))
        placement = self.placements[name]
        known = self.hub.attempts[UUID(placement.spec.attempt)]
        if known.state == "admitted":
            known.state = "withdrawn"
        known.draining = True
        if how == "stop":
            spec = placement.spec.model_copy(update={"wanted": "Stopped", "sequence": placement.spec.sequence + 1})
            self.placements[name] = placement.model_copy(update={"spec": spec})
        elif how == "delete":
            del self.placements[name]

    @precondition(lambda self: self.pods)
    @rule(data=st.data(), what=st.sampled_from(["ready", "ready", "ready", "succeeded", "fault", "vanish"]))
    def happen_to_a_pod(self, data, what):
        name = data.draw(st.sampled_from(sorted(self.pods)))
        if what == "vanish":
            self.harmed.add(self.pods[name].attempt)
            del self.pods[name]
        elif what == "fault":
            self.pods[name] = replace(self.pods[name], fault=decide.Stop(Outcome.FAILED, "exit status 1"))
        elif what == "succeeded" and self.pods[name].ready:
            self.pods[name] = replace(self.pods[name], succeeded=True, ready=False)
        else:
            self.pods[name] = replace(self.pods[name], ready=True)

    # The network and the agent's own process.

    @rule(seconds=st.sampled_from([1, 10, 30, 50, 58, 60, 70, 100]), grown=st.booleans())
    def partition(self, seconds, grown):
        """Hub and member do not reach one another for a while, shorter or longer than the lease."""
        self.reachable = False
        self.run(seconds, lost=False, grown=grown)
        self.reachable = True

    @rule(seconds=st.sampled_from([1, 2, 10, 40]), lost=st.booleans(), grown=st.booleans())
    def run(self, seconds, lost, grown):
        """The agent runs for a while, a cycle a second; answers may be lost on the way."""
        for _ in range(seconds):
            self.pass_time(1)
            self.cycle(lost=lost)
            if grown:
                self.pods = {name: replace(pod, ready=not pod.succeeded) for name, pod in self.pods.items()}

    @rule(done=st.integers(0, 4))
    def crash(self, done):
        """The agent dies when it has carried out some of a plan, and is back at once with what it had saved."""
        self.cycle(done=done)
        self.begin_anew({attempt: gang.recalled() for attempt, gang in self.gangs.items()})

    @rule(done=st.integers(0, 4))
    def lose_the_record(self, done):
        """Its file is lost, or of another boot; the process has died in any case."""
        self.cycle(done=done)
        self.begin_anew({})

    def begin_anew(self, gangs):
        self.forget(gangs)
        self.made, self.confirmed = {}, set()

    @rule()
    def stand_by(self):
        """It hears that another speaks for its cluster, which ends before it has done anything."""
        self.forget({})

    def forget(self, gangs):
        """What was granted to the process may have begun, for all that it knows afterwards."""
        self.harmed |= {attempt for attempt, known in self.hub.attempts.items() if known.granted_to}
        self.gangs, self.process = gangs, uuid4()

    def cycle(self, *, done=None, lost=False):
        if self.reachable:
            sent = self.now
            held = leases.held(self.look().reports)
            answer = self.hub.answer(held, self.now, self.process)
            if not lost:
                self.gangs = leases.answered(self.gangs, self.placements, answer, sent)
        plan = self.look()
        self.gangs = dict(plan.gangs)
        for action in plan.actions[:done]:
            self.carry_out(action)

    def look(self):
        world = decide.World(
            self.placements,
            {},
            tuple(self.pods.values()),
            frozenset(self.services),
            self.gangs,
            frozenset(self.confirmed),
            self.made,
        )
        return decide.desired(world, self.now, LIMITS)

    def carry_out(self, action):
        match action:
            case decide.CreateGang(gang):
                self.services.add(gang.attempt)
            case decide.CreateWorker(gang, seat):
                known = self.hub.attempts[gang.attempt]
                assert known.state == "leased", "a pod without a lease"
                assert gang.attempt in self.services
                assert not [
                    pod
                    for pod in self.pods.values()
                    if pod.placement == gang.placement != "" and pod.fence < gang.fence
                ]
                name = f"{gang.attempt}-{seat.rank}"
                assert (gang.attempt, seat.rank) not in self.created, "a worker that was there before"
                self.created.add((gang.attempt, seat.rank))
                self.made.setdefault(gang.attempt, set()).add(seat.rank)
                self.pods[name] = Worker(name, name, gang.attempt, gang.fence, gang.placement, seat.rank, seat.node)
            case decide.DeleteWorker(worker, grace):
                assert grace >= 1
                self.pods[worker.name] = replace(self.pods[worker.name], deleting=True)
                self.gone_at[worker.name] = self.now + grace + LIMITS.kill_budget_seconds - 1
            case decide.DeleteGang(attempt):
                self.services.remove(attempt)
            case decide.ConfirmGone(attempt):
                assert attempt not in {pod.attempt for pod in self.pods.values()}
                self.confirmed.add(attempt)

    def pass_time(self, seconds):
        self.now += seconds
        self.hub.tick(self.now)
        for name in [name for name, at in self.gone_at.items() if at <= self.now]:
            self.pods.pop(name, None)
            del self.gone_at[name]

    # What must hold.

    @invariant()
    def nothing_runs_that_the_hub_has_given_up(self):
        if hasattr(self, "hub"):
            running = {pod.attempt for pod in self.pods.values()}
            expired = {a for a, known in self.hub.attempts.items() if known.state == "expired"}
            assert not running & expired

    @invariant()
    def no_gpu_is_held_twice(self):
        if hasattr(self, "hub"):
            seats = [(pod.node, pod.rank) for pod in self.pods.values()]
            assert len(seats) == len(set(seats))

    @invariant()
    def a_lost_answer_costs_no_attempt(self):
        if hasattr(self, "hub"):
            ended = {attempt for attempt, gang in self.gangs.items() if gang.stop and gang.stop.outcome == "PoolFault"}
            assert ended <= self.harmed

    def teardown(self):
        """Left in peace, everything comes to rest: each gang runs whole or is gone, and the hub knows which."""
        if not hasattr(self, "hub"):
            return
        self.reachable = True
        for _ in range(200):
            self.pass_time(1)
            self.cycle()
        assert () == self.look().actions
        live = {UUID(p.spec.attempt) for p in self.placements.values() if self.is_live(p)}
        assert live == {pod.attempt for pod in self.pods.values()} == self.services
        assert all(len(SEATS) == sum(pod.attempt == each for pod in self.pods.values()) for each in live)
        assert not [a for a, k in self.hub.attempts.items() if k.state == "leased" and a not in live]


@pytest.fixture(name="machine")
def _machine(make_placement):
    return type("Played", (Pool,), {"make_placement": staticmethod(make_placement)})


def test_whatever_happens_the_agent_keeps_its_promises(machine):
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=30))


def test_a_first_answer_that_is_lost_costs_no_attempt(machine):
    pool = machine()
    pool.begin()
    pool.place("job-a")
    pool.run(2, lost=True, grown=False)
    pool.run(2, lost=False, grown=True)
    assert [True] == [gang.ran for gang in pool.gangs.values()]
    pool.teardown()
