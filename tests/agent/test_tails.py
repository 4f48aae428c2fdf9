"""Tails of logs are within bounds, whatever a job prints and however large its gang is."""

import uuid

import hypothesis
import pytest
from hypothesis import strategies as st

from hanse.agent import tails
from hanse.agent.gangs import Worker
from hanse.evidence.tails import OVERHEAD_BYTES
from hanse.resources.limits import WORKERS_MAX
from hanse.resources.protocol import LOG_ATTEMPT_BYTES_MAX, LOG_TAIL_BYTES_MAX

LOGS = st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b" ") + b"\n"), max_size=40).map(b"".join)
ATTEMPTS = [uuid.uuid4() for _ in range(2)]


@hypothesis.given(LOGS, st.integers(1, 400))
def test_what_is_kept_is_the_end_of_the_log_in_whole_lines_where_it_can_be(log, most):
    tail = tails.cut(log, most)
    assert len(tail.text) <= most
    assert log.endswith(tail.text)
    assert tail.is_cut == (tail.text != log)
    before = log[: len(log) - len(tail.text)]
    last_line = log[log.rfind(b"\n", 0, -1) + 1 :]
    assert before.endswith(b"\n") or not before or len(last_line) > most
    if len(log) > most:
        # Not a line less than there is room for.
        line_before = before[before.rfind(b"\n", 0, -1) + 1 :]
        assert len(line_before) + len(tail.text) > most or not before.endswith(b"\n")


def test_as_many_lines_as_were_asked_for_may_be_not_all():
    assert tails.cut(b"x\n" * tails.LINES_MAX, 10_000).is_cut
    assert not tails.cut(b"x\n" * (tails.LINES_MAX - 1), 10_000).is_cut


@pytest.mark.parametrize("workers", [0, 1, 2, 512, 513, WORKERS_MAX])
def test_a_gang_of_any_size_keeps_within_its_room(workers):
    sealed = tails.bytes_max(workers) + OVERHEAD_BYTES
    assert 1024 < sealed <= LOG_TAIL_BYTES_MAX
    assert sealed * workers <= LOG_ATTEMPT_BYTES_MAX


def worker(rank, attempt=ATTEMPTS[0], **more):
    return Worker(f"w{rank:04}", f"uid-{attempt}-{rank}", attempt, 1, "job", rank, "node", **more)


def test_all_workers_have_their_turn_and_strays_and_simulated_ones_none():
    workers = [worker(rank) for rank in range(10)]
    others = [worker(0, ATTEMPTS[1]), worker(99, simulated=True)]
    looked_at, seen = {}, []
    for now in range(4):
        due = tails.due([*workers, *others], {ATTEMPTS[0]: None}, looked_at, 3)
        seen += [each.rank for each in due]
        looked_at |= {each.uid: now for each in due}
    assert [*range(10), 0, 1] == seen
