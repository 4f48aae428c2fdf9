"""Elastic gangs on a real API server and PostgreSQL: decided, recorded, placed; whoever leaves is waited for."""

import signal

import pytest

SIZES = "SELECT kind, reason, verdict FROM ledger.decision WHERE kind IN ('Resize', 'Left') ORDER BY sequence"


def submit_elastic(pool, name="elastic"):
    return pool.submit(name, gpus=4, workers={"replicas": 4, "minReplicas": 1})


def ranks(placement):
    return [worker["rank"] for worker in placement["spec"]["workers"]]


def grown(pool):
    """Return the only Placement as soon as it has all workers."""
    return pool.until("a full gang", lambda: [each for each in pool.placements() if len(ranks(each)) == 4])[0]


def shrunk(pool):
    return pool.until("a smaller gang", lambda: [each for each in pool.placements() if len(ranks(each)) == 2])[0]


def test_a_gang_grows_shrinks_for_another_job_and_grows_again(pool):
    pool.operator()
    submit_elastic(pool)
    placement = grown(pool)
    assert [0, 1, 2, 3] == ranks(placement)
    pool.until("its size", lambda: pool.status("elastic").get("replicas") == 4)
    assert "16/16" == pool.status("elastic")["gpus"]
    assert pool.grant(placement).granted
    pool.report_phase(placement, "Running")

    pool.submit("rigid")
    smaller = shrunk(pool)
    assert smaller["spec"]["sequence"] > placement["spec"]["sequence"]
    assert [0, 1] == ranks(smaller), "the youngest leave"
    pool.until("a decision on the other", lambda: pool.phase("rigid") == "Admitted")
    assert 1 == len(pool.placements()), "it starts when they have left"
    assert ("Resize", "Preempted", "Shrunk") in pool.rows(SIZES)

    pool.report_phase(smaller, "Running")
    pool.until("its Placement", lambda: len(pool.placements()) == 2)
    assert "Left" in [kind for kind, *_ in pool.rows(SIZES)]
    (other,) = [each for each in pool.placements() if len(ranks(each)) == 1]
    assert pool.grant(other).granted
    assert pool.release(other, "Succeeded")
    again = grown(pool)
    assert [0, 1, 4, 5] == ranks(again), "no number is given twice"


@pytest.mark.parametrize("failpoint", ["before-record", "after-record", "before-effect", "after-effect"])
def test_an_operator_killed_while_a_gang_shrinks_is_followed_by_one_that_goes_on(pool, failpoint):
    first = pool.operator()
    submit_elastic(pool)
    placement = grown(pool)
    pool.until("an empty outbox", lambda: not pool.rows("SELECT 1 FROM ledger.outbox"))
    first.end()
    assert pool.grant(placement).granted
    pool.report_phase(placement, "Running")
    dying = pool.operator(failpoint=f"{failpoint}:kill")
    pool.submit("rigid")
    pool.until("its death", lambda: dying.process.poll() == -signal.SIGKILL)
    pool.operator()
    smaller = shrunk(pool)
    pool.report_phase(smaller, "Running")
    pool.until("the other's Placement", lambda: len(pool.placements()) == 2)
    pool.until("an empty outbox", lambda: not pool.rows("SELECT 1 FROM ledger.outbox"))
    workers = [worker for each in pool.placements() for worker in each["spec"]["workers"]]
    assert 16 == len({(worker["node"], gpu) for worker in workers for gpu in worker["gpus"]})
    assert ["Shrunk"] == [verdict for _, _, verdict in pool.rows(SIZES) if verdict == "Shrunk"]
