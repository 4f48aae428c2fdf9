"""`tamper`: how much of what somebody changes in a ledger, or in an export of it, the verifier finds.

In: a played ledger in a PostgreSQL of the bench's own, sealed and cosigned by witnesses. Out: a report. Each
manipulation is done to a fresh copy. Half of them are by somebody who cannot sign for the log; the other half by the
strongest one there is, who has the database and the log's key, and rebuilds tree, signatures and manifest, so that all
fits. What such a one cannot do is cosign for witnesses, sign for nodes and members, or change what an auditor holds:
the policy.
"""

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from hanse.bench import ledgers, manipulations, reports
from hanse.bench.reports import Report
from hanse.devcluster import cluster, postgres
from hanse.devcluster.progress import Line
from hanse.evidence import tiles
from hanse.evidence.errors import EvidenceError
from hanse.ledger import database, export, verify

NAME = "tamper"
SEED = 1
MANIPULATIONS = 1200
IN_DATABASE = 0.1
"""This part is done in the database, and found in an export that is made afterwards; the others to an export."""
MEMBERS, HOURS = 3, 3
FOUND_WITH_WITNESSES_MIN = 1.0


@dataclass(frozen=True)
class Result:
    """What came of one manipulation: what it was, and whether it was found."""

    what: str
    rebuilt: bool
    found_with: bool
    found_without: bool


def run(scale: float) -> Report:
    """Manipulate; *scale* is the part of the manipulations that is done."""
    place = reports.Place()
    count = max(1, round(MANIPULATIONS * scale))
    results = []
    with (
        cluster.running(f"bench-{os.getpid()}-tamper", cluster.Wanted(control_plane=False)) as own,
        tempfile.TemporaryDirectory(prefix="hanse-tamper-") as folder,
        Line(NAME) as line,
    ):
        line.update("playing a ledger")
        pool = _Pool(own.database_url, Path(folder))
        for number in range(count):
            line.update(f"manipulation {number + 1} of {count}")
            results.append(pool.manipulated(number))
    return _report(results, place, scale)


class _Pool:
    """A played ledger, an export of it, and what an auditor knows."""

    def __init__(self, server: str, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._keys = ledgers.Keys.of(SEED)
        url = postgres.create_database(server, "played")
        ledgers.migrate(url)
        with ledgers.opened(url, SEED) as ledger:
            ledger.play(MEMBERS, HOURS)
            ledger.seal(folder / "log")
            self._original = folder / "original"
            export.export(ledger.auditor, ledgers.PERIOD, self._original)
            self._now = ledger.now
        wrong = verify.verify(self._original, policy=self._keys.policy(witnesses=True)).findings
        if wrong:
            raise RuntimeError(f"the ledger that nobody has touched does not hold: {wrong[0]}")

    def manipulated(self, number: int) -> Result:
        chance = random.Random(f"{SEED} {number}")  # noqa: S311  # a seed, not a secret
        copy = self._folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        rebuilt = number % 2 == 1
        if chance.random() < IN_DATABASE:
            what = self._in_database(chance, copy)
        else:
            shutil.copytree(self._original, copy)
            what = manipulations.of_export(chance, copy, rebuilt=rebuilt)
        if rebuilt:
            manipulations.reseal(copy, self._keys)
        manipulations.remake(copy)
        without = not verify.verify(copy, policy=self._keys.policy(witnesses=False), workers=1).good
        return Result(what, rebuilt, without or _not_cosigned(copy, self._keys), without)

    def _in_database(self, chance: random.Random, folder: Path) -> str:
        """Change a copy of the database as its owner can, with triggers off, and export it."""
        base = self._server.rpartition("/")[0]
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS changed WITH (FORCE)")
            connection.execute(sql.SQL("CREATE DATABASE changed TEMPLATE played"))
        with psycopg.connect(f"{base}/changed", autocommit=True) as connection:
            what = manipulations.of_database(chance, connection)
        engine = database.engine(f"{base}/changed", role="hanse_auditor")
        try:
            export.export(engine, ledgers.PERIOD, folder)
        finally:
            engine.dispose()
        return what


def _not_cosigned(folder: Path, keys: ledgers.Keys) -> bool:
    """Whether a policy that asks for witnesses refuses the checkpoint: all that it adds to a verification."""
    try:
        keys.policy(witnesses=True).accept((folder / tiles.CHECKPOINT).read_bytes())
    except (OSError, EvidenceError):
        return True
    return False


def _report(results: list[Result], place: reports.Place, scale: float) -> Report:
    missed = Counter(each.what for each in results if not each.found_with)
    without = Counter(each.what for each in results if not each.found_without)

    def part(holds: Callable[[Result], bool], of: list[Result]) -> float | None:
        return sum(map(holds, of)) / len(of) if of else None

    rebuilt = [each for each in results if each.rebuilt]
    plain = [each for each in results if not each.rebuilt]
    with_witnesses = part(lambda each: each.found_with, results)
    figures = {
        "manipulations": len(results),
        "found_fraction_with_witnesses": with_witnesses,
        "found_fraction_without": part(lambda each: each.found_without, results),
        "found_fraction_without_of_rebuilt": part(lambda each: each.found_without, rebuilt),
        "found_fraction_without_of_not_rebuilt": part(lambda each: each.found_without, plain),
    }
    kinds = Counter(each.what.partition(" ")[0] for each in results)
    inputs = {
        "members": MEMBERS, "hours": HOURS, "scale": scale, "in_database": IN_DATABASE,
        "kinds": dict(sorted(kinds.items())),
        "missed_with_witnesses": dict(missed), "missed_without": dict(without.most_common(10)),
    }  # fmt: skip
    gates = {
        "manipulations >= 1000": len(results) >= 1000,  # noqa: PLR2004  # as it says
        f"found_fraction_with_witnesses >= {FOUND_WITH_WITNESSES_MIN:g}": with_witnesses == FOUND_WITH_WITNESSES_MIN,
    }
    return Report(NAME, figures, {}, inputs, SEED, gates, place)
