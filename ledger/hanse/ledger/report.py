"""REPORT.md: what an export says and whether it holds, for a person.

In: an export's rows and the findings on them. Out: Markdown with small tables. Figures are derived from the rows each
time; nothing is stored but the rows.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hanse.ledger import charge, transfers
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify import Examined

if TYPE_CHECKING:
    from hanse.evidence.canonical import Json

_MILLI_SECONDS_AN_HOUR = charge.HOUR_SECONDS * 1000
_SHOWN_MAX = 20


def render(examined: Examined) -> str:
    """Return the report."""
    read, findings = examined.read, examined.findings
    at = datetime.fromtimestamp(read.header.exported_at_seconds, UTC).isoformat()
    have, due = examined.complete.total
    lines = [
        f"# Ledger of {read.header.period}",
        "",
        f"Exported {at}. " + ("Everything that was checked holds." if not findings else "**Something is wrong.**"),
        "",
    ]
    if findings:
        lines += [f"First offender: `{findings[0].where}`: {findings[0].message} ({findings[0].check}).", ""]
    lines += ["| check | holds if | looked at | findings |", "| --- | --- | --- | ---: |"]
    lines += [f"| {each.number} | {each.sentence} | {each.figures} | {each.findings} |" for each in examined.checks]
    lines += ["", *(f"To be known: {remark}." for remark in examined.remarks)]
    lines += [
        "",
        f"The log: leaves {read.header.first_leaf} up to {read.header.end_leaf} are this period's.",
        "",
        f"Metering: {have} of {due} slots came in; what did not is unknown and credited to nobody.",
        "",
        "| recorded | |",
        "| --- | ---: |",
        f"| decisions | {sum(not row.carried for row in read.decisions)} |",
        f"| attempts | {len(read.attempts)} |",
        f"| facts | {len(read.facts)} |",
        f"| violations | {len(read.violations)} |",
        f"| transfers | {examined.booked.transfers - examined.booked.carried} |",
        "",
        "Balances at the end of the period, in H100e-hours (rounded here; the files have every unit):",
        "",
        "| account | debit | credit |",
        "| --- | ---: | ---: |",
    ]
    for row in read.accounts:
        debit, credit = row.now[0] - row.after[0], row.now[1] - row.after[1]
        if debit or credit:
            lines.append(f"| {row.name} | {_hours(debit)} | {_hours(credit)} |")
    lines += [*_statements(read), *_disputes(read)]
    if len(findings) > 1:
        lines += [
            "",
            "Findings:",
            "",
            *(f"- `{each.where}` {each.check}: {each.message}" for each in findings[:_SHOWN_MAX]),
        ]
    return "\n".join(lines) + "\n"


def _statements(read: Bundle) -> Iterator[str]:
    """Yield what each pair owes by its last statement; those that owe nothing are counted."""
    last = {row.pair: row for row in sorted(read.settlements, key=lambda row: row.sequence) if _is_of(read, row.period)}
    if last:
        yield from ("", "Statements, what the first owes the second, in H100e-hours:", "")
        yield from ("| pair | stage | owed |", "| --- | --- | ---: |")
        yield from (f"| {pair} | {row.stage} | {_hours(row.owed)} |" for pair, row in sorted(last.items()) if row.owed)
        yield from ("", f"{sum(not row.owed for row in last.values())} pairs owe each other nothing.")


def _disputes(read: Bundle) -> Iterator[str]:
    """Yield the disputes of the period's hours, and where they stand."""
    opened: dict[str, Mapping[str, Json]] = {}
    last: dict[str, Mapping[str, Json]] = {}
    for row in sorted(read.acts, key=lambda row: row.sequence):
        if row.kind == "Dispute":
            opened.setdefault(row.subject, row.body)
            last[row.subject] = row.body
    lines = []
    for dispute, its in opened.items():
        hour = its.get("hour")
        if isinstance(hour, int) and _is_of(read, transfers.period(hour)):
            at = f"{datetime.fromtimestamp(hour, UTC):%Y-%m-%dT%H}"
            said = f"| {dispute} | {its.get('member')} | {at} | {its.get('attempt', 'all')} |"
            lines.append(f"{said} {its.get('by')} | {last[dispute].get('state')} |")
    if lines:
        yield from ("", "Disputes (what was said is in `acts.jsonl`):", "")
        yield from (
            "| dispute | member | hour | attempt | opened by | state |",
            "| --- | --- | --- | --- | --- | --- |",
            *lines,
        )


def _is_of(read: Bundle, period: str) -> bool:
    return period == read.header.period


def _hours(mhs: int) -> str:
    return f"{mhs / _MILLI_SECONDS_AN_HOUR:,.1f}"
