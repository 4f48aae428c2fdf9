"""Days of slots: made ahead of time, archived, announced in the log, taken out, and still exported and verified."""

import shutil

import psycopg
import pytest
from dying import whoever_dies
from played import HOUR, PERIOD, play
from sealed import POLICY, seal
from typer.testing import CliRunner

from hanse.cli import main as cli
from hanse.ledger import archive, bundle, complete, database, errors, export, fsck, posting, retention, slots, verify
from hanse.ledger.publishing import Folder

START = 1793491200
DAY = 86400
LATER = START + 64 * DAY


@pytest.fixture(name="owner")
def _owner(world):
    engine = database.engine(world.url, role="hanse_owner")
    yield engine
    engine.dispose()


def partitions(world):
    rows = world.super.execute(
        "SELECT to_char(to_timestamp(day) AT TIME ZONE 'UTC', 'MMDD') FROM ledger.slot_days() AS day"
    )
    return [day for (day,) in rows]


def test_days_are_made_ahead_and_while_others_read(world):
    """Neither who reads all slots nor who adds one keeps a day from being made: there is no gap at midnight."""
    slots.prepare_days(world.operator)
    assert partitions(world) == ["1101", "1102", "1103"]
    with psycopg.connect(world.url) as reader, psycopg.connect(world.url) as writer:
        reader.execute("SELECT count(*) FROM ledger.slot")
        writer.execute("LOCK TABLE ledger.slot IN ROW EXCLUSIVE MODE")  # as an INSERT does
        world.set_clock(START + DAY)
        world.super.execute("SET lock_timeout = '2s'")
        world.super.execute("SELECT ledger.prepare_slot_days(2)")
    assert partitions(world) == ["1101", "1102", "1103", "1104"]
    for day in ("slot_20261101", "slot_20261104"):
        query = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass ORDER BY 1"
        triggers = world.super.execute(query, [f"ledger.{day}"]).fetchall()
        always = ["deny_change", "deny_change_here", "deny_truncate", "stamp"]
        assert triggers == sorted([("settled", "O"), *((name, "A") for name in always)]), day


@pytest.fixture(name="lived")
def _lived(world, tmp_path):
    """A pool that lived for a day, all of it posted and sealed, and two months later."""
    play(world)
    world.set_clock(LATER)
    for hour in posting.due(world.operator):
        posting.post(world.operator, world.term, hour)
    seal(world, tmp_path / "log")
    return world


def steps(owner, folder, before=LATER):
    return [(done.step, done.slots) for done in retention.retain(owner, folder, before)]


def exported(world, folder, archived=None):
    export.export(world.auditor, PERIOD, folder, archived=archived)
    return {path.name: path.read_bytes() for path in (folder / "slots").iterdir()}


def test_a_day_goes_in_steps_and_is_exported_and_verified_as_before(lived, owner, tmp_path):
    before = exported(lived, tmp_path / "before")
    count = lived.super.execute("SELECT count(*) FROM ledger.slot").fetchone()[0]
    folder = tmp_path / "archive"
    folder.mkdir()
    assert steps(owner, folder) == [(retention.Step.ARCHIVED, count)]
    assert steps(owner, folder) == [(retention.Step.WAITS, count)]
    assert exported(lived, tmp_path / "announced") == before
    seal(lived, tmp_path / "log")
    assert steps(owner, folder) == [(retention.Step.TAKEN_OUT, count)]
    assert steps(owner, folder) == []
    assert lived.super.execute("SELECT count(*) FROM ledger.slot").fetchone()[0] == 0
    with pytest.raises(errors.RefusedError, match="2026-11-01 are archived: name the folder"):
        exported(lived, tmp_path / "without")
    seal(lived, tmp_path / "log")
    after = exported(lived, tmp_path / "after", folder)
    assert after == before
    assert verify.verify(tmp_path / "after", policy=POLICY).findings == ()
    checked = fsck.check(lived.auditor, Folder(tmp_path / "log"), POLICY, folder)
    assert (checked.findings, checked.archived) == ([], count)
    assert fsck.check(lived.auditor, Folder(tmp_path / "log"), POLICY).findings == []
    assert complete.check(lived.auditor).since_seconds == START + DAY
    with pytest.raises(errors.RefusedError, match="2026-11-01 are archived: none is added"):
        lived.meter("alibaba", START + 20 * HOUR, {"idle": 1000})


def test_the_next_period_opens_leaves_of_slots_that_are_archived(lived, owner, tmp_path):
    """The last slots of a month are sealed in the next one; its export finds them in the archive."""
    folder = tmp_path / "archive"
    folder.mkdir()
    steps(owner, folder)
    seal(lived, tmp_path / "log")
    steps(owner, folder)
    seal(lived, tmp_path / "log")
    export.export(lived.auditor, "2027-01", tmp_path / "next", archived=folder)
    assert verify.verify(tmp_path / "next", policy=POLICY).findings == ()
    openings = (tmp_path / "next" / "openings.jsonl").read_text()
    assert '"file":"slots"' in openings


