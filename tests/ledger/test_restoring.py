"""A ledger is restored: the same roots, and the log goes on; an older copy is not sealed on, and witnesses catch it."""

import contextlib
import os
import signal
import subprocess
import types
import urllib.parse

import psycopg
import pytest
from sealed import KEYS, ORIGIN, POLICY, TEXT, seal, sealers, serving
from typer.testing import CliRunner

from hanse.cli import log as log_commands
from hanse.devcluster import ports, postgres, processes
from hanse.evidence import checkpoints, notes, policy
from hanse.ledger import database, fsck, sealing, signing, witness
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import ForkError, Sealer

WITNESS = notes.signer("auditor.example/w", notes.COSIGNATURE, bytes([3]) * 32)


def roots(world):
    with psycopg.connect(world.url) as connection:
        return dict(connection.execute("SELECT size, root FROM ledger.tree_head").fetchall())


def add(world, count):
    """Record so many rows."""
    with psycopg.connect(world.url) as connection:
        made = "SELECT 'n' || i, 0, true FROM generate_series(1, %s) AS i"
        connection.execute(f"INSERT INTO ledger.levy (node, start_seconds, levied) {made}", [count])


def tool(name, url, *arguments, given=b""):
    """Run one of PostgreSQL's tools; the password goes through the environment."""
    parts = urllib.parse.urlsplit(url)
    user, password = (urllib.parse.unquote(each or "") for each in (parts.username, parts.password))
    said = {"PGHOST": parts.hostname, "PGPORT": str(parts.port), "PGUSER": user, "PGPASSWORD": password}
    command = [*postgres._prefix(), str(postgres._binary(name)), *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=True, env={**os.environ, **said}).stdout


class Server:
    """A server of its own, with what was restored into its folder."""

    def __init__(self, folder, password_of):
        self.folder, self.data = folder, folder / "postgres"
        self.port = ports.free()
        self._password_of = password_of

    def start(self):
        if (self.data / "PG_VERSION").exists() and not (self.folder / "database-url").exists():
            parts = urllib.parse.urlsplit(self._password_of)
            address = f"{parts.netloc.rpartition(':')[0]}:{self.port}"
            (self.folder / "database-url").write_text(parts._replace(netloc=address).geturl())
        return postgres.start(self.folder, self.port, durable=False)

    def stop(self):
        processes.end(self.folder, [postgres.PART], (signal.SIGINT, signal.SIGKILL), 60)


@pytest.fixture(name="make_server")
def _make_server(server, tmp_path):
    with contextlib.ExitStack() as stack:

        def make(name):
            (tmp_path / name).mkdir()
            made = Server(tmp_path / name, server)
            stack.callback(made.stop)
            return made

        yield make


@pytest.fixture(name="lived")
def _lived(world, tmp_path):
    for _ in range(100):  # a server that has lived for longer than the one that its dump is restored to
        world.super.execute("SELECT pg_current_xact_id()")
    world.record(world.admit())
    seal(world, tmp_path / "log")
    world.record(world.admit())
    return world


def at(url, world):
    """Return what stands for the ledger of *world*, as it is in another server."""
    name = world.url.rpartition("/")[2]
    return types.SimpleNamespace(url=f"{url.rpartition('/')[0]}/{name}")


def goes_on(restored, lived, folder):
    """Check that the restored ledger has the roots of before, and that its log goes on from where it was."""
    before = roots(lived)
    assert roots(restored) == before
    add(restored, 1)
    assert seal(restored, folder) > 1  # what was not sealed when it was copied, and the new row
    assert roots(restored).items() >= before.items()
    engine = database.engine(restored.url, role="hanse_auditor")
    assert fsck.check(engine, Folder(folder), POLICY).findings == []
    engine.dispose()


def test_from_a_dump_once_the_new_server_counts_on(lived, make_server, tmp_path):
    """A dump has rows with their transactions' numbers; a new server begins anew and is told to go on above them."""
    name = lived.url.rpartition("/")[2]
    roles = tool("pg_dumpall", lived.url, "--roles-only")
    dump = tool("pg_dump", lived.url, "--format=custom", name)
    other = make_server("other")
    url = other.start()
    psql(url, roles)
    postgres.create_database(url, name)
    tool("pg_restore", url, "--exit-on-error", "--single-transaction", f"--dbname={name}", given=dump)
    restored = at(url, lived)
    with psycopg.connect(restored.url, autocommit=True) as connection:
        connection.execute("SELECT pg_current_xact_id()")
        sealed = connection.execute("SELECT max(xid::text::bigint) FROM ledger.leaf").fetchone()[0]
        here = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()[0]
    assert here < sealed, "a server that is as old shows nothing"
    with pytest.raises(sealing.RestoredError, match="pg_resetwal --epoch=1 on its data"):
        seal(restored, tmp_path / "log")
    other.stop()
    tool("pg_resetwal", url, "--epoch=1", other.data)
    other.start()
    goes_on(restored, lived, tmp_path / "log")


