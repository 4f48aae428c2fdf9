"""REPORT.md: what an export says and whether it holds, for a person.

In: an export's rows and the findings on them. Out: Markdown with small tables. Figures are derived from the rows each
time; nothing is stored but the rows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from hanse.ledger import charge
from hanse.ledger.bundle import Bundle
from hanse.ledger.verify import metered
from hanse.ledger.verify.finding import Finding

CHECKS = {
    "C2": "the files are those of the manifest, and those of the log lead to its root",
    "C3": "each row has the id and the hash of what it says, in its order; rows and leaves of the log are the same",
    "C4": "every effect has its decision, every decision its effect",
    "C5": "who was stopped for another was weaker",
    "C7": "every slot is signed by an enrolled node",
    "C8": "each second of each GPU is attributed exactly once",
    "C9": "what was posted is what the slots come to",
    "C10": "debits equal credits; balances are what transfers add up to; rates were published",
    "C11": "no cap was crossed; overruns are on record",
    "C12": "each node's slots continue one another",
    "C13": "nothing is backdated",
}
_MILLI_SECONDS_AN_HOUR = charge.HOUR_SECONDS * 1000
_SHOWN_MAX = 20


def render(read: Bundle, findings: Sequence[Finding]) -> str:
    """Return the report."""
    at = datetime.fromtimestamp(read.header.exported_at_seconds, UTC).isoformat()
    have, due = metered.completeness(read)
    lines = [
        f"# Ledger of {read.header.period}",
        "",
        f"Exported {at}. " + ("Everything that was checked holds." if not findings else "**Something is wrong.**"),
        "",
    ]
    if findings:
        lines += [f"First offender: `{findings[0].where}`: {findings[0].message} ({findings[0].check}).", ""]
    lines += ["| check | | findings |", "| --- | --- | ---: |"]
    lines += [f"| {name} | {what} | {sum(each.check == name for each in findings)} |" for name, what in CHECKS.items()]
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
