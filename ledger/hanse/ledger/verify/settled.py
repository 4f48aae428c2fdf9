"""C14: a period was settled in its time, for what its books came to then, and closed; disputes took their course.

In: an export's rows, transfers one by one. Out: findings. For each pair of parties the transfers are added up again to
the moment of each statement; nothing is booked after its last one. What a final statement needs is computed again: time
to dispute, no open dispute, enough GPU time known of both.
"""

import bisect
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from hanse.evidence import identity
from hanse.evidence.shape import Fields
from hanse.ledger import acts, rows, transfers
from hanse.ledger.bundle import Bundle
from hanse.ledger.transfers import Kind, Purpose, Transfer
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding, keep
from hanse.ledger.verify.stamps import SKEW_US

_MILLI = 1000
_NEXT = {"": {"initial"}, "initial": {"final", "true-up"}, "final": {"true-up"}}
_ENDS = frozenset({"accepted", "refused", "withdrawn", "expired"})
_Key = tuple[str, int]


class Settled:
    """What is checked of a period's settlement: first the rows that say it, then each transfer, then all together.

    Of transfers it keeps sums, one for each pair and statement, and what is disputed or was given back.
    """

    def __init__(self, read: Bundle) -> None:
        self._read = read
        self._by_pair: dict[str, list[acts.Settled]] = defaultdict(list)
        for row in sorted(read.settlements, key=lambda row: row.sequence):
            if row.period == read.header.period:
                self._by_pair[row.pair].append(row)
        self._places = {pair: [row.sequence for row in its] for pair, its in self._by_pair.items()}
        self._own: dict[_Key, int] = defaultdict(int)
        self._later: dict[_Key, int] = defaultdict(int)
        self._known_at: dict[int, Mapping[str, tuple[int, int]]] = {}
        self._disputes = [row for row in sorted(read.acts, key=lambda row: row.sequence) if row.kind == "Dispute"]
        self._held: dict[tuple[str, int], set[str]] = {
            (str(row.body["attempt"]), hour): set()
            for row in self._disputes
            if "attempt" in row.body and isinstance(hour := row.body.get("hour"), int)
        }
        self._granted = {(row.subject, each) for row in self._disputes for each in _named(row)}
        self._given_back = {each: False for row in self._disputes for each in _named(row)}
        self._found: list[Finding] = []

    def add(self, booked: rows.Booked) -> None:
        """Take the next transfer."""
        its = booked.transfer
        pair = transfers.pair(its.debit, its.credit)
        if str(its.id) in self._given_back:
            if self._given_back[str(its.id)]:
                keep(
                    self._found, [Finding("C14", booked.where, f"{its.id}, which a ruling gave back, is booked twice")]
                )
            self._given_back[str(its.id)] = True
        if its.purpose is Purpose.ADJUSTMENT and its.kind is Kind.SINGLE and not self._is_granted(its):
            keep(self._found, [Finding("C14", booked.where, "the pool's adjustments bear what no ruling has granted")])
        held = self._held.get((str(its.attempt), its.hour_seconds))
        if held is not None and its.kind is Kind.SINGLE and its.purpose is not Purpose.CAP:
            held.add(pair)
        place = bisect.bisect(self._places.get(pair, ()), booked.sequence)
        if its.period == self._read.header.period:
            self._own[pair, place] += transfers.owed(its)
            if place > 1 and len(self._found) < FINDINGS_MAX:
                self._found.append(Finding("C14", booked.where, f"is booked in {its.period} when {pair} was closed"))
        elif its.kind is Kind.CORRECTION and transfers.period(its.hour_seconds) == self._read.header.period:
            self._later[pair, place] += transfers.owed(its)

    def _is_granted(self, its: Transfer) -> bool:
        member, attempt = its.credit.partition("/")[0], str(its.attempt or "")
        return (str(identity.dispute_id(member, its.hour_seconds, attempt)), str(its.id)) in self._granted

    def check(self) -> Iterator[Finding]:
        """Yield what is wrong."""
        yield from self._found
        yield from self._course()
        if not self._by_pair:
            return
        yield from self._whole()
        for its in self._by_pair.values():
            yield from self._stages(its)
            for number, row in enumerate(its):
                yield from self._sum(row, number)
                if row.stage == "final":
                    yield from self._final(row)

    def _course(self) -> Iterator[Finding]:
        """Check that each dispute is opened once and ended once, by acts that have the ids of what they say."""
        states: dict[str, str] = {}
        for row in self._disputes:
            said = Fields(dict(row.body), row.where)
            said.integer("v", 1, 1)
            dispute, state = said.text("dispute"), said.text("state")
            before = states.get(dispute, "")
            allowed = state == "opened" if not before else before == "opened" and state in _ENDS
            if not allowed:
                yield Finding("C14", row.where, f"dispute {dispute} is {state} after it was {before or 'nothing'}")
            if row.subject != dispute or row.id != identity.act_id("dispute", dispute, state):
                yield Finding("C14", row.where, f"the id {row.id} is not that of dispute {dispute}, {state}")
            if state == "opened":
                attempt = said.text("attempt") if said.has("attempt") else ""
                if str(identity.dispute_id(said.text("member"), said.integer("hour"), attempt)) != dispute:
                    yield Finding(
                        "C14", row.where, f"dispute {dispute} is not about the hour and attempt that it names"
                    )
            if state == "accepted":
                yield from self._booked(row)
            states[dispute] = state

    def _booked(self, row: acts.Act) -> Iterator[Finding]:
        """Check that what a ruling says it gave back was booked with it, if it was made in this period."""
        header = self._read.header
        if not header.start_seconds <= row.recorded_us // 10**6 < header.end_seconds:
            return
        named = _named(row)
        for each in named:
            if not self._given_back[each]:
                yield Finding("C14", row.where, f"the ruling gave back {each}, which is not booked")
        if not named:
            yield Finding("C14", row.where, "the ruling gave nothing back")

    def _whole(self) -> Iterator[Finding]:
        """Check that all pairs have an initial statement, of a period that was over."""
        end_us = self._read.header.end_seconds * 10**6
        members = sorted(row.name for row in self._read.members if row.recorded_us < end_us)
        wanted = {"/".join(pair) for pair in itertools.combinations_with_replacement(members, 2)}
        wanted |= {"/".join(sorted((name, transfers.POOL))) for name in members}
        for pair in sorted(wanted ^ self._by_pair.keys()):
            yield Finding("C14", "settlements.jsonl", f"{pair} has no statement, or are no two parties of the period")
        for row in itertools.chain.from_iterable(self._by_pair.values()):
            if row.recorded_us < end_us - SKEW_US:
                yield Finding("C14", row.where, f"{row.pair} was settled for {row.period} before it was over")

    def _stages(self, its: list[acts.Settled]) -> Iterator[Finding]:
        before = ""
        for row in its:
            if row.stage not in _NEXT.get(before, set()):
                yield Finding("C14", row.where, f"{row.pair} is {row.stage} after it was {before or 'nothing'}")
            elif before and row.recorded_us < its[0].recorded_us + row.window_seconds * 10**6 - SKEW_US:
                yield Finding("C14", row.where, f"{row.pair} is {row.stage} before the time to dispute was over")
            before = row.stage

    def _sum(self, row: acts.Settled, number: int) -> Iterator[Finding]:
        owed = sum(self._own[row.pair, place] for place in range(number + 1))
        if row.stage == "true-up":
            owed += sum(self._later[row.pair, place] for place in range(number + 1))
        if owed != row.owed:
            what = f"{row.stage} statement of {row.pair} says {row.owed}, and its transfers came to {owed}"
            yield Finding("C14", row.where, f"the {what}")

    def _final(self, row: acts.Settled) -> Iterator[Finding]:
        """Check that enough was known of both, nothing disputed, and the pool's not before the others."""
        parties = set(row.pair.split("/"))
        known = self._known(row.sequence)
        enough = {name for name, (came, whole) in known.items() if came * _MILLI >= whole * row.member_thousandths}
        came, whole = (sum(known[name][part] for name in enough) for part in (0, 1))
        short = sorted(name for name in parties & known.keys() if name not in enough and known[name][1])
        if transfers.POOL not in parties and (short or came * _MILLI < whole * row.pool_thousandths):
            who = ", ".join(short) or "the pool"
            yield Finding("C14", row.where, f"{row.pair} is final, and of {who} too little is known")
        if transfers.POOL in parties:
            (name,) = parties - {transfers.POOL}
            for pair, its in self._by_pair.items():
                closed = [each.recorded_us for each in its if each.stage != "initial"]
                both = pair.split("/")
                if name in both and pair != row.pair and not (closed and closed[0] <= row.recorded_us + SKEW_US):
                    yield Finding("C14", row.where, f"{row.pair} is final before {pair}")
        for act, held in self._open_matters():
            if held & {row.pair, *parties} and self._is_open(act, row.sequence):
                yield Finding("C14", row.where, f"{row.pair} is final while {act.subject} was open")

    def _known(self, sequence: int) -> Mapping[str, tuple[int, int]]:
        """Return of each member how much GPU time was known when a row was recorded, and how much there was."""
        place = bisect.bisect_left(self._posting_sequences, sequence)
        if place not in self._known_at:
            last: dict[tuple[int, str], rows.Posting] = {}
            for posting in self._postings[:place]:
                last[posting.hour_seconds, posting.member] = posting
            sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
            for posting in last.values():
                sums[posting.member][0] += sum(posting.milli_gpu_seconds[:3])
                sums[posting.member][1] += sum(posting.milli_gpu_seconds)
            self._known_at[place] = {name: (its[0], its[1]) for name, its in sums.items()}
        return self._known_at[place]

    @cached_property
    def _postings(self) -> list[rows.Posting]:
        return sorted(self._read.postings, key=lambda row: row.sequence)

    @cached_property
    def _posting_sequences(self) -> list[int]:
        return [row.sequence for row in self._postings]

    def _open_matters(self) -> Iterator[tuple[acts.Act, set[str]]]:
        """Yield the disputes of the period's hours, with the pairs or the member that each holds up."""
        for row in self._disputes:
            member, hour = str(row.body.get("member")), row.body.get("hour")
            if row.body.get("state") != "opened" or not isinstance(hour, int):
                continue
            if transfers.period(hour) == self._read.header.period:
                attempt = row.body.get("attempt")
                named = self._held.get((str(attempt), hour), set())
                yield row, {pair for pair in named if member in pair.split("/")} if attempt else {member}

    def _is_open(self, act: acts.Act, sequence: int) -> bool:
        ended = [row.sequence for row in self._disputes if row.subject == act.subject and row.id != act.id]
        return act.sequence < sequence and not any(each < sequence for each in ended)


def _named(row: acts.Act) -> list[str]:
    """Return the transfers that a ruling names."""
    named = row.body.get("transfers")
    return [str(each) for each in named] if isinstance(named, list) else []
