"""A file of one's own: CSV or Parquet with the columns below, one row a job.

| column | |
| --- | --- |
| `member` | who submits; any name |
| `submitted_seconds` | from the beginning of the trace, whole seconds |
| `work_seconds` | how long it ran, or would run, on its GPUs; whole seconds, 1 or more |
| `gpus_per_worker`, `workers` | the gang |
| `filler` | optional: `true` for work that anybody may stop, at any time |

Out: a workload. A row that cannot be is refused with its number, its column and its value; nothing is guessed.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pyarrow import parquet

from hanse.simulator import workload
from hanse.simulator.workload import Job, Workload, WorkloadError

COLUMNS = ("member", "submitted_seconds", "work_seconds", "gpus_per_worker", "workers")
_NUMBERS = ("submitted_seconds", "work_seconds", "gpus_per_worker", "workers")
_TRUTH = {"true": True, "1": True, "false": False, "0": False, "": False}


def read(file: Path) -> Workload:
    """Return the jobs of *file*.

    Raises:
        WorkloadError: the file has no such columns, or a row cannot be.

    """
    rows = _parquet(file) if file.suffix == ".parquet" else _csv(file)
    jobs = [_job(file, number, row) for number, row in enumerate(rows, start=1)]
    if not jobs:
        raise WorkloadError(f"{file}: no job in it")
    return workload.made(str(file.name), jobs)


def _csv(file: Path) -> Iterator[Mapping[str, Any]]:
    with file.open(newline="") as text:
        reader = csv.DictReader(text)
        _check_columns(file, reader.fieldnames or ())
        yield from reader


def _parquet(file: Path) -> Iterator[Mapping[str, Any]]:
    with parquet.ParquetFile(file) as table:
        _check_columns(file, table.schema_arrow.names)
        for batch in table.iter_batches():
            yield from batch.to_pylist()


def _check_columns(file: Path, found: Any) -> None:
    if missing := [name for name in COLUMNS if name not in found]:
        raise WorkloadError(f"{file}: no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}")


def _job(file: Path, number: int, row: Mapping[str, Any]) -> Job:
    values = {name: _number(file, number, name, row[name]) for name in _NUMBERS}
    said = str(row.get("filler") or "").strip().lower()
    if said not in _TRUTH:
        raise WorkloadError(f"{file}, row {number}: filler is {row['filler']!r}, and must be true or false")
    if not (member := str(row["member"] or "").strip()):
        raise WorkloadError(f"{file}, row {number}: member is {row['member']!r}, and must be a name")
    try:
        return Job(number, member, is_filler=_TRUTH[said], **values)
    except WorkloadError as error:
        raise WorkloadError(f"{file}, row {number}: {error}") from None


def _number(file: Path, number: int, name: str, value: Any) -> int:
    try:
        if isinstance(value, str | int) or value.is_integer():
            return int(value)
    except (AttributeError, ValueError):
        pass
    raise WorkloadError(f"{file}, row {number}: {name} is {value!r}, and must be a whole number")
