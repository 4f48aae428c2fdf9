"""What the ledger refuses. Each kind has its SQLSTATE, by which the SQL functions raise it."""


class LedgerError(Exception):
    """The ledger refused; nothing of the transaction is recorded."""


class StaleTermError(LedgerError):
    """Another leader has taken a higher term: stop leading."""


class CycleConflictError(LedgerError):
    """The cycle is not the next one of its term: look up what was recorded."""


class AttemptConflictError(LedgerError):
    """An attempt is not in the state, or under the fence, that the decision rests on: load the mirror again."""


class CapExceededError(LedgerError):
    """A cap would be crossed."""


class ContradictionError(LedgerError):
    """Something with this key is recorded already, and says something else."""


class RefusedError(LedgerError):
    """The request is not one that the ledger can record; the message says why."""


class NoRoomLeftError(LedgerError):
    """An export takes more room than it may."""


class AppendOnlyError(LedgerError):
    """What is recorded is never changed."""


class CommitUnknownError(LedgerError):
    """It is not known whether the transaction was recorded: drop what is mirrored, and look it up."""


_BY_SQLSTATE: dict[str, type[LedgerError]] = {
    "HN001": StaleTermError,
    "HN002": CycleConflictError,
    "HN003": AttemptConflictError,
    "HN004": CapExceededError,
    "HN005": ContradictionError,
    "HN006": RefusedError,
    "HN007": AppendOnlyError,
}
_ONE_LIVE = "attempt_one_live_a_job"


def from_sqlstate(error: Exception) -> LedgerError | None:
    """Return what the ledger's functions meant with a database error, or None if it is not theirs."""
    cause = getattr(error, "orig", None)
    kind = _BY_SQLSTATE.get(getattr(cause, "sqlstate", None) or "")
    diagnosis = getattr(cause, "diag", None)
    if kind is None and getattr(diagnosis, "constraint_name", None) == _ONE_LIVE:
        kind = AttemptConflictError
    return kind(getattr(diagnosis, "message_primary", None) or str(cause)) if kind else None
