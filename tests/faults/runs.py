"""One run: a pool, a stream of jobs, faults at random moments meanwhile; then quiet, and the whole history.

In: a seed, a number of jobs, faults, how often. Out: a history for :mod:`checker`, as plain data that can be written to
a file and read back. What is random follows from the seed; when things happen follows from the machine as well.
"""

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import streams
from faulted import AT_ONCE_MILLI_H100E, SLOT_SECONDS, Pool
from recorder import Recorder

from hanse.devcluster import cluster

UP_SECONDS_MAX = 240.0
QUIET_SECONDS_MAX = 600.0
# A job may wait for a cap in one cycle, and be admitted in the next: the operator looks again every five seconds.
QUIET_SECONDS_MIN = 7.0
ENDED = {"Succeeded", "Failed"}
WAITS = {"ExceedsCap"}
_ENDED_ATTEMPTS = "SELECT count(*) AS ended FROM ledger.attempt WHERE state IN ('released', 'withdrawn', 'expired')"
_ATTEMPTS_BY_JOB = "SELECT CAST(job AS text) AS job, count(*) AS attempts FROM ledger.attempt GROUP BY job"


@dataclass(frozen=True)
class Run:
    """What is played: a stream of at least so many *jobs*, each of the *faults* so many *times*, in random order."""

    seed: int
    jobs: int
    faults: tuple
    times: int


def play(name, folder, run):
    """Play a run in a cluster called *name*, with files in *folder*; return its history."""
    chance = random.Random(run.seed)  # noqa: S311  # no secret
    with cluster.running(name, cluster.Wanted()) as running, Pool(running, folder) as pool:
        recorder = Recorder(running.folder)
        client = streams.Client(running.kubeconfig)
        _until(lambda: pool.leader() and pool.rows("SELECT 1 FROM ledger.node"), pool, "the pool is not up")
        started = time.monotonic()
        injected = _stream(pool, client, run, _order(chance, run), chance)
        quiet = _quiet(pool, recorder)
        _until(lambda: _is_metered(pool), pool, "slots are missing")
        restarts = {part.name: part.starts - 1 for part in pool.parts.values()}
        ledger, audit = pool.account()
        return {
            "seed": run.seed,
            "seconds": round(time.monotonic() - started),
            "faults": injected,
            "restarts": restarts,
            "answersLost": {which: cutter.cuts for which, cutter in pool.lost_answers.items()},
            "commitsLost": {which: cutter.dropped for which, cutter in pool.lost_answers.items()},
            "quiet": quiet,
            "waits": sorted(WAITS),
            "atOnceMilliH100e": {"west": AT_ONCE_MILLI_H100E},
            "operations": client.operations,
            "events": recorder.finish(),
            "outbox": len(pool.rows("SELECT 1 FROM ledger.outbox")),
            "ledger": ledger,
            "audit": audit,
        }


def _order(chance, run):
    order = [fault for fault in run.faults for _ in range(run.times)]
    chance.shuffle(order)
    return order


def _stream(pool, client, run, order, chance):
    """Play the stream, and the faults spread over it; return what was done when. Jobs go on until the last fault."""
    stop, done = threading.Event(), threading.Event()
    threads = streams.play(
        client, streams.planned(run.seed), stop, lambda submitted: submitted >= run.jobs and done.is_set()
    )
    pause = run.jobs / streams.JOBS_PER_SECOND / (len(order) + 1)
    injected = []
    try:
        for fault in order:
            time.sleep(chance.uniform(0.3, 1.2) * pause)
            at = datetime.now(UTC).isoformat()
            fault(pool, chance)
            injected.append({"name": fault.__name__, "at": at})
    except BaseException:
        stop.set()
        raise
    done.set()
    for thread in threads:
        thread.join(QUIET_SECONDS_MAX)
        assert not thread.is_alive(), "the stream does not end"
    return injected


def _quiet(pool, recorder):
    """Wait until nothing is left to do for some time, while attempts go on ending; return whether it came to that."""
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    since, ended = None, 0
    while time.monotonic() < deadline:
        (now,) = pool.rows(_ENDED_ATTEMPTS)
        if now["ended"] > ended:
            ended, deadline = now["ended"], time.monotonic() + QUIET_SECONDS_MAX
        since = None if _left(pool, recorder) else since or time.monotonic()
        if since is not None and time.monotonic() - since > QUIET_SECONDS_MIN:
            return True
        time.sleep(1.5)
    return False


def _left(pool, recorder):
    """Return what still has to come to an end."""
    # Counted first: statuses are told later than what they are about, and only what they say then must be up to date.
    began = {row["job"]: row["attempts"] for row in pool.rows(_ATTEMPTS_BY_JOB)}
    jobs = [job for job in recorder.latest("TrainingJob").values() if job["phase"] not in ENDED]
    left = [job["name"] for job in jobs if job["reason"] not in WAITS or began.get(job["uid"], 0) != job["attempts"]]
    left += [*recorder.latest("Pod"), *recorder.latest("Placement")]
    return left or pool.rows(
        "SELECT decision FROM ledger.outbox UNION ALL "
        "SELECT id FROM ledger.attempt WHERE state NOT IN ('released', 'withdrawn', 'expired')"
    )


def _is_metered(pool):
    """Whether the slots that the last attempt ended in have come in."""
    (row,) = pool.rows(
        "SELECT (SELECT max(ended_at_seconds) FROM ledger.attempt) AS ended, min(last) AS last FROM "
        "(SELECT max(start_seconds) AS last FROM ledger.slot GROUP BY node) AS each"
    )
    return row["last"] is not None and row["last"] + SLOT_SECONDS > row["ended"]


def _until(holds, pool, otherwise):
    deadline = time.monotonic() + UP_SECONDS_MAX
    while not holds():
        assert time.monotonic() < deadline, f"{otherwise}\n{pool.logs()}"
        time.sleep(0.2)
