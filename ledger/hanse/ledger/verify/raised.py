"""What trustees add to C11: a cap of a window that had begun was raised by nobody else, and always on record.

In: an export's acts, facts and violations. Out: findings. Deeds are signed by those before them, statements by enough
trustees of the deed in force, in time; each has its violation; and where there are trustees, no ceiling rose above what
its window was opened with but by such a statement.
"""

from collections import defaultdict
from collections.abc import Iterator

from hanse.evidence import canonical, identity, trustees
from hanse.evidence.errors import EvidenceError
from hanse.evidence.trustees import Deed, Override
from hanse.ledger import acts, transfers
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify.finding import Finding


def check(read: Bundle) -> Iterator[Finding]:
    """Yield what is wrong with trustees and what they raised."""
    found: list[Finding] = []
    overrides = list(_overrides(read, found))
    yield from found
    yield from _violations(read, overrides)
    yield from _ceilings(read, overrides)


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


def _violations(read: Bundle, overrides: list[tuple[acts.Act, Override]]) -> Iterator[Finding]:
    """Check that each statement that was recorded in the period has its violation, and the other way round."""
    on_record = {row.account: row for row in read.violations if row.kind == "CapOverride"}
    start_us, end_us = read.header.start_seconds * 10**6, read.header.end_seconds * 10**6
    for row, _ in overrides:
        if start_us <= row.recorded_us < end_us and row.subject not in on_record:
            yield Finding("C11", row.where, f"the cap {row.subject} was raised without a violation on record")
    raised = {row.subject for row, _ in overrides}
    for account, violation in sorted(on_record.items()):
        if account not in raised:
            yield Finding("C11", violation.where, f"a violation says that {account} was raised, and nobody raised it")


def _ceilings(read: Bundle, overrides: list[tuple[acts.Act, Override]]) -> Iterator[Finding]:
    """Check that ceilings rose only with the trustees, since there were some."""
    since = min((row.sequence for row in read.acts if row.kind == "Trustees"), default=None)
    by_account: dict[str, list[tuple[acts.Act, Override]]] = defaultdict(list)
    for row, said in overrides:
        by_account[row.subject].append((row, said))
    opened: dict[str, int] = {}
    for fact in sorted(read.facts, key=lambda row: row.sequence):
        if fact.kind != "CapSet":
            continue
        ceiling = fact.amount or 0
        if since is None or fact.sequence < since:
            # Before there were trustees who could, whoever set the cap raised it.
            opened[fact.account] = max(opened.get(fact.account, 0), ceiling)
            continue
        most = opened.setdefault(fact.account, ceiling)
        good = [
            said.ceiling
            for row, said in by_account[fact.account]
            if row.sequence < fact.sequence and fact.at_seconds < said.until_seconds
        ]
        if ceiling > max([most, *good]):
            what = f"{fact.account} was set to {ceiling}, and nobody had raised it above {max([most, *good])}"
            yield Finding("C11", fact.where, what)
