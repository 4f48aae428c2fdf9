"""Who takes part: members, keys, nodes, levies, rates, and the metering interval.

In: what the coordinator and the members declare. Out: append-only rows; saying the same again changes nothing, saying
something else for the same key is refused. A leader names its term, and writes nothing once another has taken over;
without a term it is somebody who sets the ledger up. What is in force at a time is read by :mod:`hanse.ledger.posting`.
"""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from hanse.evidence import enrolments
from hanse.evidence.enrolments import Enrolment
from hanse.ledger import database


def register_member(
    engine: Engine, name: str, *, login: str | None, verify_key: bytes, term: int | None = None
) -> None:
    """Register a member with its accounts, the database role *login* that may read its own rows, and a public key.

    Raises:
        ContradictionError: it is registered with another login.
        StaleTermError: another leader has taken over.

    """
    with database.transaction(engine, term=term) as connection:
        connection.execute(sa.text("SELECT ledger.register_member(:name, :login)"), {"name": name, "login": login})
        connection.execute(sa.text("SELECT ledger.add_member_key(:name, :key)"), {"name": name, "key": verify_key})


def enrol(engine: Engine, body: bytes, signature: bytes, member_key: bytes) -> Enrolment:
    """Record an enrolment that the member with the public key *member_key* signed.

    Raises:
        EvidenceError: it is not well-formed, or not signed with this key.
        ContradictionError: the node is enrolled otherwise from the same time on.

    """
    enrolment = enrolments.verify(body, signature, member_key)
    with database.transaction(engine) as connection:
        connection.execute(
            sa.text("SELECT ledger.enrol(:member, :member_key, :node, :start, :gpus, :body, :signature)"),
            {
                "member": enrolment.member,
                "member_key": member_key,
                "node": enrolment.node,
                "start": enrolment.start_seconds,
                "gpus": len(enrolment.gpus),
                "body": body,
                "signature": signature,
            },
        )
    return enrolment


def has_key(engine: Engine, member: str, key: bytes) -> bool:
    """Whether a member is registered with this public key."""
    statement = sa.text("SELECT EXISTS (SELECT FROM ledger.member_key WHERE member = :member AND verify_key = :key)")
    with database.transaction(engine) as connection:
        return bool(connection.execute(statement, {"member": member, "key": key}).scalar_one())


def latest_enrolments(engine: Engine, cluster: str) -> list[bytes]:
    """Return the enrolments of a cluster's nodes that are in force or begin later, by node and start: their bodies."""
    statement = sa.text(
        "SELECT body FROM ledger.enrolment e WHERE cluster = :cluster AND NOT EXISTS (SELECT FROM ledger.enrolment n "
        "WHERE n.node = e.node AND n.start_seconds > e.start_seconds AND n.start_seconds <= ledger.clock_seconds()) "
        "ORDER BY node, start_seconds"
    )
    with database.transaction(engine) as connection:
        return [bytes(body) for body in connection.execute(statement, {"cluster": cluster}).scalars()]


def newest_of(connection: Connection, cluster: str) -> int:
    """Return a number that grows with each enrolment of a cluster's nodes."""
    statement = sa.text("SELECT coalesce(max(sequence), 0) FROM ledger.enrolment WHERE cluster = :cluster")
    return int(connection.execute(statement, {"cluster": cluster}).scalar_one())


def holders(engine: Engine, keys: Collection[bytes]) -> dict[bytes, str]:
    """Return which node was ever enrolled with each of the public *keys* that one was."""
    statement = sa.text("SELECT DISTINCT node_key, node FROM ledger.enrolment WHERE node_key = ANY (:keys)")
    with database.transaction(engine) as connection:
        return {bytes(key): node for key, node in connection.execute(statement, {"keys": list(keys)})}


def newest_enrolment(connection: Connection) -> int:
    """Return a number that grows with each enrolment."""
    return int(connection.execute(sa.text("SELECT coalesce(max(sequence), 0) FROM ledger.enrolment")).scalar_one())


