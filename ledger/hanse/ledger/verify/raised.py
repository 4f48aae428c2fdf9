"""What trustees add to C11: a cap of a window that had begun was raised by nobody else, and always on record.

In: an export's acts, facts and violations. Out: findings. Deeds are signed by those before them, statements by enough
trustees of the deed in force, in time; each has its violation, and so has what was raised before there were any; and
where there are trustees, no ceiling rose above what its window was opened with but by such a statement.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping

from hanse.evidence import canonical, identity, trustees
from hanse.evidence.errors import EvidenceError
from hanse.evidence.trustees import Deed, Override
from hanse.ledger import acts, rows, rules, transfers
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify.finding import Finding


def check(read: Bundle) -> Iterator[Finding]:
    """Yield what is wrong with trustees and what they raised."""
    found: list[Finding] = []
    overrides = list(_overrides(read, found))
    yield from found
    since = _trustees_since(read)
    agreed, alone = _agreed(read, since)
    yield from _violations(read, overrides, agreed, alone)
    if since is not None:
        yield from _ceilings(read, overrides, agreed, since)


def before(read: Bundle, sequence: int) -> list[rows.Remark]:
    """Return what raised a cap before a place, when there were no trustees: for that there was no violation then."""
    return [fact for fact, _ in _agreed(read, _trustees_since(read))[1] if fact.sequence < sequence]


def _trustees_since(read: Bundle) -> int | None:
    """Return from which place on there are trustees; None if there are none."""
    return min((row.sequence for row in read.acts if row.kind == "Trustees"), default=None)


def _overrides(read: Bundle, found: list[Finding]) -> Iterator[tuple[acts.Act, Override]]:
    """Yield the statements that count; what is wrong with any goes to *found*."""
    deed: Deed | None = None
    digest = b""
    for row in sorted(read.acts, key=lambda row: row.sequence):
        if row.kind == "Dispute":
            continue
        try:
            act = trustees.decode_act(row.said)
            trustees.check(act, deed)
        except EvidenceError as error:
            found.append(Finding("C11", row.where, f"act {row.id}: {error}"))
            continue
        if isinstance(act.said, Deed):
            if (act.said.previous or b"") != digest or row.id != identity.act_id("trustees", row.sha256.hex()):
                found.append(Finding("C11", row.where, f"the deed {row.id} does not follow the one before it"))
            deed, digest = act.said, row.sha256
        elif wrong := _wrong(row, act.said, digest):
            found.append(Finding("C11", row.where, f"act {row.id}: {wrong}"))
        else:
            yield row, act.said


def _wrong(row: acts.Act, said: Override, digest: bytes) -> str | None:
    if said.deed != digest:
        return "the statement is of other trustees than those in force"
    if said.until_seconds * 10**6 <= row.recorded_us:
        return "the statement was recorded when it was good no longer"
    if row.id != identity.act_id("override", canonical.sha256(trustees.encode(said)).hex()):
        return "its id is not that of its statement"
    if row.subject != transfers.cap(said.member, said.cap, said.window_start_seconds):
        return f"the statement is not about {row.subject}"
    return None


def _agreed(read: Bundle, since: int | None) -> tuple[dict[str, int], list[tuple[rows.Remark, int]]]:
    """Return what was agreed for each window, and what raised one by how much before there were trustees who could."""
    agreed: dict[str, int] = {}
    alone: list[tuple[rows.Remark, int]] = []
    for fact in sorted(read.facts, key=lambda row: row.sequence):
        if fact.kind != "CapSet":
            continue
        ceiling = fact.amount or 0
        most = agreed.setdefault(fact.account, ceiling)
        if ceiling > most and (since is None or fact.sequence < since):
            agreed[fact.account] = ceiling
            alone.append((fact, ceiling - most))
    return agreed, alone


def _violations(
    read: Bundle,
    overrides: list[tuple[acts.Act, Override]],
    agreed: Mapping[str, int],
    alone: list[tuple[rows.Remark, int]],
) -> Iterator[Finding]:
    """Check that each cap that was raised in the period has its violation, and the other way round."""
    start, end = read.header.start_seconds, read.header.end_seconds
    begin = rules.begin(read.facts)
    raised = [
        (start <= row.recorded_us // 10**6 < end, row.where, (row.subject, said.ceiling - agreed.get(row.subject, 0)))
        for row, said in overrides
    ]
    raised += [
        (start <= fact.at_seconds < end, fact.where, (fact.account, by)) for fact, by in alone if fact.sequence >= begin
    ]
    on_record: dict[tuple[str, int | None], list[rows.Remark]] = defaultdict(list)
    for violation in read.violations:
        if violation.kind == "CapOverride":
            on_record[violation.account, violation.amount].append(violation)
    # Those of the period first: what is on record of others is here by chance alone.
    for is_here, where, (account, by) in sorted(raised, key=lambda each: not each[0]):
        if its := on_record[account, by]:
            its.pop()
        elif is_here:
            yield Finding("C11", where, f"the cap {account} was raised without a violation on record")
    for violation in sorted(itertools.chain(*on_record.values()), key=lambda row: row.account):
        what = f"a violation says that {violation.account} was raised, and nobody raised it"
        yield Finding("C11", violation.where, what)


def _ceilings(
    read: Bundle, overrides: list[tuple[acts.Act, Override]], agreed: Mapping[str, int], since: int
) -> Iterator[Finding]:
    """Check that ceilings rose only with the trustees, *since* there are some."""
    by_account: dict[str, list[tuple[acts.Act, Override]]] = defaultdict(list)
    for row, said in overrides:
        by_account[row.subject].append((row, said))
    for fact in sorted(read.facts, key=lambda row: row.sequence):
        if fact.kind != "CapSet" or fact.sequence < since:
            continue
        good = [
            said.ceiling
            for row, said in by_account[fact.account]
            if row.sequence < fact.sequence and fact.at_seconds < said.until_seconds
        ]
        most = max([agreed[fact.account], *good])
        if (fact.amount or 0) > most:
            what = f"{fact.account} was set to {fact.amount}, and nobody had raised it above {most}"
            yield Finding("C11", fact.where, what)
