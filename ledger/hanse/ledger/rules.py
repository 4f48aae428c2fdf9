"""From which place on today's rules hold in a ledger that earlier versions have written.

In: facts. Out: a place in the sequence. A migration records the fact, once; nobody else can. Before it no attempt's use
was recorded, no lost work credited, no violation recorded of a cap that was raised where there were no trustees, and
nodes might share a key: nothing of that is missing there. What is there of it all the same is checked as everywhere
else.
"""

from collections.abc import Iterable

from hanse.ledger import rows

KIND = "RulesBegin"


def begin(facts: Iterable[rows.Remark]) -> int:
    """Return the first place at which they hold: 0 where they always did."""
    return min((row.sequence for row in facts if row.kind == KIND), default=0)
