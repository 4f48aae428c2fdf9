"""`audit-month`: how long it takes to verify what a full pool records, and in how much memory.

In: a day of :mod:`hanse.bench.days`. Out: a report. What is timed is `hanse audit verify` with a policy, as an auditor
runs it, in a process of its own; nothing of the day is left out. A month is thirty times that: all that a day's
verification does it does for each row.
"""

import multiprocessing
import os
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hanse.bench import days, ledgers, reports
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line
from hanse.ledger import verify

NAME = "audit-month"
SEED = 1
NODES = 20_000
HOURS = 24
DAYS_A_MONTH = 30
DAY_SECONDS_MAX = 600.0
RSS_BYTES_MAX = 2 * 2**30


@dataclass(frozen=True)
class _Took:
    seconds: float
    cpu_seconds: float
    rss_bytes: int
    slots: int
    rows: int
    findings: tuple[str, ...]


def run(scale: float) -> Report:
    """Make a day and verify it; *scale* is the part of the nodes that is there."""
    place = reports.Place()
    nodes, cores = max(1, round(NODES * scale)), len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="hanse-audit-") as name, Line(NAME) as line:
        folder = Path(name)
        day = days.Day(folder, nodes, HOURS, SEED)
        day.write(cores, lambda hour: line.update(f"made {hour} of {HOURS} hours"))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        line.update("verifying")
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            took = pool.submit(_verify, folder, SEED).result()
    if took.findings:
        raise RuntimeError(f"the day that was made does not hold: {took.findings[0]}")
    figures = {
        "day_seconds": took.seconds,
        "day_cpu_seconds": took.cpu_seconds,
        "rss_bytes_max": took.rss_bytes,
        "month_seconds_extrapolated": took.seconds * DAYS_A_MONTH,
        "slots": took.slots,
        "rows": took.rows,
        "slots_per_second": took.slots / took.seconds,
        "cpu_microseconds_per_slot": took.cpu_seconds / took.slots * 1e6,
        "export_bytes": size,
    }
    whole = scale == 1
    gates = {
        f"day_seconds < {DAY_SECONDS_MAX:g}": whole and took.seconds < DAY_SECONDS_MAX,
        f"rss_bytes_max < {RSS_BYTES_MAX}": whole and took.rss_bytes < RSS_BYTES_MAX,
    }
    inputs = {"nodes": nodes, "hours": HOURS, "members": days.MEMBERS, "scale": scale, "processes": cores}
    return Report(NAME, figures, {}, inputs, SEED, gates, place)


def _verify(folder: Path, seed: int) -> _Took:
    """Verify in a process that has done nothing else; its memory is its own and that of the processes it starts."""
    policy = ledgers.Keys.of(seed).policy(witnesses=True)
    began, cpu_began = time.monotonic(), _cpu_seconds()
    verdict = verify.verify(folder, policy=policy)
    seconds, cpu_seconds = time.monotonic() - began, _cpu_seconds() - cpu_began
    # RUSAGE_SELF counts what this process was forked from too: the maker of the day, which had far more.
    own = reports.peak_rss_bytes(os.getpid())
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    # Of the processes beside it only the largest one's memory is known: each counts as that, shared or not.
    workers = len(os.sched_getaffinity(0)) if largest else 0
    slots = rows = 0
    if verdict.examined:
        slots = sum(verdict.examined.complete.came.values())
        rows = slots + verdict.examined.booked.transfers
        rows += sum(len(each) for each in vars(verdict.examined.read).values() if isinstance(each, list))
    return _Took(seconds, cpu_seconds, own + workers * largest, slots, rows, tuple(map(str, verdict.findings)))


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
