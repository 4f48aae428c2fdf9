"""Verifying an export: everything that can be checked again is, and what is wrong is named.

In: the folder of an export. Out: a :class:`Verdict` with findings, the first of which is the first offender. It needs
neither the database nor a cluster nor a server, only :mod:`hanse.evidence` and pure modules of this package. The checks
have the numbers of docs/ledger.md: :mod:`~hanse.ledger.verify.documents` has C3 and C13,
:mod:`~hanse.ledger.verify.decided` C4 and C5, :mod:`~hanse.ledger.verify.metered` C6 to C8, C12 and C15,
:mod:`~hanse.ledger.verify.booked` C9 to C11, :mod:`~hanse.ledger.verify.used` what attempts used (C9, C12),
:mod:`~hanse.ledger.verify.raised` what trustees add to C11, :mod:`~hanse.ledger.verify.settled` C14, and
:mod:`~hanse.ledger.verify.sealed` what the log adds to C1 to C3.

Slots are read once, an hour at a time, on all cores. Transfers are read once, one by one, meanwhile
(:mod:`~hanse.ledger.verify.streamed`). Rows of other kinds are few beside them and held in memory.
"""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hanse.evidence.canonical import Json
from hanse.evidence.errors import EvidenceError
from hanse.evidence.policy import Policy
from hanse.ledger import bundle
from hanse.ledger.bundle import Bundle, BundleError, Header
from hanse.ledger.verify import decided, documents, figures, metered, raised, sealed
from hanse.ledger.verify.figures import Check
from hanse.ledger.verify.finding import FINDINGS_MAX, Finding, Remark, keep
from hanse.ledger.verify.metered import Completeness, Metered
from hanse.ledger.verify.sealed import Leaves, LogVerdict, Opened
from hanse.ledger.verify.stamps import Stamps
from hanse.ledger.verify.streamed import Transfers
from hanse.ledger.verify.used import Uses

__all__ = ["Check", "Completeness", "Examined", "Finding", "LogVerdict", "Remark", "Verdict", "examine", "verify"]

# Is told what is being done, and how many parts of how many are.
Watch: TypeAlias = Callable[[str, int, int], None]
# What slots are not judged by.
_LATE = (
    "facts", "violations", "effects", "postings", "usage", "acknowledgements", "settlements", "acts", "accounts",
)  # fmt: skip


@dataclass(frozen=True)
class Booked:
    """How many transfers there are, and how many of these are carried from other periods."""

    transfers: int
    carried: int


@dataclass(frozen=True)
class Examined:
    """What came of an export's rows and log."""

    read: Bundle
    booked: Booked
    findings: list[Finding]
    log: LogVerdict
    complete: Completeness
    figures: dict[str, str]
    remarks: tuple[Remark, ...]
    changed_csv: tuple[Finding, ...] = ()

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks, one by one."""
        return figures.checks(self.figures, self.findings)


@dataclass(frozen=True)
class Verdict:
    """What came of a verification; *manifest_sha256* stands for the export that was verified."""

    manifest_sha256: bytes
    header: Header | None
    findings: tuple[Finding, ...]
    examined: Examined | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def log(self) -> LogVerdict:
        """What was found of the log."""
        return self.examined.log if self.examined else LogVerdict(())

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks, one by one."""
        return figures.checks(self.examined.figures if self.examined else {}, self.findings)


def verify(
    folder: Path,
    manifest_sha256: bytes | None = None,
    policy: Policy | None = None,
    workers: int | None = None,
    watch: Watch = lambda *_: None,
) -> Verdict:
    """Verify the export in *folder*.

    *manifest_sha256*, if given, is what its manifest must hash to; *policy*, if given, says whose signatures must be
    under the log's checkpoint; *workers* processes examine slots side by side, by default one a core where that pays.

    """
    digest = b""
    header = None
    try:
        digest = bundle.manifest_sha256(folder)
        if manifest_sha256 not in {None, digest}:
            return Verdict(digest, None, (Finding("C2", bundle.MANIFEST, "is not the one that was announced"),))
        header, hashes = bundle.read_manifest(folder)
        examined = examine(folder, header, policy, workers, watch)
    except BundleError as error:
        return Verdict(digest, header, (Finding("C2", error.where, error.message),))
    watch("comparing files with the manifest", 0, 0)
    findings = [*examined.findings, *_changed_files(folder, hashes), *examined.changed_csv]
    return Verdict(digest, header, tuple(findings[:FINDINGS_MAX]), examined)


def examine(
    folder: Path,
    header: Header,
    policy: Policy | None = None,
    workers: int | None = None,
    watch: Watch = lambda *_: None,
) -> Examined:
    """Return what is wrong with an export's rows and its log, the first offender first.

    Raises:
        BundleError: a file of the export is missing or cannot be read.

    """
    return _Examination(folder, header, policy, watch).run(_workers(folder, header) if workers is None else workers)


def _workers(folder: Path, header: Header) -> int:
    """Return how many processes pay: none beside this one for little, or where processes cannot be forked."""
    size = sum((folder / f"{name}.jsonl").stat().st_size for name in header.slot_files)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return cores if size >= metered.SIDE_BY_SIDE_BYTES_MIN and hasattr(os, "fork") else 1