def psql(url, script):
    parts = urllib.parse.urlsplit(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for line in script.decode().splitlines():
            with contextlib.suppress(psycopg.errors.DuplicateObject):
                if line.startswith(("CREATE ROLE", "ALTER ROLE", "GRANT")) and f" {parts.username} " not in line:
                    connection.execute(line)


def test_from_a_base_backup_with_nothing_more_to_do(lived, make_server, tmp_path):
    other = make_server("other")
    tool("pg_basebackup", lived.url, f"--pgdata={other.data}", "--wal-method=stream", "--checkpoint=fast")
    restored = at(other.start(), lived)
    goes_on(restored, lived, tmp_path / "log")


def copied(server, name):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_older TEMPLATE {name}")
    return server.rpartition("/")[0] + f"/{name}_older"


@pytest.fixture(name="older")
def _older(lived, server, tmp_path):
    """A copy of the ledger from before the log was shown with more leaves; both go their own way."""
    for engine in (lived.operator, lived.api, lived.auditor):
        engine.dispose()
    lived.super.close()
    name = lived.url.rpartition("/")[2]
    copy = types.SimpleNamespace(url=copied(server, name))
    lived.super = psycopg.connect(lived.url, autocommit=True)
    seal(lived, tmp_path / "log")
    yield copy
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}_older WITH (FORCE)")


def test_an_older_copy_than_what_was_shown_is_neither_sealed_nor_signed(older, tmp_path):
    files = {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()}
    with psycopg.connect(older.url, autocommit=True) as connection:
        signed = connection.execute("SELECT size FROM ledger.signed_head ORDER BY size").fetchall()
        with pytest.raises(ForkError, match="it is an older copy"):
            seal(older, tmp_path / "log")
        add(older, 60)  # now it would be the longer one
        with pytest.raises(ForkError, match="it is an older copy"):
            seal(older, tmp_path / "log")
        seal(older, tmp_path / "elsewhere")  # by somebody who did not know
        with pytest.raises(ForkError, match="do not have the root that the log has shown"):
            seal(older, tmp_path / "log")
        assert signed < connection.execute("SELECT size FROM ledger.signed_head ORDER BY size").fetchall()
    assert files == {path: path.read_bytes() for path in (tmp_path / "log").rglob("*") if path.is_file()}


def test_files_are_made_again_up_to_what_was_shown_and_not_from_an_older_copy(lived, older, tmp_path):
    (tmp_path / "policy").write_text(TEXT)
    shown = str(tmp_path / "log" / "checkpoint")
    arguments = ["rebuild", "--policy", str(tmp_path / "policy"), "--checkpoint", shown, "--out"]
    runner = CliRunner()
    done = runner.invoke(log_commands.app, [*arguments, str(tmp_path / "again")], env={"HANSE_DATABASE_URL": lived.url})
    assert done.exit_code == 0, done.output
    again, log = (
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "again", tmp_path / "log")
    )
    assert again.items() <= log.items()  # in the log there are partial tiles of before too
    assert {"checkpoint"} < again.keys()
    refused = runner.invoke(
        log_commands.app, [*arguments, str(tmp_path / "never")], env={"HANSE_DATABASE_URL": older.url}
    )
    assert "it is an older copy" in str(refused.exception)
    assert not (tmp_path / "never").exists()


def test_whoever_seals_an_older_copy_into_an_empty_folder_is_caught_by_a_witness(lived, older, tmp_path):
    """Without what was shown the sealer cannot know; the witness does, keeps both, and cosigns one of them."""
    log_only = policy.parse(TEXT)
    one = witness.Witness(tmp_path / "witness", log_only, WITNESS)
    with serving(one) as address:
        whole = policy.parse(TEXT.replace("quorum none", f"witness w {WITNESS.key} {address}\nquorum w"))
        for world, folder, rows in ((lived, "log", 1), (older, "fork", 50)):
            add(world, rows)
            with sealers(world) as engine:
                Sealer(engine, whole, signing.KeyFile(KEYS), Folder(tmp_path / folder)).round()
    good, fork = ((tmp_path / folder / "checkpoint").read_bytes() for folder in ("log", "fork"))
    assert whole.accept(good).cosigned_at
    with pytest.raises(ValueError, match="quorum"):
        whole.accept(fork)
    assert [path for path in (tmp_path / "witness").rglob("*.evidence/*") if path.is_file()]
    assert ORIGIN == checkpoints.parse(notes.parse(fork).text).origin
