"""A pool's life in any order against an auditor of its own: admit, stop, heartbeat, drop, duplicate, reorder, late,
restart, correct; with a real Postgres, and at the end an export that verifies (I4, I7, I9, I10).
"""

import dataclasses
import tempfile
import uuid
from collections import Counter
from pathlib import Path

import hypothesis
import pytest
from befalling import GRACE, LEASE, NODE, NODES, Befalling, has_live
from bookkeeper import HOUR, LIVE, Attempt, Bookkeeper
from hypothesis import stateful
from hypothesis import strategies as st
from meters import DID, POSTINGS, SLOT, sign_slot
from played import act

from hanse.ledger import attempts, balances, books, errors, export, posting, registry, term, verify
from hanse.ledger import slots as ledger_slots

# A database for each example, and an export at its end.
SETTINGS = hypothesis.settings(
    max_examples=max(8, hypothesis.settings().max_examples // 20), stateful_step_count=30, deadline=None
)
STEP = 300
CEILING = 14_000_000
RATE = 2400
STRANGER = "00000000-0000-0000-0000-000000000009"
MEMBERS = st.sampled_from(["alibaba", "tencent"])
TIERS = st.sampled_from([("standard", 1200), ("spot", 700)])


class Pool(Befalling):
    """The pool itself: agents that run what they hold a lease for, meters, a network, a leader; and the model."""

    make_world = None

    def __init__(self):
        super().__init__()
        self.world = type(self).make_world()
        registry.set_metering(self.world.operator, slot_seconds=SLOT, grace_seconds=SLOT, term=self.world.term)
        self.model = Bookkeeper(CEILING)
        self.entries = {}
        self.runs = dict.fromkeys(NODES, "idle")  # what really runs there
        self.gives_up = {}  # attempt -> when its agent stops it, having heard nothing
        self.did = {node: [] for node in NODES}  # in the slot that is open
        self.lies = set()
        self.wire, self.sent = [], []
        self.silent, self.is_jammed = set(), False
        self.half, self.cut_off, self.contradicted = False, {}, set()
        self.old_term = None
        self.for_others = set()  # attempts that others were stopped for

    def teardown(self):
        try:
            self.finish()
        finally:
            self.world.close()

    # The hub.

    @stateful.initialize(member=MEMBERS, node=NODE, tier=TIERS)
    def begin(self, member, node, tier):
        self.admit(member, node, tier, capped=True)
        self.tick(1)

    @stateful.rule(member=MEMBERS, node=NODE, tier=TIERS, capped=st.booleans())
    def admit(self, member, node, tier, capped):
        if not self.model.is_free(node) or (self.half and capped):
            return
        world = self.world
        funding = (world.funding(HOUR, CEILING, rate=RATE),) if capped else ()
        job = uuid.UUID(int=len(self.entries) + 1)  # the same in each replay of an example
        entry = world.admit(member, on=node.removesuffix("-node"), job=job, tier=tier, funding=funding)
        terms = dataclasses.replace(entry.admission, lease_seconds=LEASE, grace_seconds=GRACE)
        entry = dataclasses.replace(entry, admission=terms)
        hour = world.now - world.now % HOUR
        first = min(HOUR, hour + HOUR - world.now)
        parts = {hour: first * RATE, hour + HOUR: (HOUR - first) * RATE} if capped else {}
        reserved = {at: amount for at, amount in parts.items() if amount}
        if not self.model.fits(member, reserved):
            with pytest.raises(errors.CapExceededError):
                world.record(entry)
            return
        world.record(entry)
        name = str(entry.attempt)
        self.entries[name] = entry
        self.model.attempts[name] = Attempt(name, member, node, tier[1], LEASE, GRACE, reserved)

    @has_live
    @stateful.rule(data=st.data())
    def stop(self, data):
        name = self.live(data)
        its = self.model.attempts[name]
        if its.stopped:
            with pytest.raises(errors.AttemptConflictError):
                self.world.record(self.world.stop(self.entries[name]))
            return
        self.world.record(self.world.stop(self.entries[name]))
        its.stop(self.world.now)

    @stateful.rule()
    def look_after_leases(self):
        now = self.world.now
        due = {
            name for name, its in self.model.attempts.items() if its.state in {"leased", "draining"} and its.until < now
        }
        assert {str(each) for each in attempts.lapse(self.world.operator, self.world.term)} == due
        for name in due:
            self.model.attempts[name].state = "suspect"
        for name, its in self.model.attempts.items():
            if its.state == "suspect" and its.until + its.grace_seconds < now:
                self.world.record(self.world.expire(self.entries[name]))
                its.end(now, "expired")

    @stateful.rule()
    def another_leader(self):
        self.old_term = self.world.term
        self.world.term, self.world.cycle = term.take(self.world.operator, "another"), 0

    # The agents.

    def heartbeat(self, name):
        """Ask for a lease; the agent runs what it is granted, until it hears nothing for a lease's time."""
        its, entry = self.model.attempts[name], self.entries[name]
        if its.state == "admitted":
            if any(
                each.node == its.node and each.state in LIVE - {"admitted"} for each in self.model.attempts.values()
            ):
                return  # it waits until who was stopped for it has ended
            assert self.world.grant(entry).granted
            self.runs[its.node] = name
        elif name not in self.gives_up:
            return  # the agent has stopped it by itself, and does not ask for it again
        else:
            cluster = entry.admission.cluster
            (answer,) = attempts.renew(self.world.api, cluster, [(entry.attempt, 1)])
            assert answer.verdict == ("drain" if its.stopped else "keep")
        its.lease(self.world.now)
        self.gives_up[name] = self.world.now + LEASE

    @has_live
    @stateful.rule(data=st.data())
    def release(self, data):
        name = self.live(data)
        its, entry = self.model.attempts[name], self.entries[name]
        self.halt(name)
        if its.state == "admitted":
            return
        attempts.release(self.world.api, entry.admission.cluster, entry.attempt, 1, "done")
        its.end(self.world.now, "released")

    def halt(self, name):
        for node in NODES:
            if self.runs[node] == name:
                self.runs[node] = "idle"
        self.gives_up.pop(name, None)

    # Time, and what meters sign.

    @stateful.rule()
    def hours_pass_and_are_posted(self):
        self.tick(2 * HOUR // STEP)
        self.post(None)

    @stateful.rule(steps=st.integers(1, 8))
    def tick(self, steps):
        for _ in range(steps):
            for name, its in self.model.attempts.items():
                if its.state in LIVE and its.node not in self.silent and self.world.now // STEP % 2 == 0:
                    self.heartbeat(name)
            for node in NODES:
                self.did[node].append((STEP, self.runs[node]))
            self.world.set_clock(self.world.now + STEP)
            for name, at in list(self.gives_up.items()):
                if at <= self.world.now:
                    self.halt(name)
            if self.world.now % SLOT == 0:
                for node in NODES:
                    self.sign(node)
                while self.wire and not self.is_jammed:
                    self.deliver_one(0)

    def sign(self, node):
        """Sign what a node did in the slot that ends now, and put it on the wire."""
        member, start = node.removesuffix("-node"), self.world.now - SLOT
        its, self.did[node] = self.did[node], []
        if node in self.lies:
            its = [(seconds, STRANGER if who == "idle" else who) for seconds, who in its]
            self.lies.discard(node)
        self.wire.append((member, sign_slot(self.world, member, start, its), its))

    # The network: in any order, twice, late or never.

    @stateful.rule(is_jammed=st.booleans())
    def jam(self, is_jammed):
        """From now on slots stay on the wire, until they are delivered one by one; or all come at once again."""
        self.is_jammed = is_jammed

    @stateful.precondition(lambda self: self.wire)
    @stateful.rule(data=st.data(), count=st.integers(1, 6))
    def deliver(self, data, count):
        for _ in range(min(count, len(self.wire))):
            self.deliver_one(data.draw(st.integers(0, len(self.wire) - 1)))

    def deliver_one(self, index):
        member, (key, signed), did = self.wire.pop(index)
        (answer,) = self.world.ingest(member, signed)
        assert answer.outcome == "stored", answer.reason
        self.model.stored[key] = did
        self.sent.append((member, key, signed, did))

    @stateful.precondition(lambda self: self.wire)
    @stateful.rule()
    def die_while_storing(self):
        """The API service dies after it stored a slot and before it committed: the agent still has to send it."""
        whole = ledger_slots._store

        def dying(*arguments):
            whole(*arguments)
            raise KeyboardInterrupt

        ledger_slots._store = dying
        try:
            with pytest.raises(KeyboardInterrupt):
                self.world.ingest(self.wire[0][0], self.wire[0][1][1])
        finally:
            ledger_slots._store = whole

    @stateful.precondition(lambda self: self.wire)
    @stateful.rule(data=st.data())
    def drop(self, data):
        self.wire.pop(data.draw(st.integers(0, len(self.wire) - 1)))

    @stateful.precondition(lambda self: self.sent)
    @stateful.rule(data=st.data())
    def duplicate(self, data):
        member, _, signed, _ = data.draw(st.sampled_from(self.sent))
        (answer,) = self.world.ingest(member, signed)
        assert answer.outcome == "duplicate"

    @stateful.precondition(lambda self: self.sent)
    @stateful.rule(data=st.data())
    def contradict(self, data):
        """A node signs another body for a slot that is stored: it changes nothing, and is on record once."""
        member, (_, start), signed, did = data.draw(st.sampled_from(self.sent))
        other = [(SLOT, "down")] if did != [(SLOT, "down")] else [(SLOT, "idle")]
        key, again = sign_slot(self.world, member, start, other, keep=False)
        if again.body != signed.body:
            (answer,) = self.world.ingest(member, again)
            assert answer.outcome == "conflict"
            self.contradicted.add((key, again.body))

    # The books.

    @stateful.rule(dies_after=st.sampled_from([None, None, 0, 1]))
    def post(self, dies_after):
        if self.old_term is not None:
            with pytest.raises(errors.StaleTermError):
                posting.post(self.world.operator, self.old_term, self.world.START)
            self.old_term = None
        for hour in posting.due(self.world.operator):
            if dies_after is not None and self.dies(hour, dies_after):
                return
            posting.post(self.world.operator, self.world.term, hour)
            self.posted(hour)
        self.half = False

    def posted(self, hour):
        """Have the model post the hour too, from what the ledger cut off: what was stored before a death, not after."""
        stored = self.model.stored
        self.model.stored = self.cut_off.pop(hour, stored)
        self.model.post(hour)
        self.model.stored = stored

    def dies(self, hour, after):
        """Post an hour and die after so many members' parts; say whether it did."""
        whole, left = posting._post_member, [after]

        def dying(*arguments):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return whole(*arguments)

        self.cut_off.setdefault(hour, dict(self.model.stored))
        posting._post_member = dying
        try:
            posting.post(self.world.operator, self.world.term, hour)
        except KeyboardInterrupt:
            self.half = True
            if hour not in self.model.posted:
                self.model.credit_early(
                    hour, {"alibaba", "tencent"} if after > 1 else {"alibaba"} if after else set(), self.cut_off[hour]
                )
            return True
        finally:
            posting._post_member = whole
        self.posted(hour)
        return False

    @stateful.precondition(lambda self: not self.half)
    @stateful.rule()
    def give_back(self):
        assert posting.void_unused(self.world.operator, self.world.term) == self.model.give_back()

    @stateful.rule(data=st.data(), share=st.integers(1, 1200))
    def correct(self, data, share):
        found = self.world.super.execute(POSTINGS).fetchall()
        if not found:
            return
        original, attempt, debit, credit, amount, before = data.draw(st.sampled_from(found))
        back, its = max(1, amount * share // 1000), self.model.attempts[attempt]
        given = back if debit == f"{its.member}/use" else -back
        wanted = books.Correction(original, back, "agreed")
        if before + back > amount or (its.credited and not self.half and self.model.paid(its) < given):
            with pytest.raises(errors.RefusedError):
                books.correct(self.world.operator, self.world.term, wanted)
            return
        try:
            books.correct(self.world.operator, self.world.term, wanted)
        except errors.RefusedError:
            assert self.half  # of an hour that is posted for some, nobody but the ledger knows what was charged
            assert its.credited
            return
        self.model.corrected.update({credit: back, debit: -back})
        self.model.back[attempt] += given

    # What must hold.

    @stateful.invariant()
    def the_books_are_the_auditors(self):
        read = balances.read(self.world.operator)
        assert sum(each.debits_posted - each.credits_posted for each in read) == 0
        for each in read:
            if each.ceiling is not None:
                assert each.debits_posted + each.debits_pending <= CEILING
        if self.half:
            return
        found = {self.short(each.name): each.debits_posted - each.credits_posted for each in read}
        assert {name: amount for name, amount in found.items() if amount} == self.model.balances()
        pending = {each.member: each.debits_pending for each in read if each.ceiling is not None}
        assert {name: amount for name, amount in pending.items() if amount} == {
            name: amount for name in ("alibaba", "tencent") if (amount := self.model.pending(name))
        }

    @staticmethod
    def short(name):
        return name.partition("/cap/")[0] + "/cap" if "/cap/" in name else name

    @stateful.invariant()
    def attempts_are_as_the_auditor_saw_them(self):
        rows = self.world.super.execute("SELECT id::text, state FROM ledger.attempt").fetchall()
        assert dict(rows) == {name: its.state for name, its in self.model.attempts.items()}

    @stateful.invariant()
    def what_gpus_did_is_what_was_sent(self):
        if self.half:
            return
        did = self.model.did()
        for member, *seconds in self.world.super.execute(DID).fetchall():
            assert seconds == [did[member, what] for what in ("used", "idle", "down", "unknown")]

    def finish(self):
        """All that is on the wire comes, late; all is posted; nothing is left over, and an export verifies."""
        while self.wire:
            self.deliver_one(0)
        self.world.set_clock(self.world.now + 2 * HOUR)
        for _ in range(20):
            hours = posting.due(self.world.operator)
            if not hours:
                break
            for hour in hours:
                posting.post(self.world.operator, self.world.term, hour)
                self.posted(hour)
        self.half = False
        assert self.model.unposted() == set()
        self.the_books_are_the_auditors()
        self.what_gpus_did_is_what_was_sent()
        kinds = Counter(kind for (kind,) in self.world.super.execute("SELECT kind FROM ledger.violation").fetchall())
        assert kinds["SlotConflict"] == len(self.contradicted)
        act(self.world)
        with tempfile.TemporaryDirectory() as folder:
            export.export(self.world.auditor, "2026-11", Path(folder))
            assert [str(each) for each in verify.verify(Path(folder)).findings] == []


def test_a_pools_books_are_what_an_auditor_of_its_own_keeps(make_world):
    Pool.make_world = staticmethod(make_world)
    stateful.run_state_machine_as_test(Pool, settings=SETTINGS)
