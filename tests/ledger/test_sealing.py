"""Every row is sealed once, whoever dies when; what is published is what was sealed, also for tools of others."""

import contextlib
import os
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from sealed import KEYS, ORIGIN, POLICY, sealable

from hanse.devcluster import build
from hanse.evidence import checkpoints, commitments, merkle, notes, tiles
from hanse.ledger import database, errors, leaves, lines, models, sealing, signing
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import Sealer


@pytest.fixture(scope="module", name="pool")
def _pool(make_world):
    """A pool whose ledger has rows, and an engine of the sealer's role."""
    world = make_world()
    world.record(world.admit())
    with sealable(world) as pool:
        yield pool


@pytest.fixture(name="sealer")
def _sealer(pool, tmp_path):
    return Sealer(pool.sealer, POLICY, signing.KeyFile(KEYS), Folder(tmp_path / "log"))


def add_rows(pool, count):
    """Record *count* facts, each of which is a row."""
    pool.super.execute(
        "INSERT INTO ledger.fact (id, kind, at_seconds, detail) "
        "SELECT gen_random_uuid(), 'Test', 0, 'x' FROM generate_series(1, %s)",
        [count],
    )


def unsealed(pool):
    tables = [kind.table.__tablename__ for kind in lines.KINDS]
    union = " UNION ALL ".join(f"SELECT sequence FROM ledger.{table}" for table in tables)  # noqa: S608  # no input
    query = f"SELECT count(*) FROM ({union}) AS r LEFT JOIN ledger.leaf USING (sequence) WHERE index IS NULL"  # noqa: S608
    return pool.super.execute(query).fetchone()[0]


def check(pool, folder):
    """Check that the folder is the whole log of the database and holds; return its checkpoint."""
    note = notes.parse(folder.read(tiles.CHECKPOINT))
    assert len(checkpoints.verified(note, [each.key for each in KEYS])) == 2
    found = checkpoints.parse(note.text)
    assert [] == list(tiles.problems(folder.read, found.size, found.root))
    with pool.sealer.connect() as connection:
        tree = sealing.rebuilt(connection)
        assert (tree.size, tree.root()) == (found.size, found.root)
        assert tree.nodes == sealing.load(connection).nodes
    return found


def test_each_row_is_in_one_leaf_and_opens_it(pool, sealer):
    """The two lists of what is sealed are the same too: that of the tables and that of an export's files."""
    add_rows(pool, 600)
    assert sealer.round() >= 600
    assert (0, 0) == (sealer.round(), unsealed(pool))
    found = check(pool, sealer.folder)
    assert tuple(kind.name for kind in lines.KINDS) == leaves.SEALED
    opened = 0
    for kind in lines.KINDS:
        table = kind.table.__table__
        leaf = models.log.Leaf.__table__
        with pool.auditor.connect() as connection:
            joined = table.join(leaf, leaf.c.sequence == table.c.sequence)
            statement = table.select().add_columns(leaf.c.salt, leaf.c.entry).select_from(joined)
            for row in connection.execute(statement):
                assert row.entry == leaves.seal(kind.name, kind.line(row), row.salt).entry
                opened += 1
    assert opened == found.size


