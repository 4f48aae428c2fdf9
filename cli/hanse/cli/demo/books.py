"""The last act: what every accelerator did, who owes whom, and an audit of it that needs no trust.

In: a pool whose jobs have ended. Out: claims about slots, the books of the hour, an export and a tampered copy of it.

An hour is posted when it is over, and nobody wants to wait for that. So the hour is closed in a copy of the ledger
whose clock stands at its end, by the very function that the operator calls; the pool's own ledger is left alone.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa

from hanse.cli.demo.hub import SLOT_GRACE_SECONDS, Hub
from hanse.cli.demo.members import PARTIES
from hanse.cli.demo.stage import Stage
from hanse.devcluster import postgres
from hanse.devcluster.errors import DevclusterError
from hanse.ledger import balances, charge, database, posting, term, transfers
from hanse.ledger.balances import Balance

COPY = "hour_closed"
ASCEND_MILLI_H100E = 600
_AMOUNT = re.compile(r'("amount\\?":)(\d+)')
_AHEAD = """
CREATE OR REPLACE FUNCTION ledger.clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
'SELECT pg_catalog.clock_timestamp() + interval ''{seconds} seconds'''
"""


class Books:
    """Plays the act."""

    def __init__(self, stage: Stage, hub: Hub) -> None:
        self._stage, self._hub = stage, hub

    def show(self) -> None:
        """Show slots, postings, balances, and the audit.

        Raises:
            StoryEndsError: no slots come in.
            DevclusterError: a command fails.

        """
        stage = self._stage
        stage.title(
            "Metering: every second of every accelerator is somebody's",
            "Each agent signs what its nodes' accelerators did, slot by slot, with a key that its member has "
            "certified. A slot is 5 s here and 5 minutes in production.",
        )
        with_nodes = {party.name for party in PARTIES if party.cluster}
        stage.until("signed slots of all four contributors were accepted", lambda: self._slots(with_nodes))
        stage.until("no attempt holds anything any more", self._all_over)
        address, hours = self.close()
        self._books(address, hours)
        self.audit(address, hours[-1])

    def _slots(self, wanted: set[str]) -> tuple[bool, object]:
        rows = self._hub.rows("SELECT member, count(*) AS slots FROM ledger.slot GROUP BY member ORDER BY member")
        found = {row.member: row.slots for row in rows}
        return found.keys() >= wanted, found

    def _all_over(self) -> tuple[bool, object]:
        live = self._hub.rows("SELECT id FROM ledger.attempt WHERE ended_at_seconds IS NULL")
        return not live, [str(row.id) for row in live]

    def close(self) -> tuple[str, Sequence[int]]:
        """Post the hours of the demonstration in a copy of the ledger; return its URL and the hours."""
        self._stage.say(
            "An hour is posted when it is over. So as not to wait for that, it is closed in a copy of the ledger whose "
            "clock stands at the end of the hour, by the function that the operator calls each hour."
        )
        address = postgres.copy_database(self._hub.own.database_url, COPY)
        first, last = self._hub.rows(_HOURS)[0]
        hours = range(first, last + 1, charge.HOUR_SECONDS)
        ahead = last + charge.HOUR_SECONDS + SLOT_GRACE_SECONDS + 1 - int(datetime.now(UTC).timestamp())
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(_AHEAD.format(seconds=max(0, ahead)))
        engine = database.engine(address, role="hanse_operator")
        number = term.take(engine, "demo")
        for hour in hours:
            posting.post(engine, number, hour)
        posting.void_unused(engine, number)
        engine.dispose()
        return address, hours

    def _books(self, address: str, hours: Sequence[int]) -> None:
        stage = self._stage
        stage.title(
            "The books: what one member used, another is credited",
            "Double entry, in H100e-seconds. What a member uses is debited, whoever's accelerators they were; their "
            "owner is credited; the extra for the tier urgent goes to the pool.",
        )
        engine = database.engine(address, role="hanse_auditor")
        accounts = balances.read(engine)
        wrong = balances.mismatches(engine)
        with engine.connect() as connection:
            ascend = connection.execute(sa.text(_ASCEND), {"hours": list(hours)}).one()
            violations = connection.execute(sa.text("SELECT kind, detail FROM ledger.violation")).all()
        engine.dispose()
        self._table({each.name: each for each in accounts})
        debits = sum(each.debits_posted for each in accounts)
        credited = sum(each.credits_posted for each in accounts)
        stage.claim(f"debits equal credits: {_seconds(debits)} H100e-seconds each", holds=debits == credited > 0,
                    found={"debits": debits, "credits": credited})  # fmt: skip
        stage.claim("each account is what its entries add up to", holds=not wrong, found=wrong)
        stage.claim(
            f"Ascend 910B is charged at 0.6: {ascend.used // 1000} GPU-seconds are {_seconds(ascend.charged)} "
            "H100e-seconds",
            holds=ascend.used > 0 and abs(ascend.charged - ascend.used * ASCEND_MILLI_H100E // 1000) <= len(hours),
            found=ascend._asdict(),
        )
        stage.claim("no promise was broken: there is no violation on record", holds=not violations,
                    found=[row._asdict() for row in violations[:5]])  # fmt: skip

    def _table(self, by_name: Mapping[str, Balance]) -> None:
        """Print what each member used, and what of its own was used by whomever."""
        self._stage.lines(f"{'member':<16}{'used':>12}{'contributed':>14}{'balance':>12}   H100e-seconds")
        for party in PARTIES:
            used, gave = by_name[transfers.use(party.name)], by_name[transfers.contribution_used(party.name)]
            debit, credit = used.debits_posted - used.credits_posted, gave.credits_posted - gave.debits_posted
            row = f"{party.name:<16}{_seconds(debit):>12}{_seconds(credit):>14}{_seconds(credit - debit):>12}"
            self._stage.lines(row)
        extra = by_name[transfers.TIERS].credits_posted - by_name[transfers.TIERS].debits_posted
        self._stage.lines(f"{'the pool: tiers':<16}{'':>12}{_seconds(extra):>14}{_seconds(extra):>12}")

    def audit(self, address: str, hour: int) -> None:
        """Export the month of *hour* from the ledger at *address*, verify it, and have a changed copy refused."""
        stage, hub = self._stage, self._hub
        stage.title(
            "The audit: the ledger is checked by whoever wants, without the database",
            "An export holds every decision, slot and entry with its signatures and hashes. The verifier computes all "
            "of it again from the files alone.",
        )
        period, out = f"{datetime.fromtimestamp(hour, UTC):%Y-%m}", hub.folder / "audit"
        stage.command(f"hanse audit export --period {period} --out audit")
        hub.hanse("audit", "export", "--period", period, "--out", str(out), HANSE_DATABASE_URL=address)
        stage.command("hanse audit verify audit")
        said = ""
        try:
            said = hub.hanse("audit", "verify", str(out))
        except DevclusterError as error:
            stage.claim("the export verifies", holds=False, found=str(error))
            return
        stage.lines(said.replace(f"{out}: ", ""))
        stage.claim("the export verifies", holds=True)
        self._tamper(out)

    def _tamper(self, out: Path) -> None:
        """Change one digit of one entry in a copy of the export: the verifier must name the file."""
        copy = out.with_name("audit-tampered")
        shutil.copytree(out, copy)
        file = copy / "transfers.jsonl"
        text = file.read_text()
        file.write_text(_AMOUNT.sub(lambda found: f"{found[1]}{int(found[2]) + 1}", text, count=1))
        try:
            said = self._hub.hanse("audit", "verify", str(copy))
        except DevclusterError as error:
            said = str(error)
        offender = said.partition("first offender: ")[2].partition("\n")[0]
        self._stage.claim("a copy with one digit changed is refused, and the entry named",
                          holds="transfers.jsonl:" in offender, found=said)  # fmt: skip
        self._stage.lines(offender)


_HOURS = """
SELECT min(start_seconds) / 3600 * 3600 AS first, max(start_seconds) / 3600 * 3600 AS last FROM ledger.slot
"""
_ASCEND = """
SELECT (SELECT coalesce(sum(used), 0) FROM (
          SELECT DISTINCT ON (hour_seconds) used FROM ledger.posting
          WHERE member = 'guangdong-lab' AND hour_seconds = ANY (:hours)
          ORDER BY hour_seconds, run DESC) AS last) AS used,
       (SELECT coalesce(sum(CASE WHEN t.debit LIKE '%/use' THEN t.amount ELSE -t.amount END), 0)
        FROM ledger.transfer t JOIN ledger.attempt a ON a.id = t.attempt
        WHERE t.purpose = 'use' AND a.accelerator_class = 'ascend-910b') AS charged
"""


def _seconds(milli_h100e_seconds: int) -> str:
    return f"{milli_h100e_seconds / 1000:,.1f}"
