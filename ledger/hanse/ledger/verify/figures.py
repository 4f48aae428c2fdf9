"""What each check looked at, in figures: a check that looked at nothing says so.

In: what was read and found. Out: for each check its sentence, figures, how much is wrong with it, the first offender.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hanse.ledger import rows, rules
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify import documents, raised, used
from hanse.ledger.verify.finding import SENTENCES, Finding, Remark
from hanse.ledger.verify.metered import Completeness, Metered
from hanse.ledger.verify.sealed import LogVerdict
from hanse.ledger.verify.streamed import Transfers

_GPU_HOUR = 3_600_000  # milli-GPU-seconds


@dataclass(frozen=True)
class Check:
    """One line of a verdict."""

    number: str
    sentence: str
    figures: str
    findings: int
    first: Finding | None


def checks(said: Mapping[str, str], findings: Sequence[Finding]) -> tuple[Check, ...]:
    """Return all checks in their order."""
    found = []
    for number, sentence in SENTENCES.items():
        its = [each for each in findings if each.check == number]
        found.append(Check(number, sentence, said.get(number, ""), len(its), its[0] if its else None))
    return tuple(found)


def figures(
    read: Bundle, transfers: Transfers, metered: Metered, complete: Completeness, log: LogVerdict
) -> dict[str, str]:
    """Return what each check looked at."""
    came, due = complete.total
    recorded = metered.slots + transfers.booked + sum(map(len, documents.stamped(read).values()))
    done = sum(len(rows) for rows in (read.effects, read.attempts))
    gpu_hours = [
        sum(posting.milli_gpu_seconds[index] for posting in _last_runs(read)) // _GPU_HOUR for index in range(4)
    ]
    stopped = sum(bool(row.body.get("cause")) for row in read.decisions)
    caps = sum(row.ceiling is not None for row in read.accounts)
    disputed = sum(row.kind == used.DISPUTED for row in read.violations)
    return {
        "C1": _signed(log),
        "C2": f"{log.size} leaves computed again" if log.size else "nothing is sealed",
        "C3": f"{recorded} rows, of which {log.unsealed} are too new to be in the log",
        "C4": f"{len(read.decisions)} decisions, {done} effects and attempts",
        "C5": f"{stopped} made room",
        "C6": f"{came} of {due} slots" + _least(complete),
        "C7": f"{metered.slots} slots, {len(read.enrolments)} enrolments",
        "C8": "GPU-hours used {}, idle {}, down {}, unknown {}".format(*gpu_hours),
        "C9": f"{len(read.cutoffs)} runs of {len({row.hour_seconds for row in read.cutoffs})} hours",
        "C10": f"{transfers.booked} transfers, {len(read.accounts)} accounts",
        "C11": f"{caps} caps, {transfers.overruns} overruns",
        "C12": f"{metered.links} slots follow another, {metered.reboots} of them in another boot of their node; "
        f"{len(read.acknowledgements)} of {len(used.latest(read))} uses of an hour acknowledged, {disputed} disputed",
        "C13": f"{recorded} times; {metered.after_posting} slots came after their hour was posted",
        "C14": _settled(read),
        "C15": f"{len(read.cycles)} cycles, {len(read.cutoffs)} runs, "
        f"leaves {read.header.first_leaf} up to {read.header.end_leaf}; "
        f"{metered.lost} slots follow one that is not here",
    }


def remarks(read: Bundle, complete: Completeness, metered: Metered, log: LogVerdict) -> tuple[Remark, ...]:
    """Return what is not wrong and has to be known."""
    found = []
    if complete.first_gap_seconds is not None:
        missing = complete.total[1] - complete.total[0]
        message = f"{missing} slots did not come in, the first at {complete.first_gap_seconds}; they credit nobody"
        found.append(Remark("C6", complete.first_gap_node or "slots", message))
    if metered.lost:
        message = f"{metered.lost} slots follow one that their node has signed and that is not here: lost, or withheld"
        found.append(Remark("C15", metered.first_lost, message))
    if log.late:
        found.append(Remark("C3", "openings.jsonl", f"{log.late} rows were sealed after the period's end"))
    found += _before_rules(read)
    return tuple(found)


def _before_rules(read: Bundle) -> Iterator[Remark]:
    """Say what is not missing because an earlier version did not know it."""
    begin = rules.begin(read.facts)
    before = [row for row in read.cutoffs if row.sequence < begin]
    if before:
        message = (
            f"{len(before)} runs were posted by a version that recorded no attempt's use and credited no lost work"
        )
        yield Remark("C10", before[0].where, message)
    if caps := raised.before(read, begin):
        message = f"{len(caps)} caps were raised by a version that recorded no violation where there were no trustees"
        yield Remark("C11", caps[0].where, message)
    nodes: dict[bytes, set[str]] = defaultdict(set)
    for row in read.enrolments:
        if row.sequence < begin:
            nodes[row.enrolment.node_key].add(row.enrolment.node)
    if shared := sum(len(its) for its in nodes.values() if len(its) > 1):
        yield Remark(
            "C7", "enrolments.jsonl", f"{shared} nodes share a key with another, as they might when they were enrolled"
        )


def _signed(log: LogVerdict) -> str:
    if log.cosigned_at is None:
        return "NOT CHECKED: no policy was named"
    return f"cosigned by {len(log.cosigned_at)} witnesses"


def _settled(read: Bundle) -> str:
    own = [row for row in read.settlements if row.period == read.header.period]
    pairs = {stage: {row.pair for row in own if row.stage == stage} for stage in ("initial", "final")}
    disputes = sum(row.kind == "Dispute" and row.body.get("state") == "opened" for row in read.acts)
    if not own:
        return f"nothing is settled, {disputes} disputes"
    pool, member = own[0].pool_thousandths, own[0].member_thousandths
    bars = f"{pool / 10:g} % and {member / 10:g} %"
    return f"{len(pairs['final'])} of {len(pairs['initial'])} pairs are final at {bars}, {disputes} disputes"


def _least(complete: Completeness) -> str:
    """Return the member of whose slots the least came in."""
    parts = [(complete.came.get(member, 0) * 1000 // due, member) for member, due in complete.due.items() if due]
    if not parts:
        return ""
    thousandths, member = min(parts)
    return f"; least of {member}, {thousandths / 10:g} %"


def _last_runs(read: Bundle) -> list[rows.Posting]:
    last = {(row.hour_seconds, row.member): row for row in sorted(read.postings, key=lambda row: row.run)}
    return list(last.values())
