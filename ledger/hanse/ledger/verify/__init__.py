"""Verifying an export: everything that can be checked again is, and what is wrong is named.

In: the folder of an export. Out: a :class:`Verdict` with findings, the first of which is the first offender. It needs
neither the database nor a cluster nor a server, only :mod:`hanse.evidence` and pure modules of this package. The checks
have the numbers of docs/ledger.md: :mod:`~hanse.ledger.verify.documents` has C3 and C13,
:mod:`~hanse.ledger.verify.decided` C4 and C5, :mod:`~hanse.ledger.verify.metered` C6 to C8 and C12,
:mod:`~hanse.ledger.verify.booked` C9 to C11, and :mod:`~hanse.ledger.verify.sealed` what the log adds to C1 to C3.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hanse.evidence import canonical
from hanse.evidence.errors import EvidenceError
from hanse.evidence.policy import Policy
from hanse.ledger import bundle
from hanse.ledger.bundle import Bundle, BundleError, Header
from hanse.ledger.verify import booked, decided, documents, metered
from hanse.ledger.verify.finding import Finding
from hanse.ledger.verify.sealed import LogVerdict, check_log

__all__ = ["Finding", "LogVerdict", "Verdict", "check", "check_log", "verify"]

FINDINGS_MAX = 100
_CHECKS = (documents.check, decided.check, metered.check, booked.check)


@dataclass(frozen=True)
class Verdict:
    """What came of a verification; *manifest_sha256* stands for the export that was verified."""

    manifest_sha256: bytes
    header: Header | None
    findings: tuple[Finding, ...]
    log: LogVerdict | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify(folder: Path, manifest_sha256: bytes | None = None, policy: Policy | None = None) -> Verdict:
    """Verify the export in *folder*.

    *manifest_sha256*, if given, is what its manifest must hash to; *policy*, if given, says whose signatures must be
    under the log's checkpoint.
    """
    digest = b""
    header = None
    try:
        digest = bundle.manifest_sha256(folder)
        if manifest_sha256 not in {None, digest}:
            return Verdict(digest, None, (Finding("C2", bundle.MANIFEST, "is not the one that was announced"),))
        header, hashes = bundle.read_manifest(folder)
        read = bundle.read(folder, header)
        log = check_log(folder, header, policy)
    except BundleError as error:
        return Verdict(digest, header, (Finding("C2", error.where, error.message),))
    findings = [*check(read), *log.findings, *_changed_files(folder, hashes, read)]
    return Verdict(digest, header, tuple(findings[:FINDINGS_MAX]), log)


def check(read: Bundle) -> list[Finding]:
    """Return what is wrong with an export's rows, the first offender first."""
    findings: list[Finding] = []
    for each in _CHECKS:
        try:
            findings += each(read)
        except (EvidenceError, KeyError, TypeError, ValueError) as error:
            findings.append(Finding("C2", each.__module__.rpartition(".")[2], f"does not hold together: {error!r}"))
    return findings


def _changed_files(folder: Path, hashes: dict[str, bytes], read: Bundle) -> Iterator[Finding]:
    """Yield the files whose hash is not the manifest's; rows that changed in them were named before, if they can be."""
    for name, sha256 in hashes.items():
        path = folder / name
        if not path.exists():
            yield Finding("C2", name, "is missing")
        elif canonical.sha256(path.read_bytes()) != sha256:
            yield Finding("C2", name, "is not the file that the manifest names")
    spreadsheet = folder / bundle.TRANSFERS_CSV
    if spreadsheet.exists() and spreadsheet.read_bytes() != bundle.transfers_csv(read).encode():
        yield Finding("C2", bundle.TRANSFERS_CSV, "does not say the same as transfers.jsonl")