def first_enrolled(engine: Engine) -> dict[str, int]:
    """Return from when on (Unix time) each node was enrolled first: the levy takes a member's nodes in this order.

    A node whose last enrolment has no GPUs is left out: that one ends its contribution.
    """
    statement = sa.text(
        "SELECT node, min(start_seconds) FROM ledger.enrolment GROUP BY node"
        " HAVING (array_agg(gpus ORDER BY start_seconds DESC))[1] > 0"
    )
    with database.transaction(engine) as connection:
        return {node: int(start_seconds) for node, start_seconds in connection.execute(statement)}


def is_enrolled(engine: Engine, enrolment: Enrolment, body: bytes) -> bool:
    """Whether just this is recorded for the node and the start that the enrolment names."""
    statement = sa.text(
        "SELECT EXISTS (SELECT FROM ledger.enrolment WHERE node = :node AND start_seconds = :start AND body = :body)"
    )
    asked = {"node": enrolment.node, "start": enrolment.start_seconds, "body": body}
    with database.transaction(engine) as connection:
        return bool(connection.execute(statement, asked).scalar_one())


def slots_and_now(engine: Engine) -> tuple[int, int]:
    """Return the metering interval, and the ledger's time (Unix)."""
    statement = sa.text("SELECT slot_seconds, ledger.clock_seconds() FROM ledger.setting")
    with database.transaction(engine) as connection:
        slot_seconds, now_seconds = connection.execute(statement).one()
    return int(slot_seconds), int(now_seconds)


def set_levy(engine: Engine, node: str, start_seconds: int, *, levied: bool, term: int | None = None) -> None:
    """Say whether the use of a node is credited to the pool's levy from *start_seconds* (Unix time) on.

    Raises:
        ContradictionError: it is set otherwise from the same time on.
        StaleTermError: another leader has taken over.

    """
    with database.transaction(engine, term=term) as connection:
        connection.execute(
            sa.text("SELECT ledger.set_levy(:node, :start, :levied)"),
            {"node": node, "start": start_seconds, "levied": levied},
        )


def publish_class_rate(
    engine: Engine, accelerator_class: str, precision: str, milli_h100e: int, *, term: int | None = None
) -> int:
    """Publish what a GPU of a class is worth in a precision, in thousandths of an H100; return the version.

    Raises:
        StaleTermError: another leader has taken over.

    """
    return _publish(engine, class_subject(accelerator_class, precision), milli_h100e, term)


def publish_tier_rate(engine: Engine, tier: str, thousandths: int, *, term: int | None = None) -> int:
    """Publish a tier's usage factor in thousandths; return the version.

    Raises:
        StaleTermError: another leader has taken over.

    """
    return _publish(engine, tier_subject(tier), thousandths, term)


def class_subject(accelerator_class: str, precision: str) -> str:
    """Return the name under which a class's worth in a precision is published."""
    return f"class/{accelerator_class}/{precision}"


def tier_subject(tier: str) -> str:
    """Return the name under which a tier's factor is published."""
    return f"tier/{tier}"


def set_metering(engine: Engine, *, slot_seconds: int, grace_seconds: int, term: int | None = None) -> None:
    """Settle the metering interval, before the first slot, and how late a slot may be without being marked late.

    Raises:
        RefusedError: there are slots of another interval already.
        StaleTermError: another leader has taken over.

    """
    with database.transaction(engine, term=term) as connection:
        connection.execute(
            sa.text("SELECT ledger.set_metering(:slot, :grace)"), {"slot": slot_seconds, "grace": grace_seconds}
        )


def _publish(engine: Engine, subject: str, thousandths: int, term: int | None) -> int:
    with database.transaction(engine, term=term) as connection:
        statement = sa.text("SELECT ledger.publish_rate(:subject, :thousandths)")
        return int(connection.execute(statement, {"subject": subject, "thousandths": thousandths}).scalar_one())
