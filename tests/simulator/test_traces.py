"""Files of one's own and generated workloads."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from hanse.simulator import backlog, workload
from hanse.simulator.traces import generated, own
from hanse.simulator.workload import WorkloadError

ROWS = """member,submitted_seconds,work_seconds,gpus_per_worker,workers,filler
north,60,7200,8,4,
east,0,600,1,1,true
"""


def test_a_csv_of_ones_own_is_read(tmp_path):
    file = tmp_path / "jobs.csv"
    file.write_text(ROWS)
    first, second = own.read(file).jobs
    assert (0, "east", 1, True) == (first.order, first.member, first.gpus, first.is_filler)
    assert (1, "north", 32, False, 7200) == (
        second.order,
        second.member,
        second.gpus,
        second.is_filler,
        second.work_seconds,
    )


def test_the_same_as_parquet_is_the_same(tmp_path):
    (tmp_path / "jobs.csv").write_text(ROWS)
    columns = {
        "member": ["north", "east"],
        "submitted_seconds": [60, 0],
        "work_seconds": [7200, 600],
        "gpus_per_worker": [8, 1],
        "workers": [4, 1],
        "filler": [False, True],
    }
    parquet.write_table(pa.table(columns), tmp_path / "jobs.parquet")
    assert own.read(tmp_path / "jobs.csv").jobs == own.read(tmp_path / "jobs.parquet").jobs


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("work_seconds", "seconds", "no column work_seconds"),
        ("north", " ", "row 1: member is ' ', and must be a name"),
        ("7200", "2 hours", "row 1: work_seconds is '2 hours', and must be a whole number"),
        ("7200", "0", "row 1: job 1: work_seconds is 0, and must be 1 or more"),
        (",true", ",maybe", "row 2: filler is 'maybe', and must be true or false"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name(tmp_path, before, after, says):
    file = tmp_path / "jobs.csv"
    file.write_text(ROWS.replace(before, after))
    with pytest.raises(WorkloadError, match=says):
        own.read(file)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "jobs.csv").write_text(ROWS.partition("\n")[0] + "\n")
    with pytest.raises(WorkloadError, match="no job in it"):
        own.read(tmp_path / "jobs.csv")


@given(st.integers(1, 512))
def test_a_gang_keeps_its_gpus_on_workers_that_fit_a_node(gpus):
    workers, per_worker = workload.gang(gpus)
    assert gpus == workers * per_worker
    assert per_worker <= workload.GPUS_PER_NODE


def test_a_generated_workload_offers_its_load_and_depends_on_its_seed():
    made = generated.Made(days=14, gpus=256, load=0.8)
    jobs = generated.generate(made)
    assert jobs == generated.generate(made)
    assert jobs != generated.generate(generated.Made(days=14, gpus=256, load=0.8, seed=2))
    offered = jobs.gpu_seconds / (256 * 14 * 86400)
    assert 0.8 <= offered <= 0.9


def test_fillers_fill_what_the_others_leave_and_a_quarter_more():
    jobs = generated.generate(generated.Made(days=7, gpus=64, load=0.5))
    fillers = backlog.fillers(jobs, {"member-1": 40, "member-2": 24}, 7 * 86400, seed=1)
    idle = 64 * 7 * 86400 - jobs.gpu_seconds
    assert 1.25 * idle <= fillers.gpu_seconds <= 1.25 * idle + 8 * 12 * 3600
    assert all(job.is_filler for job in fillers.jobs)
