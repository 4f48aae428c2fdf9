"""The checker: whether a history shows that a promise was broken. Pure, and without a line of what it judges.

In: a history (:mod:`runs`). Out: for each promise how many things were looked at and what is wrong, and a summary for
people. The checks are in :mod:`checks_of_jobs` and :mod:`checks_of_books`; each has a bad history in test_checker.py
that it must find.
"""

from collections import Counter

import checks_of_books
import checks_of_jobs
import histories

PROMISES = (
    checks_of_jobs.no_job_is_lost,
    checks_of_jobs.no_job_runs_twice,
    checks_of_jobs.no_worker_starts_twice,
    checks_of_jobs.one_attempt_lives,
    checks_of_jobs.no_old_fence_starts,
    checks_of_jobs.no_gpu_is_shared,
    checks_of_jobs.no_effect_without_decision,
    checks_of_jobs.each_decision_has_its_effect,
    checks_of_jobs.gangs_are_whole,
    checks_of_jobs.nothing_is_left,
    checks_of_books.caps_are_held,
    checks_of_books.debits_equal_credits,
    checks_of_books.what_ran_is_charged,
    checks_of_books.the_export_verifies,
)


def check(history):
    """Return a result for each promise."""
    given = histories.History(history)
    return [promise(given) for promise in PROMISES]


def summary(history, results):
    """Return what a person wants to know of a run."""
    attempts = history["ledger"]["attempts"]
    kinds = Counter(row["body"]["kind"] for row in history["ledger"]["decisions"])
    named = Counter(fault["name"] for fault in history["faults"])
    operations = Counter(each["what"] for each in history["operations"])
    jobs = f"{operations['submit']} jobs, {operations['delete']} deleted midway, {len(attempts)} attempts"
    seen = f"{kinds['Preempt']} preemptions, {len(history['events'])} changes seen, {history['seconds']} s"
    lines = [
        f"seed {history['seed']}: {jobs}, {seen}",
        "faults: " + (", ".join(f"{name} x{count}" for name, count in sorted(named.items())) or "none"),
        "started again: " + ", ".join(f"{name} x{count}" for name, count in sorted(history["restarts"].items())),
        "answers lost: " + ", ".join(f"{name} x{count}" for name, count in sorted(history["answersLost"].items())),
        "of them not committed: " + ", ".join(f"{name} x{n}" for name, n in sorted(history["commitsLost"].items())),
    ]
    for result in results:
        lines.append(f"  {'FAIL' if result.findings else 'ok  '} {result.name}: {result.checked} looked at")
        lines += [f"         {finding}" for finding in result.findings[:10]]
    return "\n".join(lines)
