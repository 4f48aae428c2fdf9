"""Faults: what is done to a pool while it works. Each is a function of a pool and a source of chance, done once.

In: a running :class:`faulted.Pool`. Out: the damage; what died is started again by the pool's supervisor, or here where
that is no process of Hanse. A fault that does not take effect fails the run: it would show nothing. docs/operations.md
says what is to happen then.
"""

import contextlib
import os
import signal
import time

import sqlalchemy as sa
from faulted import LEASE_SECONDS

from hanse.devcluster import controlplane, postgres, processes
from hanse.devcluster.errors import DevclusterError

PATIENCE_SECONDS = 240.0


def kill_the_leader(pool, _chance):
    """kill -9 of the operator that leads."""
    _kill(pool, _leader(pool))


def kill_an_agent(pool, chance):
    """kill -9 of a cluster agent."""
    _kill(pool, chance.choice(pool.agents))


def kill_the_api_service(pool, _chance):
    """kill -9 of the API service."""
    _kill(pool, "api")


def restart_the_api_server(pool, chance):
    """kill -9 of kube-apiserver, which is away for a moment."""
    folder = pool.cluster.folder
    assert processes.find(folder, [controlplane.API_SERVER]), "no kube-apiserver runs"
    processes.end(folder, [controlplane.API_SERVER], [signal.SIGKILL])
    time.sleep(chance.uniform(0, 2))
    controlplane.ControlPlane(folder, controlplane.LOOPBACK).start_api_server()


def restart_postgres(pool, chance):
    """An orderly restart of PostgreSQL that does not wait for clients, as systemd does it."""
    _restart_postgres(pool, chance, signal.SIGINT)


def kill_postgres(pool, chance):
    """kill -9 of PostgreSQL: it comes back through its log."""
    _restart_postgres(pool, chance, signal.SIGKILL)


def halt_the_leader(pool, chance):
    """SIGSTOP of the leader until another leads, then SIGCONT at any moment."""
    name = _leader(pool)
    pool.parts[name].signal(signal.SIGSTOP)
    try:
        _until(lambda: pool.leader() not in {None, name}, "no other operator leads")
        time.sleep(chance.uniform(0, LEASE_SECONDS))
    finally:
        pool.parts[name].signal(signal.SIGCONT)


def lose_an_answer(pool, chance):
    """The answer to a COMMIT does not come, whether PostgreSQL got it or not: of a plan, a lease, a release."""
    which = chance.choice(sorted(pool.lost_answers))
    cutter = pool.lost_answers[which]
    cuts = cutter.cuts
    cutter.marker, cutter.drops = chance.choice(cutter.markers), chance.random() < 0.5
    cutter.is_armed = True
    try:
        _until(lambda: cutter.cuts > cuts, f"no COMMIT of {which} came by")
    finally:
        cutter.is_armed = False


ALL = (
    kill_the_leader, kill_an_agent, kill_the_api_service, restart_the_api_server, restart_postgres, kill_postgres,
    halt_the_leader, lose_an_answer,
)  # fmt: skip


def _leader(pool):
    _until(pool.leader, "no operator leads")
    return pool.leader() or _leader(pool)


def _kill(pool, name):
    """Kill a part that runs, and wait until it has been started again."""
    part = pool.parts[name]
    _until(lambda: part.process.poll() is None, f"{name} is not up")
    starts = part.starts
    part.signal(signal.SIGKILL)
    _until(lambda: part.starts > starts, f"{name} has not been started again")


def _restart_postgres(pool, chance, number):
    folder = pool.cluster.folder
    file = folder / "postgres/postmaster.pid"
    before = file.read_text().split()[0]
    os.kill(int(before), number)
    time.sleep(chance.uniform(0, 2))
    _until(lambda: _started(folder, sa.make_url(pool.url).port), "PostgreSQL does not start again")
    assert before != file.read_text().split()[0], "PostgreSQL never ended"


def _started(folder, port):
    """Whether PostgreSQL could be started; not as long as a process of the last one lives."""
    with contextlib.suppress(DevclusterError):
        return bool(postgres.start(folder, port, durable=False))
    return False


def _until(holds, otherwise):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"the fault has no effect: {otherwise}"
        time.sleep(0.1)
