"""What a training loop tells Hanse and asks of it. Standard library only, so that any training image can have it.

    resume = hanse.training.resume()          # where to begin, if an attempt before this one got that far
    while not hanse.training.should_stop():   # a checkpoint is wanted: save one and end
        ...
        hanse.training.commit_checkpoint(step, uri)
        hanse.training.report_progress(step, steps)

An elastic gang's loop also asks :func:`gang` who is in it, as workers come and go while it runs. One that shares its
GPU takes its guaranteed memory at its start (:func:`take_guarantee`) and shrinks to it when it has to
(:func:`keep_to_memory`).

In: the variables that the cluster agent sets, and hints that change while the job runs. Out: checkpoints of record, and
how far it has come.
Outside of Hanse the same loop runs too: nothing asks it to stop, and nobody is told of its checkpoints.
"""

from hanse.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    CheckpointRefusedError,
    commit_checkpoint,
    resume,
)
from hanse.training.gangs import Gang, gang
from hanse.training.hints import should_stop
from hanse.training.memory import MemoryHints, keep_to_memory, memory_hints, take_guarantee
from hanse.training.progress import report_progress

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "CheckpointRefusedError",
    "Gang",
    "MemoryHints",
    "commit_checkpoint",
    "gang",
    "keep_to_memory",
    "memory_hints",
    "report_progress",
    "resume",
    "should_stop",
    "take_guarantee",
]
