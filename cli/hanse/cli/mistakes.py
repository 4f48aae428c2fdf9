"""Ordinary mistakes, as sentences: a file that is not there, text that is no YAML, a server that cannot be reached.

In: what a command raised. Out: a sentence with what to do, or None if it is no ordinary mistake: then the traceback is
wanted. Libraries are looked for among those that are loaded, as an installation need not have them all. A sentence
never shows content: a line of a kubeconfig may hold a token, a database's URL a password.
"""

import sys
from collections.abc import Callable
from typing import Any

from hanse.cli.errors import CommandError


def sentence(error: Exception) -> str | None:
    """Return what to tell whoever typed the command."""
    for module, name, told in _TOLD:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return told(error)
    return None


def checked_database(url: str) -> str:
    """Return the ledger's *url*.

    Raises:
        CommandError: it is none; the sentence leaves out what it says, as that includes a password.

    """
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415  # only who needs a database has it installed

    from hanse.ledger import database  # noqa: PLC0415

    wanted = "write postgresql://USER:PASSWORD@HOST:PORT/NAME, with @ in a password as %40"
    try:
        database.driver_url(url)
    except (ArgumentError, ValueError):
        raise CommandError(f"HANSE_DATABASE_URL is no URL of a database: {wanted}") from None
    if url.count("@") > 1:  # a part of the password would be taken for the host, and shown
        raise CommandError(f"HANSE_DATABASE_URL has more than one @: {wanted}")
    return url


def _file(error: OSError) -> str:
    if error.filename is None:
        return (
            f"{error.strerror or str(error) or type(error).__name__}: look at the addresses and files that were named"
        )
    if isinstance(error, FileNotFoundError):
        return f"{error.filename} is not there: name a file that is, or make it first"
    return f"{error.filename}: {error.strerror}: name a file that this user can open, or change its rights"


def _yaml(error: Any) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f"{mark.name}, line {mark.line + 1}" if mark else "a file"
    return f"{where}: {problem or 'unreadable characters'}; correct it, as it has to be YAML"


def _database(error: Any) -> str:
    said = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0]
    return f"the ledger's database: {said}; see that PostgreSQL runs where HANSE_DATABASE_URL says, and takes its user"


def _kubeconfig(error: Exception) -> str:
    return f"no API server to talk to: {error} Name a kubeconfig that is there, with --kubeconfig or KUBECONFIG"


_TOLD: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("builtins", "OSError", _file),
    ("yaml", "YAMLError", _yaml),
    ("sqlalchemy.exc", "SQLAlchemyError", _database),
    ("kubernetes.config.config_exception", "ConfigException", _kubeconfig),
    ("kubernetes.aio.config.config_exception", "ConfigException", _kubeconfig),
)
