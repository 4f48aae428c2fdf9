"""Step 1: jobs that entitlement covers. They may stop weaker parts, which start anew only when they have ended.

In: a cycle and the classes of waiting jobs. Out: admissions. Each pass tries each class of jobs at each of its labels
until it fails there once; a class that fails at one label is tried at its next one, in that one's turn. Passes repeat
while one admits anybody. Next: `borrowing`. Who is tried next:

- in a leaf the strongest label by (rung, cover), then the highest tier, then the oldest job;
- among the leaves of a member the strongest such label, then the oldest job;
- among members the highest rung, then the oldest job, so that nesting organisations deeper buys nothing.

A verdict that failed is kept until the nodes of its class gain room, or somebody there falls. It still takes its turn,
at no cost, so what is remembered never changes who goes first.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from hanse.quota import units
from hanse.scheduler.cycle import Cycle, Gains
from hanse.scheduler.pool import Option, Rung
from hanse.scheduler.rules import Claim
from hanse.scheduler.waiting import JobClass, Waiting


@dataclass(frozen=True, slots=True)
class Chance:
    """One label on one of a class's options."""

    rung: Rung
    cover: int
    option: Option
    accelerator: int
    milli_gpus: int


@dataclass(frozen=True, order=True, slots=True)
class Turn:
    """A class's place in its leaf's queue, at one of its chances."""

    minus_rung: int
    minus_cover: int
    minus_tier_rank: int
    age: int
    chance: int


class Covered:
    """The passes of step 1."""

    def __init__(self, cycle: Cycle, waiting: Waiting) -> None:
        self._cycle, self._waiting = cycle, waiting
        self._chances: dict[JobClass, list[Chance]] = {}
        self._refused: dict[tuple[JobClass, int], int] = {}
        self._failed: dict[JobClass, set[int]] = defaultdict(set)
        self._gains: dict[int, int] = defaultdict(int)

    def run(self) -> None:
        """Admit until a whole pass admits nobody."""
        while self._pass():
            pass

    def _pass(self) -> bool:
        self._failed.clear()
        queues = _Queues(self._turn)
        for job_class in self._waiting.classes():
            queues.put(job_class)
        has_admitted = False
        while job_class_and_turn := queues.next():
            job_class, turn = job_class_and_turn
            gains = self._try(job_class, turn.chance)
            if gains is None:
                self._failed[job_class].add(turn.chance)
                queues.put(job_class)
            else:
                has_admitted = True
                self._note(job_class, gains, queues)
        return has_admitted

    def _note(self, job_class: JobClass, gains: Gains, queues: "_Queues") -> None:
        """Take up what an admission changed: who waits, who stands where, which verdicts hold no longer."""
        self._waiting.started(job_class)
        for accelerator in gains.classes:
            self._gains[accelerator] += 1
        queues.changed(job_class.member)
        queues.put(job_class)
        for member in sorted(gains.members):
            queues.changed(member)
            for each in self._waiting.classes_of(member):
                queues.put(each)

    def _turn(self, job_class: JobClass) -> Turn | None:
        """Return where a class stands: at the first chance that it has not failed in this pass and that is covered."""
        if not job_class.ages:
            return None
        failed, accounts = self._failed.get(job_class, ()), self._cycle.accounts
        for index, chance in enumerate(self._chances_of(job_class)):
            if index in failed:
                continue
            # Most classes are asked about again and again, and nothing has changed: that must be cheap.
            label = job_class.leaf, job_class.tier, chance.rung, chance.cover
            covers = accounts.covers_known((job_class.member, chance.accelerator), label, chance.milli_gpus)
            if covers is None:
                covers = accounts.covers(self._claim(self._waiting.part(job_class), chance))
            if covers:
                return Turn(-chance.rung, -chance.cover, -job_class.tier_rank, job_class.oldest, index)
        return None

    def _chances_of(self, job_class: JobClass) -> list[Chance]:
        if job_class not in self._chances:
            depth = self._cycle.catalogue.depth[job_class.leaf]
            labels = [(Rung.HOME, depth), *((Rung.AWAY, cover) for cover in range(depth, -1, -1)), (Rung.EXCHANGE, 0)]
            milli_per_worker = units.MILLI * self._cycle.snapshot.shapes[job_class.shape].gpus_per_worker
            self._chances[job_class] = [
                Chance(*label, option, accelerator, option.workers * milli_per_worker)
                for label in labels
                for option, accelerator in job_class.choices
            ]
        return self._chances[job_class]

    def _claim(self, part: int, chance: Chance) -> Claim:
        return self._cycle.claim(part, chance.option, chance.accelerator, chance.rung, chance.cover)

    def _try(self, job_class: JobClass, index: int) -> Gains | None:
        chance = self._chances_of(job_class)[index]
        gains_so_far = self._gains[chance.accelerator]
        if self._refused.get((job_class, index)) == gains_so_far:
            return None
        claim = self._claim(self._waiting.part(job_class), chance)
        gains = self._cycle.admit(self._cycle.ask(claim, chance.option), may_stop=True)
        if gains is None:
            self._refused[job_class, index] = gains_so_far
        return gains


