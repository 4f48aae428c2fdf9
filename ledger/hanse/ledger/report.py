"""REPORT.md: what an export says and whether it holds, for a person.

In: an export's rows and the findings on them. Out: Markdown with small tables. Figures are derived from the rows each
time; nothing is stored but the rows.
"""

from datetime import UTC, datetime

from hanse.ledger import charge
from hanse.ledger.verify import Examined

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
        f"| transfers | {sum(not row.carried for row in read.transfers)} |",
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
    if len(findings) > 1:
        lines += [
            "",
            "Findings:",
            "",
            *(f"- `{each.where}` {each.check}: {each.message}" for each in findings[:_SHOWN_MAX]),
        ]
    return "\n".join(lines) + "\n"


def _hours(mhs: int) -> str:
    return f"{mhs / _MILLI_SECONDS_AN_HOUR:,.1f}"
