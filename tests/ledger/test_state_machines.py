"""The ledger against an independent model of plain dicts: books (I4, I9) and leases under two leaders (I10).

Each rule makes a request, legal or not, says from the model alone what must come of it, and compares.
"""

import itertools
import uuid

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import stateful
from hypothesis import strategies as st

from hanse.ledger import attempts, balances, books, database, decisions, errors, term, transfers

# A database for each example: few examples of many steps.
SETTINGS = hypothesis.settings(
    max_examples=max(10, hypothesis.settings().max_examples // 10), stateful_step_count=25, deadline=None
)
HOUR = 3600


class Machine(stateful.RuleBasedStateMachine):
    """A state machine on a world of its own."""

    make_world = None

    def __init__(self):
        super().__init__()
        self.world = type(self).make_world()

    def teardown(self):
        self.world.close()


class Books(Machine):
    """Reserve, resolve, post, correct, move a ceiling; in any order, twice, and too much."""

    def __init__(self):
        super().__init__()
        world = self.world
        self.entry = world.admit(funding=(world.funding(HOUR, 10_000, rate=1),))
        (self.decision,) = world.record(self.entry).decisions
        self.cap = f"tencent/cap/month/{world.START}"
        self.sums = {
            name: [0, 0, 0, 0] for name in (self.cap, "pool/reserved", "tencent/use", "alibaba/contribution-used")
        }
        self.ceiling = self.ceiling_max = 10_000
        self.reserved = {}
        self.resolved = {}
        self.posted = {}
        self.corrected = {}
        self.violations = 0
        self.move(self.cap, "pool/reserved", pending=HOUR)

    def move(self, debit, credit, posted=0, pending=0):
        for name, at in ((debit, 0), (credit, 1)):
            self.sums[name][at] += posted
            self.sums[name][at + 2] += pending

    def in_use(self):
        return self.sums[self.cap][0] + self.sums[self.cap][2]

    def post(self, entry):
        return books.post(self.world.operator, self.world.term, [entry])

    @stateful.rule(hour=st.integers(1, 6), amount=st.integers(1, 4000))
    def reserve(self, hour, amount):
        at = self.world.START + hour * HOUR
        entry = transfers.reservation(self.decision, self.entry.attempt, self.cap, at, amount)
        if hour in self.reserved:
            if self.reserved[hour].amount == amount:
                assert self.post(entry) == 0
            else:
                self.contradicts(entry)
        elif self.in_use() + amount > self.ceiling:
            with pytest.raises(errors.CapExceededError):
                self.post(entry)
        else:
            assert self.post(entry) == 1
            self.reserved[hour] = entry
            self.move(self.cap, "pool/reserved", pending=amount)

    def contradicts(self, entry):
        with pytest.raises(errors.ContradictionError):
            self.post(entry)

    @stateful.precondition(lambda self: self.reserved)
    @stateful.rule(data=st.data(), amount=st.integers(0, 4500))
    def resolve(self, data, amount):
        hour = data.draw(st.sampled_from(sorted(self.reserved)))
        entry = transfers.resolution(self.reserved[hour], amount)
        if hour in self.resolved:
            if self.resolved[hour] == amount:
                assert self.post(entry) == 0
            else:
                self.contradicts(entry)
        elif amount > self.reserved[hour].amount:
            with pytest.raises(errors.RefusedError):
                self.post(entry)
        else:
            assert self.post(entry) == 1
            self.resolved[hour] = amount
            self.move(self.cap, "pool/reserved", posted=amount, pending=-self.reserved[hour].amount)

    @stateful.rule(hour=st.integers(0, 3), amount=st.integers(1, 10**9))
    def use(self, hour, amount):
        run = transfers.Run(self.world.START + hour * HOUR, 0)
        sides = ("tencent/use", "alibaba/contribution-used")
        entry = transfers.single(run, transfers.Purpose.USE, sides, amount, self.entry.attempt)
        if hour in self.posted:
            if self.posted[hour].amount == amount:
                assert self.post(entry) == 0
            else:
                self.contradicts(entry)
        else:
            assert self.post(entry) == 1
            self.posted[hour] = entry
            self.corrected[hour] = 0
            self.move(*sides, posted=amount)

    @stateful.precondition(lambda self: self.posted)
    @stateful.rule(data=st.data(), share=st.integers(1, 120))
    def correct(self, data, share):
        hour = data.draw(st.sampled_from(sorted(self.posted)))
        original = self.posted[hour]
        amount = max(1, original.amount * share // 100)
        wanted = books.Correction(original.id, amount, "agreed")
        if self.corrected[hour] + amount > original.amount:
            with pytest.raises(errors.RefusedError):
                books.correct(self.world.operator, self.world.term, wanted)
        else:
            books.correct(self.world.operator, self.world.term, wanted)
            self.corrected[hour] += amount
            self.move(original.credit, original.debit, posted=amount)

    @stateful.rule(ceiling=st.integers(0, 20_000))
    def set_ceiling(self, ceiling):
        """A cap may be lowered below what is in use: then nothing more is taken until it fits again."""
        with database.transaction(self.world.operator) as connection:
            statement = sa.text("SELECT ledger.open_cap(:term, :name, 'tencent', :ceiling)")
            connection.execute(statement, {"term": self.world.term, "name": self.cap, "ceiling": ceiling})
        self.ceiling = ceiling
        self.ceiling_max = max(self.ceiling_max, ceiling)

    @stateful.invariant()
    def the_books_are_the_models(self):
        found = {each.name: each for each in balances.read(self.world.auditor)}
        for name, sums in self.sums.items():
            its = found[name]
            assert [its.debits_posted, its.credits_posted, its.debits_pending, its.credits_pending] == sums
        assert sum(each.debits_posted - each.credits_posted for each in found.values()) == 0
        assert self.in_use() <= self.ceiling_max
        assert balances.mismatches(self.world.auditor) == []


class Leases(Machine):
    """Two leaders and two agents, of which each may be late, repeat itself, or use a fence of long ago."""

    def __init__(self):
        super().__init__()
        self.jobs = [uuid.UUID(int=number) for number in (1, 2)]
        self.attempts = {}  # (job, fence) -> what the model knows
        self.deadline = {}  # (job, fence) -> until when its agent, by its own count, may run it
        self.terms = [self.world.term]
        self.cycles = {self.world.term: 0}

    def latest(self, job):
        return max((fence for its, fence in self.attempts if its == job), default=0)

    def is_live(self, key):
        return key in self.attempts and self.attempts[key]["state"] in {"admitted", "leased", "draining", "suspect"}

    def entry(self, job, fence):
        return self.world.admit(job=job, fence=fence, gpus=1)

    def record(self, leader, entry, fits):
        """Record one entry as a leader, which may be an old one; say whether it was recorded."""
        cycle = self.world.plan(entry, term=leader, cycle=self.cycles[leader] + 1)
        if leader != self.terms[-1]:
            with pytest.raises(errors.StaleTermError):
                decisions.record(self.world.operator, cycle)
        elif not fits:
            with pytest.raises(errors.AttemptConflictError):
                decisions.record(self.world.operator, cycle)
        else:
            decisions.record(self.world.operator, cycle)
            self.cycles[leader] += 1
            return True
        return False

    leaders = st.integers(0, 1)
    some_job = st.integers(0, 1)
    some_fence = st.integers(1, 4)

    def leader(self, choice):
        return self.terms[-1 - choice] if len(self.terms) > choice else self.terms[-1]

    @stateful.rule(choice=leaders, job=some_job, ahead=st.integers(-1, 1))
    def admit(self, choice, job, ahead):
        job = self.jobs[job]
        fence = max(1, self.latest(job) + ahead)
        fits = fence > self.latest(job) and not self.is_live((job, self.latest(job)))
        if self.record(self.leader(choice), self.entry(job, fence), fits):
            self.attempts[job, fence] = {"state": "admitted", "until": 0, "stopped": False}

    @stateful.rule(choice=leaders, job=some_job, fence=some_fence)
    def stop(self, choice, job, fence):
        key = (self.jobs[job], fence)
        its = self.attempts.get(key)
        fits = its is not None and self.is_live(key) and not its["stopped"]
        if self.record(self.leader(choice), self.world.stop(self.entry(*key)), fits):
            its["stopped"] = True
            its["state"] = {"admitted": "withdrawn", "leased": "draining", "suspect": "suspect"}[its["state"]]

    @stateful.rule(choice=leaders, job=some_job, fence=some_fence)
    def expire(self, choice, job, fence):
        key = (self.jobs[job], fence)
        its = self.attempts.get(key)
        fits = its is not None and its["state"] == "suspect" and its["until"] + 30 < self.world.now
        if self.record(self.leader(choice), self.world.expire(self.entry(*key)), fits):
            its["state"] = "expired"

    @stateful.rule(
        job=some_job,
        fence=some_fence,
        cluster=st.sampled_from(["alibaba-cluster", "tencent-cluster"]),
        process=st.sampled_from([uuid.UUID(int=1), uuid.UUID(int=2)]),
    )
    def grant(self, job, fence, cluster, process):
        key = (self.jobs[job], fence)
        its = self.attempts.get(key)
        fits = its is not None and cluster == "alibaba-cluster" and its["state"] in {"admitted", "leased"}
        answer = attempts.grant(self.world.api, cluster, self.entry(*key).attempt, fence, process)
        assert answer.granted == fits
        if fits:
            assert answer.first == (process == its.setdefault("granted_to", process))
            self.hold(key, its, "leased")

    def hold(self, key, its, state):
        its["state"] = state
        its["until"] = max(its["until"], self.world.now + 61)
        self.deadline[key] = self.world.now + 60

    @stateful.rule(data=st.data())
    def renew(self, data):
        keys = data.draw(st.lists(st.tuples(st.sampled_from(self.jobs), self.some_fence), max_size=4, unique=True))
        held = [(self.entry(*key).attempt, key[1]) for key in keys]
        verdicts = {each.attempt: each.verdict for each in attempts.renew(self.world.api, "alibaba-cluster", held)}
        for key, (attempt, _) in zip(keys, held, strict=True):
            its = self.attempts.get(key)
            if its is None or its["state"] not in {"leased", "draining", "suspect"}:
                assert verdicts[attempt] == "cancel"
                self.deadline.pop(key, None)
            else:
                self.hold(key, its, "draining" if its["stopped"] else "leased")
                assert verdicts[attempt] == ("drain" if its["stopped"] else "keep")

    @stateful.rule(job=some_job, fence=some_fence)
    def release(self, job, fence):
        key = (self.jobs[job], fence)
        its = self.attempts.get(key)
        fits = its is not None and its["state"] in {"leased", "draining", "suspect", "released"}
        assert attempts.release(self.world.api, "alibaba-cluster", self.entry(*key).attempt, fence, "done") == fits
        self.deadline.pop(key, None)
        if fits:
            its["state"] = "released"

    @stateful.rule(seconds=st.sampled_from([1, 20, 59, 62, 100]))
    def wait(self, seconds):
        self.world.set_clock(self.world.now + seconds)

    @stateful.rule()
    def lapse(self):
        lapsed = attempts.lapse(self.world.operator, self.terms[-1])
        due = [
            key
            for key, its in self.attempts.items()
            if its["state"] in {"leased", "draining"} and its["until"] < self.world.now
        ]
        assert set(lapsed) == {self.entry(*key).attempt for key in due}
        for key in due:
            self.attempts[key]["state"] = "suspect"

    @stateful.rule()
    def another_leader(self):
        self.terms.append(term.take(self.world.operator, "another"))
        self.cycles[self.terms[-1]] = 0

    @stateful.invariant()
    def the_states_are_the_models(self):
        rows = self.world.super.execute("SELECT job, fence, state FROM ledger.attempt").fetchall()
        assert {(job, fence): state for job, fence, state in rows} == {
            key: its["state"] for key, its in self.attempts.items()
        }

    @stateful.invariant()
    def a_job_never_runs_twice(self):
        """By the count of those who run it, on whatever side of a partition they are."""
        running = [job for (job, _), until in self.deadline.items() if self.world.now < until]
        assert len(running) == len(set(running))
        for job, its in itertools.groupby(sorted(self.attempts), key=lambda key: key[0]):
            assert sum(self.is_live(key) for key in its) <= 1, job


@pytest.mark.parametrize("machine", [Books, Leases])
def test_the_ledger_does_what_the_model_says(make_world, machine):
    machine.make_world = staticmethod(make_world)
    stateful.run_state_machine_as_test(machine, settings=SETTINGS)


def test_refused_requests_with_old_fences_leave_one_fact_each(world):
    entry = world.admit()
    world.record(entry)
    for _ in range(3):
        attempts.renew(world.api, "alibaba-cluster", [(entry.attempt, 7)])
        attempts.grant(world.api, "tencent-cluster", entry.attempt, 1, uuid.uuid4())
    facts = world.super.execute("SELECT detail FROM ledger.fact WHERE kind = 'LeaseRefused' ORDER BY detail").fetchall()
    assert facts == [("grant: another cluster",), ("renew: another fence",)]


@pytest.mark.parametrize("fence", [1, 3])
def test_an_attempts_own_id_under_another_fence_changes_nothing(world, fence):
    entry = world.admit(fence=2)
    world.record(entry)
    assert not attempts.grant(world.api, "alibaba-cluster", entry.attempt, fence, uuid.uuid4()).granted
    assert world.grant(entry).granted
    before = world.super.execute("SELECT * FROM ledger.attempt").fetchall()
    world.set_clock(world.now + 10)
    (answer,) = attempts.renew(world.api, "alibaba-cluster", [(entry.attempt, fence)])
    assert answer.verdict == "cancel"
    assert not attempts.release(world.api, "alibaba-cluster", entry.attempt, fence, "done")
    assert world.super.execute("SELECT * FROM ledger.attempt").fetchall() == before


def test_a_lost_attempt_expires_after_its_lease_and_the_whole_grace_and_not_a_second_before(world):
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    world.set_clock(world.START + 61)
    assert attempts.lapse(world.operator, world.term) == []
    world.set_clock(world.START + 62)
    assert attempts.lapse(world.operator, world.term) == [entry.attempt]
    world.set_clock(world.START + 61 + 30)
    with pytest.raises(errors.AttemptConflictError):
        world.record(world.expire(entry))
    world.set_clock(world.START + 61 + 31)
    world.record(world.expire(entry))
    assert attempts.live(world.operator) == []


def test_all_of_a_posting_can_be_corrected_and_not_one_unit_more(world):
    run, sides = transfers.Run(world.START, 0), ("tencent/use", "alibaba/contribution-used")
    entry = transfers.single(run, transfers.Purpose.USE, sides, 1000, None)
    books.post(world.operator, world.term, [entry])
    for amount in (400, 600):
        books.correct(world.operator, world.term, books.Correction(entry.id, amount, "agreed"))
    with pytest.raises(errors.RefusedError):
        books.correct(world.operator, world.term, books.Correction(entry.id, 1, "agreed"))
