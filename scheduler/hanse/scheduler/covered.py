"""Step 1: jobs that entitlement covers. They may stop weaker parts, which start anew only when they have ended.

In: a cycle and the classes of waiting jobs. Out: admissions. Each pass tries each class of jobs at each of its labels
until it fails there once; a class that fails at one label is tried at its next one, in that one's turn. Passes repeat
while one admits anybody. Next: `borrowing`. Who is tried next:

- in a leaf the strongest label by (rung, cover), then the highest tier, then the oldest job;
- among the leaves of a member the strongest such label, then the oldest job;
- among members the highest rung, then the oldest job, so that nesting organisations deeper buys nothing.

At HOME, idle nodes come first, wherever they are: who would have to stop others to be at home is placed elsewhere, AWAY
and at the same cover, if nobody has to go for it there.

A verdict that failed is kept until the nodes of its class gain room, or somebody there falls. It still takes its turn,
at no cost, so what is remembered never changes who goes first.
"""

from collections import defaultdict
from dataclasses import replace
from operator import itemgetter

from hanse.scheduler.cycle import Cycle, Gains
from hanse.scheduler.ladders import labels
from hanse.scheduler.pool import Option, Rung
from hanse.scheduler.rules import Claim
from hanse.scheduler.turns import Chances, Turn, Turns
from hanse.scheduler.waiting import JobClass, Waiting


class Covered:
    """The passes of step 1."""

    def __init__(self, cycle: Cycle, waiting: Waiting) -> None:
        self._cycle, self._waiting = cycle, waiting
        by_member: dict[int, list[JobClass]] = defaultdict(list)
        for job_class in waiting.classes():
            by_member[job_class.member].append(job_class)
        self._chances = Chances(cycle, [each.shape for each in waiting.classes()])
        self._turns = {
            member: Turns(cycle, classes, self._chances, cycle.accounts.ceilings(member))
            for member, classes in by_member.items()
        }
        self._refused: dict[tuple[JobClass, int], tuple[int, bool]] = {}
        self._gains: dict[int, int] = defaultdict(int)

    def run(self) -> None:
        """Admit until a whole pass admits nobody."""
        if self._chances.options:
            while self._pass():
                pass

    def _pass(self) -> bool:
        for turns in self._turns.values():
            turns.begin()
        heads = {member: head for member, turns in self._turns.items() if (head := turns.head())}
        has_admitted = False
        while heads:
            # Turns compare by rung, then by age; no two jobs are of one age.
            member, turn = min(heads.items(), key=itemgetter(1))
            turns = self._turns[member]
            gains = self._try(turns.classes[turn.row], turn)
            if gains is None:
                turns.failed(turn)
            else:
                has_admitted = True
                self._note(turns, turn, gains)
            for each in {member, *(gains.members if gains else ())}:
                self._look(heads, each)
        return has_admitted

    def _look(self, heads: dict[int, Turn], member: int) -> None:
        """Look whose turn it is now among a member's classes."""
        turns = self._turns.get(member)
        if turns and (head := turns.head()):
            heads[member] = head
        else:
            heads.pop(member, None)

    def _note(self, turns: Turns, turn: Turn, gains: Gains) -> None:
        """Take up what an admission changed: who waits, who stands where, which verdicts hold no longer."""
        self._waiting.started(turns.classes[turn.row])
        turns.started(turn)
        for accelerator in gains.classes:
            self._gains[accelerator] += 1
        for member in gains.members:
            if member in self._turns:
                self._turns[member].changed()

    def _try(self, job_class: JobClass, turn: Turn) -> Gains | None:
        step, choice = divmod(turn.chance, self._chances.options)
        option, accelerator = job_class.choices[choice]
        claim = self._claim(job_class, accelerator, step, option)
        elsewhere = self._elsewhere(claim)
        state = self._gains[accelerator], elsewhere is None
        if self._refused.get((job_class, turn.chance)) == state:
            return None
        cycle, gains = self._cycle, None
        ask = cycle.ask(claim, option)
        if elsewhere:
            gains = cycle.admit(ask, may_stop=False) or cycle.admit(cycle.ask(elsewhere, option), may_stop=False)
        gains = gains or cycle.admit(ask, may_stop=True)
        if gains is None:
            self._refused[job_class, turn.chance] = state
        return gains

    def _claim(self, job_class: JobClass, accelerator: int, step: int, option: Option) -> Claim:
        rung, cover = labels(self._cycle.catalogue.depth[job_class.leaf])[step]
        return self._cycle.claim(self._waiting.part(job_class), option, accelerator, rung, cover)

    def _elsewhere(self, claim: Claim) -> Claim | None:
        """Return a HOME claim as it would be labelled on idle nodes elsewhere, if it is covered so too."""
        if claim.rung != Rung.HOME:
            return None
        away = replace(claim, rung=Rung.AWAY)
        return away if claim.milli_gpus <= self._cycle.accounts.ceiling(away) else None
