"""Exports are packed while they are sent, take no more room than there is, and leave nothing."""

import asyncio
import io
import zipfile

import pytest
from starlette.requests import ClientDisconnect

from hanse.api.exporting import Exports
from hanse.api.problems import NoRoomError, TooManyError
from hanse.ledger import database, verify

PERIOD = "2026-11"


@pytest.fixture(name="engine")
def _engine(pool):
    made = database.engine(pool.database_url, role="hanse_api")
    yield made
    made.dispose()


def sent(answer, bytes_max=None):
    """Return what an answer sends; whoever takes it is gone after so many bytes."""
    taken = bytearray()

    async def send(message):
        taken.extend(message.get("body", b""))
        if bytes_max is not None and len(taken) > bytes_max:
            raise OSError("gone")

    asyncio.run(answer({"type": "http", "asgi": {"spec_version": "2.4"}}, None, send))
    return bytes(taken)


def test_what_is_sent_is_an_archive_that_verifies_and_nothing_is_left(engine, tmp_path):
    (tmp_path / "exports").mkdir()
    exports = Exports(tmp_path / "exports")
    answer = exports.answer(engine, PERIOD)
    assert [f'attachment; filename="hanse-{PERIOD}.zip"'] == [answer.headers["Content-Disposition"]]
    assert 1 == len(list((tmp_path / "exports").iterdir()))
    with zipfile.ZipFile(io.BytesIO(sent(answer))) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "got")
    assert [] == list((tmp_path / "exports").iterdir())
    assert not {"C2", "C3"} & {each.check for each in verify.verify(tmp_path / "got" / f"hanse-{PERIOD}").findings}


def test_an_answer_that_nobody_takes_to_its_end_leaves_nothing(engine, tmp_path):
    answer = Exports(tmp_path).answer(engine, PERIOD)
    with pytest.raises(ClientDisconnect):
        sent(answer, bytes_max=0)
    assert [] == list(tmp_path.iterdir())


def test_an_export_that_does_not_fit_is_refused_with_what_to_do(engine, tmp_path):
    exports = Exports(tmp_path, 1)
    (tmp_path / "another").write_bytes(bytes(1 << 20))
    with pytest.raises(NoRoomError, match=r"does not fit into the 1 MiB .* ask the coordinator for more"):
        exports.answer(engine, PERIOD)
    assert ["another"] == [each.name for each in tmp_path.iterdir()]
    (tmp_path / "another").unlink()
    assert sent(exports.answer(engine, PERIOD))


def test_one_is_made_at_a_time(engine, tmp_path):
    exports = Exports(tmp_path)
    with exports._making, pytest.raises(TooManyError, match="another export is being made"):
        exports.answer(engine, PERIOD)


def test_what_a_killed_process_has_left_goes(tmp_path):
    for name in ("hanse-export-old", "else"):
        (tmp_path / name).mkdir()
    Exports(tmp_path)
    assert ["else"] == [each.name for each in tmp_path.iterdir()]
