"""The sealer says how far it is behind, also when each round ends well and somebody holds a transaction open."""

import threading
import time

import psycopg
import pytest
import urllib3
from sealed import KEYS, POLICY, sealable

from hanse.devcluster import ports
from hanse.evidence import checkpoints, notes
from hanse.ledger import database, sealing, signing, watching
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import _COSIGN, Sealer, cosigned_note, newest_note
from hanse.ledger.watching import Horizon, Progress


@pytest.fixture(scope="module", name="pool")
def _pool(make_world):
    world = make_world()
    world.record(world.admit())
    with sealable(world) as pool:
        yield pool


@pytest.fixture(name="sealer")
def _sealer(pool, tmp_path):
    return Sealer(pool.sealer, POLICY, signing.KeyFile(KEYS), Folder(tmp_path / "log"))


def rounds(sealer, count):
    """Run rounds as the process does."""
    ended = threading.Event()
    done = iter(range(count))

    class Counted(threading.Event):
        def wait(self, _=None):
            if next(done, None) is None:
                ended.set()
            return ended.is_set()

        def is_set(self):
            return ended.is_set()

    sealer.run(Counted(), 0)


def test_a_round_that_ends_well_covers_what_was_there_before_it(sealer):
    sealer.progress.covered_until = 0.0
    before = time.time()
    rounds(sealer, 1)
    assert sealer.progress.covered_until >= before
    assert watching.REGISTRY.get_sample_value("hanse_sealer_leaves") > 0
    assert 0 == watching.REGISTRY.get_sample_value("hanse_sealer_witnesses_missing")


def test_whoever_holds_a_transaction_open_is_seen_in_the_lag(pool, sealer):
    with psycopg.connect(pool.url) as other:
        other.execute("SELECT pg_current_xact_id()")
        sealer.progress.covered_until = 0.0
        rounds(sealer, 3)
        assert 0.0 == sealer.progress.covered_until
        assert sealer.progress.lag_seconds() > 1_000_000
        other.commit()
    rounds(sealer, 2)
    assert sealer.progress.covered_until > 0.0


def test_a_round_that_fails_covers_nothing(sealer, monkeypatch):
    def fails(_):
        raise OSError("no space is left")

    monkeypatch.setattr(sealing, "seal", fails)
    failed = watching.ROUNDS.labels("failed")._value.get()
    sealer.progress.covered_until = 0.0
    rounds(sealer, 1)
    assert (0.0, True) == (sealer.progress.covered_until, watching.ROUNDS.labels("failed")._value.get() > failed)


def test_while_transactions_overlap_what_began_before_a_mark_is_covered_when_all_of_it_has_ended():
    progress = Progress(covered_until=0.0)
    progress.ended_well(10.0, Horizon(ended=5, next=8))
    assert 0.0 == progress.covered_until
    progress.ended_well(20.0, Horizon(ended=7, next=12))
    assert 0.0 == progress.covered_until
    progress.ended_well(30.0, Horizon(ended=8, next=15))
    assert 10.0 == progress.covered_until
    progress.ended_well(40.0, Horizon(ended=15, next=16))
    assert 30.0 == progress.covered_until
    progress.ended_well(50.0, Horizon(ended=16, next=16))
    assert 50.0 == progress.covered_until


def test_a_probe_fails_only_when_no_round_was_begun_for_long():
    progress, port = Progress(), ports.free()
    watching.serve(progress, "127.0.0.1", port)
    with urllib3.PoolManager(retries=False, timeout=10) as http:
        asked = f"http://127.0.0.1:{port}"
        assert 200 == http.request("GET", f"{asked}/healthz").status
        progress.looked_at -= 2 * watching.STUCK_SECONDS_MAX
        assert 503 == http.request("GET", f"{asked}/healthz").status
        progress.begun()
        assert 200 == http.request("GET", f"{asked}/healthz").status
        assert "hanse_sealer_lag_seconds" in http.request("GET", f"{asked}/metrics").data.decode()


def test_an_export_carries_the_checkpoint_that_most_witnesses_have_cosigned(pool, sealer):
    """The very newest has its cosignatures a moment later, and nobody's policy would take it until then."""
    witness = notes.signer("auditor.example/w", notes.COSIGNATURE, bytes(32))
    sizes = []
    for cosigned in (True, False):
        pool.super.execute(
            "INSERT INTO ledger.fact (id, kind, at_seconds, detail) VALUES (gen_random_uuid(), 'Test', 0, 'x')"
        )
        sealer.round()
        note = sealer.signed()
        sizes.append(checkpoints.parse(note.text).size)
        if cosigned:
            line = str(checkpoints.cosign(note, witness, 1)).rstrip("\n")
            with database.transaction(pool.sealer) as connection:
                connection.execute(_COSIGN, {"size": sizes[0], "keys": ["w"], "lines": [line]})
    with database.transaction(pool.sealer) as connection:
        found = [each(connection) for each in (cosigned_note, newest_note)]
    assert sizes == [checkpoints.parse(each.text).size for each in found]
    assert witness.key in checkpoints.verified(found[0], [witness.key])