def test_what_may_not_go_yet_is_refused_with_the_reason(world, owner, tmp_path):
    world.set_clock(START + DAY)
    world.meter("alibaba", START, {"idle": 1000})
    with pytest.raises(errors.RefusedError, match="the slots of 2026-11-01 stay for 62 days after its end"):
        steps(owner, tmp_path)
    world.set_clock(LATER)
    with pytest.raises(errors.RefusedError, match="is not posted with all its slots"):
        steps(owner, tmp_path)
    posting.post(world.operator, world.term, START)
    with pytest.raises(errors.RefusedError, match="of the 12 slots of 2026-11-01 only 0 are in the log"):
        steps(owner, tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_a_day_stays_if_its_file_is_lost_or_changed(lived, owner, tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    steps(owner, folder)
    seal(lived, tmp_path / "log")
    file = folder / "slots-2026-11-01.parquet"
    shutil.copy(file, tmp_path / "good")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(errors.RefusedError, match="not the file that the ledger announced: the day stays"):
        steps(owner, folder)
    file.unlink()
    with pytest.raises(errors.RefusedError, match="is not there"):
        steps(owner, folder)
    shutil.copy(tmp_path / "good", file)
    assert steps(owner, folder)[0][0] == retention.Step.TAKEN_OUT
    file.write_bytes(b"other")
    with pytest.raises(errors.RefusedError, match="its SHA-256 is another one"):
        exported(lived, tmp_path / "after", folder)


def test_slots_that_were_changed_with_triggers_off_are_not_archived_in_silence(lived, owner, tmp_path):
    for statement in (
        "ALTER TABLE ledger.slot_20261101 DISABLE TRIGGER ALL",
        "UPDATE ledger.slot_20261101 SET recorded_at = recorded_at + interval '1 second' WHERE node = 'alibaba-node'",
    ):
        lived.super.execute(statement)
    with pytest.raises(errors.ContradictionError, match="are not those that the log committed to"):
        steps(owner, tmp_path)
    assert lived.super.execute("SELECT count(*) FROM ledger.fact WHERE kind = 'SlotsArchived'").fetchone() == (0,)


def test_nobody_but_the_owner_archives_or_says_that_somebody_did(world):
    calls = ["archive_slot_day(0, '', '')", "drop_slot_day(0)", "check_slot_day(0)"]
    for engine in (world.operator, world.api, world.auditor):
        for call in calls:
            with pytest.raises(Exception, match="permission denied"), database.transaction(engine) as connection:
                connection.exec_driver_sql(f"SELECT ledger.{call}")
    fact = "record_fact(gen_random_uuid(), 'SlotsArchived', 0, NULL, NULL, NULL, NULL, NULL, NULL, 1, '')"
    with (
        pytest.raises(errors.RefusedError, match="recorded by the owner alone"),
        database.transaction(world.operator) as one,
    ):
        one.exec_driver_sql(f"SELECT ledger.{fact}")


def test_the_command_says_what_it_did_and_why_not(world, tmp_path):
    world.set_clock(START + DAY)
    world.meter("alibaba", START, {"idle": 1000})
    arguments = ["ledger", "retain", "--before", "2026-12-01", "--archive", str(tmp_path)]
    result = CliRunner().invoke(cli.app, arguments, env={"HANSE_DATABASE_URL": world.url})
    assert result.exit_code == 1
    assert "stay for 62 days" in str(result.exception)


def test_it_may_die_at_every_step_and_the_day_goes_whole(lived, owner, tmp_path):
    """No slot is taken out before its file is whole, in its place, and announced in the log as it was signed."""
    folder = tmp_path / "archive"
    folder.mkdir()
    count = lived.super.execute("SELECT count(*) FROM ledger.slot").fetchone()[0]

    def whole():
        left = lived.super.execute("SELECT count(*) FROM ledger.slot").fetchone()[0]
        assert left in {0, count}
        with lived.auditor.connect() as connection:
            days = archive.days(connection)
        assert left == count or days
        for day in days:
            assert bundle.sha256_of(folder / archive.file_name(day.seconds)) == day.file_sha256

    assert whoever_dies(owner, lambda: steps(owner, folder), whole) > 6
    seal(lived, tmp_path / "log")
    assert whoever_dies(owner, lambda: steps(owner, folder), whole) > 3
    assert lived.super.execute("SELECT count(*) FROM ledger.slot").fetchone()[0] == 0
    exported(lived, tmp_path / "after", folder)
    assert verify.verify(tmp_path / "after").findings == ()