def test_what_others_check_logs_with_accepts_what_was_published(sealer):
    sealer.round()
    arguments = [str(build.binary(build.AUDITORS)), "fsck", str(sealer.folder._root), str(KEYS[0].key)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    note = sealer.folder.read(tiles.CHECKPOINT)
    subprocess.run(
        [arguments[0], "open", *(str(each.key) for each in KEYS)], input=note, capture_output=True, check=True
    )


def test_a_folder_that_was_lost_comes_back_byte_for_byte(pool, sealer, tmp_path):
    sealer.round()
    again = Sealer(pool.sealer, POLICY, signing.KeyFile(KEYS), Folder(tmp_path / "again"))
    assert again.round() == 0
    assert files(sealer.folder) == files(again.folder)


def files(folder):
    root = folder._root
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_who_inserts_waits_for_nobody_and_nothing_is_left_behind(pool, sealer):
    """A transaction that is still open keeps what came after it from being sealed, and no sealing waits for it."""
    sealer.round()
    with psycopg.connect(pool.url) as slow:
        slow.execute("INSERT INTO ledger.levy (node, start_seconds, levied) VALUES ('slow', 0, true)")
        add_rows(pool, 3)
        assert sealer.round() == 0
        add_rows(pool, 2)
        slow.commit()
    assert sealer.round() == 6
    assert unsealed(pool) == 0
    check(pool, sealer.folder)


def test_rows_that_keep_coming_do_not_keep_it_from_signing(pool, sealer, monkeypatch):
    seal = sealing.seal

    def busy(engine):
        add_rows(pool, 1)
        return seal(engine)

    monkeypatch.setattr(sealing, "seal", busy)
    assert sealer.round() >= 1
    check(pool, sealer.folder)
    monkeypatch.setattr(sealing, "LEAVES_MAX", 1)
    monkeypatch.setattr(sealing, "seal", lambda engine: seal(engine, 1))
    add_rows(pool, 4)
    assert sealer.round() == 4
    check(pool, sealer.folder)


class CrashError(BaseException):
    """The process is gone."""


class Tripwire:
    """Lets the process die at its nth step."""

    def __init__(self, at):
        self.left = at
        self.steps = []

    def step(self, name):
        self.steps.append(name)
        self.left -= 1
        if self.left == 0:
            raise CrashError(name)

    @contextlib.contextmanager
    def around(self, name):
        self.step(f"before {name}")
        yield
        self.step(f"after {name}")


def dying(pool, folder, monkeypatch, wire):
    """Return a sealer that dies before or after each thing that it does, and halfway through each file."""
    append = sealing.seal

    def seal(engine):
        with wire.around("sealing"):
            return append(engine)

    class DyingFolder(Folder):
        def write(self, path, data):
            target = self._root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.with_name(f".{target.name}.part").write_bytes(data[:9])
            with wire.around(path):
                super().write(path, data)

        def finish(self, note):
            with wire.around("finishing"):
                super().finish(note)

    class DyingKey(signing.KeyFile):
        def sign(self, checkpoint, at_seconds):
            with wire.around("signing"):
                return super().sign(checkpoint, at_seconds)

    class DyingSealer(Sealer):
        def publish(self, note):
            with wire.around("publishing"):
                super().publish(note)

    monkeypatch.setattr(sealing, "seal", seal)
    return DyingSealer(pool.sealer, POLICY, DyingKey(KEYS), DyingFolder(folder._root))


def test_it_may_die_at_every_step_and_the_next_one_goes_on(pool, sealer, monkeypatch):
    """Sizes cross those of full tiles on the way; there is never a second root or a second note for one size."""
    sealer.round()
    at, died = 1, []
    while True:
        add_rows(pool, 90)
        before = signed(pool)
        wire = Tripwire(at)
        with monkeypatch.context() as patched:
            try:
                dying(pool, sealer.folder, patched, wire).round()
                break
            except CrashError as error:
                died.append(str(error))
        if at % 2:
            add_rows(pool, 1)  # the next one finds more than what was left
        sealer.round()
        assert unsealed(pool) == 0
        assert before.items() <= signed(pool).items()
        check(pool, sealer.folder)
        at += 1
    # How many files there are changes from round to round, so that not each of their steps is met.
    assert {"before sealing", "after sealing", "before signing", "after signing", "before publishing"} <= {*died}
    assert all(any(what in each for each in died) for what in ("tile/entries/", "tile/0/", "checkpoint"))


def signed(pool):
    return dict(pool.super.execute("SELECT size, note FROM ledger.signed_head").fetchall())


def test_of_two_sealers_at_once_one_gives_way_and_each_row_is_sealed_once(pool, sealer, tmp_path):
    other = Sealer(pool.sealer, POLICY, signing.KeyFile(KEYS), Folder(tmp_path / "other"))
    refused = []

    def work(one):
        for _ in range(5):
            add = psycopg.connect(pool.url, autocommit=True)
            add.execute(
                "SELECT ledger.record_fact(gen_random_uuid(), 'T', 0, NULL, NULL, NULL, NULL, NULL, NULL, 1, '')"
            )
            add.close()
            try:
                one.round()
            except errors.ContradictionError as error:
                refused.append(error)

    threads = [threading.Thread(target=work, args=[one]) for one in (sealer, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealer.round()
    other.round()
    assert unsealed(pool) == 0
    assert check(pool, sealer.folder) == check(pool, other.folder)


def test_who_appends_to_a_log_that_has_grown_is_refused(pool, sealer):
    sealer.round()
    call = "SELECT ledger.append_leaves(0, '{{1}}', '{{1}}', ARRAY[{0}], ARRAY[{0}], ARRAY[{0}], {0}, '')"
    with (
        pytest.raises(errors.ContradictionError, match="another sealer"),
        database.transaction(pool.sealer) as connection,
    ):
        connection.exec_driver_sql(call.format("sha256('')"))


@pytest.mark.parametrize("table", ["leaf", "tree_head", "signed_head"])
@pytest.mark.parametrize(
    "change", ["UPDATE ledger.{} SET {} = {}", "DELETE FROM ledger.{}", "TRUNCATE ledger.{} CASCADE"]
)
def test_the_log_is_never_changed_whoever_asks(pool, sealer, table, change):
    sealer.round()
    column = "index" if table == "leaf" else "size"
    pool.super.execute("SET session_replication_role = replica")
    try:
        with pytest.raises(psycopg.errors.Error, match="never changed"):
            pool.super.execute(change.format(table, column, column))
    finally:
        pool.super.execute("SET session_replication_role = origin")


def test_a_folder_of_another_log_or_one_that_has_rotted_is_not_published_to(pool, sealer, tmp_path):
    sealer.round()
    folder = Folder(tmp_path / "other")
    other = checkpoints.sign(checkpoints.Checkpoint("other.example", 1, bytes(32)), KEYS[:1], 0)
    folder.write(tiles.CHECKPOINT, other.encode())
    with pytest.raises(ValueError, match="publish to a folder of its own"):
        Sealer(pool.sealer, POLICY, signing.KeyFile(KEYS), folder).round()
    size = folder_size(sealer.folder)
    last = list(tiles.of(size))[-1]
    sealer.folder.write(last.path, bytes(32 * last.width))
    add_rows(pool, 1)
    with pytest.raises(ValueError, match="do not lead to the root"):
        sealer.round()
    assert folder_size(sealer.folder) == size


def folder_size(folder):
    return folder.published().size


def test_a_database_that_was_restored_from_a_dump_is_refused(make_world, tmp_path):
    world = make_world()
    engine = database.engine(world.url, role="hanse_sealer")
    one = Sealer(engine, POLICY, signing.KeyFile(KEYS), Folder(tmp_path))
    digest = "sha256('')"
    world.super.execute(
        f"SELECT ledger.append_leaves(0, '{{1}}', '{{{2**40}}}', ARRAY[{digest}], ARRAY[{digest}], ARRAY[{digest}], "
        f"{digest}, {digest})"
    )
    with pytest.raises(sealing.RestoredError, match="restored from a dump"):
        one.round()
    engine.dispose()
    world.close()


SIGNS = """
import sys
from hanse.evidence import checkpoints, notes
keys = [notes.signer("pool.example/ledger", kind, bytes([kind]) * 32) for kind in (1, 6)]
text = sys.stdin.buffer.read()
print("".join(map(str, checkpoints.sign(checkpoints.parse(text), keys, 5).signatures)), end="")
"""


def test_a_command_may_sign_that_keeps_its_key_elsewhere(pool, tmp_path):
    command = signing.Command([sys.executable, "-P", "-c", SIGNS])
    one = Sealer(pool.sealer, POLICY, command, Folder(tmp_path))
    add_rows(pool, 1)
    one.round()
    check(pool, one.folder)


@pytest.mark.parametrize(
    ("code", "said"),
    [("raise SystemExit(3)", "exited with 3"), ("print('hello')", "signed nothing"), ("", "exited with 0")],
)
def test_a_command_that_does_not_sign_is_named(pool, tmp_path, code, said):
    add_rows(pool, 1)
    one = Sealer(pool.sealer, POLICY, signing.Command([sys.executable, "-c", code]), Folder(tmp_path))
    with pytest.raises(signing.SigningError, match=said):
        one.round()
    assert one.folder.published() is None


def test_what_is_signed_with_a_key_that_the_policy_does_not_have_is_not_shown_to_anybody(pool, tmp_path):
    stranger = notes.signer(ORIGIN, notes.ED25519, bytes(32))
    add_rows(pool, 1)
    one = Sealer(pool.sealer, POLICY, signing.KeyFile((*KEYS, stranger)), Folder(tmp_path))
    before = signed(pool)
    with pytest.raises(signing.SigningError, match="a key that its policy does not have"):
        one.round()
    assert (before, None) == (signed(pool), one.folder.published())


def test_the_leaves_of_a_log_say_nothing(pool, sealer):
    """Two rows that say the same have leaves that share nothing, as salts are random: only their number is known."""
    sealer.round()
    bundle = next(iter(tiles.of(folder_size(sealer.folder))))
    entries = tiles.decode_bundle(sealer.folder.read(bundle.path))
    assert {len(entry) for entry in entries} == {commitments.ENTRY_BYTES}
    assert len({*entries}) == len(entries)
    (salts,) = pool.super.execute("SELECT count(DISTINCT salt) = count(*) FROM ledger.leaf").fetchone()
    assert salts
    assert merkle.HASH_BYTES == commitments.ENTRY_BYTES


def test_the_process_seals_what_comes_and_may_be_killed_at_any_moment(pool, tmp_path):
    """`hanse log seal` as it is deployed, killed without a word at three moments; then one that is told to end."""
    (tmp_path / "key").write_text("".join(f"{each}\n" for each in KEYS))
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "policy").write_text("".join(f"log {each.key}\n" for each in KEYS) + "quorum none\n")
    folder = Folder(tmp_path / "log")
    arguments = [sys.executable, "-P", "-m", "hanse.cli.main", "log", "seal", f"--policy={tmp_path}/policy"]
    arguments += [f"--out={tmp_path}/log", f"--key-file={tmp_path}/key", "--every=0.1"]
    environment = {**os.environ, "HANSE_DATABASE_URL": pool.url}
    for number in range(3):
        before = folder.published()
        add_rows(pool, 2000)
        with subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL) as process:
            while number and folder.published() == before:
                time.sleep(0.01)
            process.kill()
    add_rows(pool, 10)
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL) as process:
        while unsealed(pool) or folder.published().size < leaves_of(pool):
            time.sleep(0.1)
        process.terminate()
        assert process.wait() == 0
    check(pool, folder)


def leaves_of(pool):
    return pool.super.execute("SELECT count(*) FROM ledger.leaf").fetchone()[0]