TurnOf = Callable[[JobClass], Turn | None]


class _Queues:
    """The leaves' queues in one pass. Turns only get worse by themselves, so that only heads need a second look."""

    def __init__(self, turn_of: TurnOf) -> None:
        self._turn_of = turn_of
        self._heaps: dict[int, list[tuple[Turn, tuple[int, int, int], JobClass]]] = defaultdict(list)
        self._turns: dict[JobClass, tuple[Turn | None, int]] = {}
        self._changes: dict[int, int] = defaultdict(int)
        self._leaves: dict[int, list[int]] = defaultdict(list)
        self._choice: dict[int, tuple[Turn, JobClass] | None] = {}

    def changed(self, member: int) -> None:
        """Note that a member's accounts changed: its classes may stand elsewhere."""
        self._changes[member] += 1
        self._choice.pop(member, None)

    def put(self, job_class: JobClass) -> None:
        """Let a class stand where it belongs now."""
        turn = self._turn_of(job_class)
        self._turns[job_class] = turn, self._changes[job_class.member]
        self._choice.pop(job_class.member, None)
        if job_class.leaf not in self._leaves[job_class.member]:
            self._leaves[job_class.member].append(job_class.leaf)
        if turn:
            heapq.heappush(self._heaps[job_class.leaf], (turn, job_class.key, job_class))

    def next(self) -> tuple[JobClass, Turn] | None:
        """Return the class whose turn it is, or None if the pass is over."""
        for member, leaves in self._leaves.items():
            if member not in self._choice:
                heads = [head for leaf in leaves if (head := self._head(leaf))]
                self._choice[member] = min(heads, key=_among_leaves, default=None)
        choices = [choice for choice in self._choice.values() if choice]
        if not choices:
            return None
        turn, job_class = min(choices, key=_among_members)
        return job_class, turn

    def _head(self, leaf: int) -> tuple[Turn, JobClass] | None:
        heap = self._heaps[leaf]
        while heap:
            turn, _, job_class = heap[0]
            now, seen = self._turns[job_class]
            if now is turn and seen == self._changes[job_class.member]:
                return turn, job_class
            heapq.heappop(heap)
            if now is turn:
                fresh = self._turn_of(job_class)
                self._turns[job_class] = fresh, self._changes[job_class.member]
                if fresh:
                    heapq.heappush(heap, (fresh, job_class.key, job_class))
        return None


def _among_leaves(entry: tuple[Turn, JobClass]) -> tuple[int, int, int]:
    turn, _ = entry
    return (turn.minus_rung, turn.minus_cover, turn.age)


def _among_members(entry: tuple[Turn, JobClass]) -> tuple[int, int]:
    turn, _ = entry
    return (turn.minus_rung, turn.age)