class _Examination:
    def __init__(self, folder: Path, header: Header, policy: Policy | None, watch: Watch) -> None:
        self._folder, self._header, self._watch = folder, header, watch
        self._log = sealed.head(folder, header, policy)
        self._opened = Opened(folder, header, self._log.size)
        self._exported: set[str] = set()  # cycles and decisions
        self._read = Bundle(header)
        self._of_log: list[Finding] = []
        self._uses: Uses | None = None
        self._of_uses: list[Finding] = []
        self._leaves = Leaves(self._log.size)

    def run(self, workers: int) -> Examined:
        self._watch("reading", 0, 0)
        # What slots are judged by is read first, and the rest beside them: it is large, and processes would share it.
        for name in (name for name in bundle.READERS if name not in {*_LATE, "transfers"}):
            bundle.read_into(self._read, self._folder, name, self._look)
        with Stamps() as stamps, Transfers(self._folder, self._read) as transfers:
            return self._run(workers, stamps, transfers)

    def _run(self, workers: int, stamps: Stamps, transfers: Transfers) -> Examined:
        its = Metered()

        def told(read: int) -> None:
            self._watch("transfers", read, 0)
            self._leaves.add(self._opened.taken())

        def meanwhile() -> None:
            for name in _LATE:
                bundle.read_into(self._read, self._folder, name, self._look)
            self._uses = Uses(self._read)
            transfers.read(self._look, stamps, told)
            self._opened.others(self._folder, self._exported)
            self._leaves.add(self._opened.taken())
            self._of_log = list(sealed.files(self._folder, self._log.checkpoint))

        judged_by = metered.context(self._folder, self._read, self._log.size)
        for number, hour in enumerate(metered.examined(judged_by, workers, meanwhile), 1):
            self._watch("slots", number, len(self._header.slot_files))
            self._opened.late += hour.late
            self._opened.unsealed += hour.unsealed
            self._leaves.add(hour.leaves)
            stamps.add(hour.stamps)
            its.add(hour, self._header.slot_seconds)
            transfers.hour(hour)
            if uses := self._uses:
                keep(self._of_uses, _caught("used", functools.partial(uses.hour, hour)))
        self._watch("decisions and books", 0, 0)
        of_log = tuple(self._checked_log(its))
        findings = [*self._checked(its, stamps, transfers), *of_log]
        log = dataclasses.replace(self._log, findings=of_log, unsealed=self._opened.unsealed, late=self._opened.late)
        complete = metered.completeness(judged_by, its)
        said = figures.figures(self._read, transfers, its, complete, log)
        booked = Booked(transfers.booked, transfers.carried)
        remarks = figures.remarks(self._read, complete, its, log)
        changed_csv = tuple(transfers.changed_csv())
        return Examined(self._read, booked, findings, log, complete, said, remarks, changed_csv)

    def _look(self, file: str, where: str, line: dict[str, Json]) -> None:
        self._opened.row(file, where, line)
        if (key := sealed.exported_keys(file, line)) is not None:
            self._exported.add(key)

    def _checked(self, its: Metered, stamps: Stamps, transfers: Transfers) -> Iterator[Finding]:
        read = self._read
        yield from _caught("documents", lambda: documents.check(read))
        yield from transfers.of_documents
        yield from _caught("documents", lambda: documents.together(self._folder, read, stamps))
        yield from _caught("decided", lambda: decided.check(read))
        yield from _caught("metered", lambda: metered.check(read, its))
        yield from _caught("booked", transfers.of_books)
        yield from self._of_uses
        if self._uses:
            yield from _caught("used", self._uses.left)
        yield from _caught("raised", lambda: raised.check(read))
        yield from _caught("settled", transfers.of_settlement)

    def _checked_log(self, its: Metered) -> Iterator[Finding]:
        yield from self._log.findings
        yield from self._of_log
        yield from self._opened.findings
        yield from its.of_log
        if self._header.end_leaf > self._log.size:
            what = f"says that leaf {self._header.end_leaf} ends the period, and the log has {self._log.size}"
            yield Finding("C3", bundle.MANIFEST, what)
        if twice := self._leaves.twice:
            names = (*bundle.READERS, *self._header.slot_files)
            where = bundle.located(self._folder, names, "leaf", set(twice))
            for index in twice:
                yield Finding("C3", [*where.get(index, []), "openings.jsonl"][-1], f"leaf {index} is opened twice")
        yield from sealed.unopened(self._leaves.missing(self._header))


def _caught(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what a check finds; rows that do not hold together in a way that it did not think of are a finding too."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except (EvidenceError, KeyError, TypeError, ValueError) as error:
        found.append(Finding("C2", name, f"does not hold together: {error!r}"))
    return found


def _changed_files(folder: Path, hashes: dict[str, bytes]) -> Iterator[Finding]:
    """Yield the files whose hash is not the manifest's; rows that changed in them were named before, if they can be."""
    for name, sha256 in hashes.items():
        path = folder / name
        if not path.exists():
            yield Finding("C2", name, "is missing")
        elif bundle.sha256_of(path) != sha256:
            yield Finding("C2", name, "is not the file that the manifest names")
