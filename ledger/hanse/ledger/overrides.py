"""Caps that are raised: only by trustees together, for one window and some time, and always on record as a violation.

In: deeds and statements with their signatures (:mod:`hanse.evidence.trustees`). Out: acts, and for whoever plans the
ceilings that are in force. A database cannot check these signatures: they are checked before an act is recorded, again
whenever a ceiling is read here, and by the verifier. What is not well signed raises nothing.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import canonical, identity, trustees
from hanse.evidence.errors import EvidenceError
from hanse.evidence.trustees import Act, Deed, Override
from hanse.ledger import database, transfers
from hanse.ledger.errors import RefusedError
from hanse.ledger.models.accounts import Account
from hanse.ledger.models.settlements import Act as Row

_CLOCK = sa.text("SELECT ledger.clock_seconds()")


@dataclass(frozen=True)
class Ceilings:
    """What windows' ceilings may be, by account: *agreed* at most without the trustees, *raised* by them."""

    agreed: dict[str, int] = field(default_factory=dict)
    raised: dict[str, int] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    """What is in the ledger and not well signed: it raises nothing, and somebody put it there."""

    def of(self, account: str, wanted: int) -> int:
        """Return the ceiling that is in force for a window whose cap is *wanted* now."""
        return max(min(wanted, self.agreed.get(account, wanted)), self.raised.get(account, 0))


def account_of(override: Override) -> str:
    """Return the cap's account that a statement is about."""
    return transfers.cap(override.member, override.cap, override.window_start_seconds)


def in_force(connection: Connection) -> tuple[Deed, bytes] | None:
    """Return the newest deed and the hash of its act, if each of its predecessors has handed over to the next.

    Raises:
        EvidenceError: one was not signed by those before it.

    """
    deed: Deed | None = None
    digest = b""
    statement = sa.select(Row.body, Row.body_sha256).where(Row.kind == "Trustees").order_by(Row.sequence)
    for body, body_sha256 in connection.execute(statement):
        act = trustees.decode_act(body)
        trustees.check(act, deed)
        if not isinstance(act.said, Deed) or (act.said.previous or b"") != digest:
            raise EvidenceError("a deed of trustees does not follow the one before it")
        deed, digest = act.said, body_sha256
    return (deed, digest) if deed else None


def record(engine: Engine, act: Act) -> None:
    """Record a deed or a raised cap with its signatures.

    Raises:
        EvidenceError: it is not signed by enough trustees.
        RefusedError: it is for other trustees, no window that has begun, or is out of date.
        ContradictionError: it is recorded already.

    """
    body = trustees.encode_act(act)
    said = act.said
    with database.transaction(engine) as connection:
        current = in_force(connection)
        trustees.check(act, current[0] if current else None)
        if isinstance(said, Deed):
            identifier = identity.act_id("trustees", canonical.sha256(body).hex())
            given = {"id": identifier, "body": body}
            connection.execute(sa.text("SELECT ledger.record_trustees(:id, :body)"), given)
        else:
            if current is None or current[1] != said.deed:
                raise RefusedError("the statement is of other trustees than those in force: have one signed by these")
            given = {"account": account_of(said), "id": override_id(said), "body": body}
            connection.execute(sa.text("SELECT ledger.record_override(:account, :id, :body)"), given)


def deed_hash(engine: Engine) -> bytes:
    """Return the hash of the deed in force, which statements and the next deed name; none is empty."""
    with database.transaction(engine) as connection:
        current = in_force(connection)
    return current[1] if current else b""


def override_id(said: Override) -> uuid.UUID:
    """Return the id of the act that records a statement, whoever has signed it: it counts once."""
    return identity.act_id("override", canonical.sha256(trustees.encode(said)).hex())


def ceilings(connection: Connection, accounts: Collection[str]) -> Ceilings:
    """Return the ceilings of windows that have begun; none are bound where there are no trustees."""
    try:
        current = in_force(connection)
    except EvidenceError as error:
        return Ceilings(_agreed(connection, accounts), refused=(f"trustees: {error}",))
    if current is None:
        return Ceilings()
    deed, digest = current
    now = int(connection.execute(_CLOCK).scalar_one())
    raised: dict[str, int] = {}
    refused: list[str] = []
    statement = sa.select(Row.id, Row.body).where(Row.kind == "Override", Row.subject.in_(accounts))
    for identifier, body in connection.execute(statement.order_by(Row.sequence)).tuples():
        try:
            act = trustees.decode_act(body)
            said = act.said
            if not isinstance(said, Override) or said.deed != digest or said.until_seconds <= now:
                continue
            trustees.check(act, deed)
        except EvidenceError as error:
            refused.append(f"act {identifier}: {error}")
            continue
        raised[account_of(said)] = max(raised.get(account_of(said), 0), said.ceiling)
    return Ceilings(_agreed(connection, accounts), raised, tuple(refused))


def _agreed(connection: Connection, accounts: Collection[str]) -> dict[str, int]:
    statement = sa.select(Account.name, Account.ceiling_agreed).where(Account.name.in_(accounts))
    return {name: int(agreed) for name, agreed in connection.execute(statement).tuples() if agreed is not None}
