"""Connections, and errors as the ledger's own.

In: a URL. Out: an engine, and transactions in which a refusal of the ledger's functions is a :class:`LedgerError` of
its kind and a COMMIT whose answer was lost is a :class:`CommitUnknownError`. Everything else of the package that writes
goes through :func:`transaction`.
"""

import contextlib
from collections.abc import Iterator

import psycopg
from psycopg.types.array import ListBinaryDumper
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from hanse.ledger import errors

# A client that vanished without a word must not hold the leader's term, or an account, for longer than this.
IDLE_MILLISECONDS_MAX = 10_000
_CHECK_TERM = text("SELECT ledger.check_term(:term)")


def engine(url: str, *, role: str | None = None) -> Engine:
    """Return an engine for a `postgresql://` URL; with *role*, each connection acts as that role from the start.

    READ COMMITTED, as caps are taken by conditional updates of one row and not by comparing snapshots.

    """
    settings = {
        "timezone": "UTC",
        "search_path": "ledger",
        "idle_in_transaction_session_timeout": IDLE_MILLISECONDS_MAX,
    }
    if role:
        settings["role"] = role
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    made = create_engine(
        driver_url(url),
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        # An error with its parameters would put what members sent, and sealed tokens, into logs.
        hide_parameters=True,
        connect_args={"options": options, "application_name": "hanse"},
    )
    event.listen(made, "connect", _send_arrays_as_they_are)
    return made


def _send_arrays_as_they_are(connection: psycopg.Connection[object], _record: object) -> None:
    """Have arrays sent in binary: as text, each byte of a digest or a signature is escaped, which takes far longer."""
    connection.adapters.register_dumper(list, ListBinaryDumper)


def driver_url(url: str) -> URL:
    """Return the URL with psycopg 3 as its driver, which SQLAlchemy does not take by itself."""
    return make_url(url).set(drivername="postgresql+psycopg")


@contextlib.contextmanager
def transaction(using: Engine, *, term: int | None = None) -> Iterator[Connection]:
    """Run a `with` block in one transaction; with *term*, as the leader of that term or not at all.

    Raises:
        StaleTermError: another leader has taken over; nothing is recorded.
        LedgerError: a function of the ledger refused; nothing is recorded.
        CommitUnknownError: the connection was lost during COMMIT: it may be recorded or not, and must be looked up.

    """
    with using.connect() as connection:
        begun = connection.begin()
        try:
            if term is not None:
                connection.execute(_CHECK_TERM, {"term": term})
            yield connection
        except DBAPIError as error:
            if not error.connection_invalidated:
                begun.rollback()
            raise errors.from_sqlstate(error) or error from error
        except BaseException:
            begun.rollback()
            raise
        try:
            begun.commit()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise errors.CommitUnknownError("the connection was lost during COMMIT") from error
            raise errors.from_sqlstate(error) or error from error
