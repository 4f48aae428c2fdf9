"""The ledger's database, for as long as a command needs it.

In: its URL, or an environment that names it. Out: an engine, which is let go of in the end. The driver is imported only
then: who verifies an export has none installed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hanse.cli import mistakes
from hanse.cli.errors import CommandError

if TYPE_CHECKING:
    from sqlalchemy import Engine

DATABASE_URL = "HANSE_DATABASE_URL"


@contextmanager
def opened(url: str, *, role: str | None = None) -> Iterator["Engine"]:
    """Yield the database of a URL; with *role*, each connection acts as that role."""
    from hanse.ledger import database  # noqa: PLC0415  # as said above

    engine = database.engine(mistakes.checked_database(url), role=role)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def named(otherwise: str) -> Iterator["Engine"]:
    """Yield the database that the environment names.

    Raises:
        CommandError: it names none; *otherwise* is the sentence.

    """
    url = os.environ.get(DATABASE_URL)
    if url is None:
        raise CommandError(otherwise)
    with opened(url) as engine:
        yield engine


@contextmanager
def named_as(role: str) -> Iterator["Engine"]:
    """Yield the database that the environment names, each connection acting as *role*.

    Raises:
        CommandError: the environment names none.

    """
    url = os.environ.get(DATABASE_URL)
    if url is None:
        raise CommandError(
            f"{DATABASE_URL} is not set: it names the ledger's database, as a login with the role {role}: "
            "postgresql://user:password@host/name"
        )
    with opened(url, role=role) as engine:
        yield engine
