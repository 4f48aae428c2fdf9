"""A log's keys and policy, and ledgers that are sealed into it."""

import contextlib
import threading

from hanse.evidence import notes, policy
from hanse.ledger import database, signing, witness
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import Sealer

ORIGIN = "pool.example/ledger"
KEYS = tuple(notes.signer(ORIGIN, kind, bytes([kind]) * 32) for kind in (notes.ED25519, notes.MLDSA44))
TEXT = "".join(f"log {each.key}\n" for each in KEYS) + "quorum none\n"
POLICY = policy.parse(TEXT)


def seal(world, folder):
    """Seal all that is recorded into the log in *folder*."""
    with sealers(world) as engine:
        return Sealer(engine, POLICY, signing.KeyFile(KEYS), Folder(folder)).round()


@contextlib.contextmanager
def sealers(world):
    """Yield an engine of the sealer's role."""
    engine = database.engine(world.url, role="hanse_sealer")
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def sealable(world):
    """Yield a ledger with an engine of the sealer's role beside it."""
    with sealers(world) as world.sealer:
        yield world
    world.close()


@contextlib.contextmanager
def serving(one):
    """Serve a witness; what it has seen is on its disk, so that another may follow it as after a restart."""
    server = witness.server(one, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
