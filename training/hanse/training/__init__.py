"""What a training loop tells Hanse and asks of it. Standard library only, so that any training image can have it.

    resume = hanse.training.resume()          # where to begin, if an attempt before this one got that far
    while not hanse.training.should_stop():   # a checkpoint is wanted: save one and end
        ...
        hanse.training.commit_checkpoint(step, uri)

In: the variables that the cluster agent sets, and hints that change while the job runs. Out: checkpoints of record.
Outside of Hanse the same loop runs too: nothing asks it to stop, and nobody is told of its checkpoints.
"""

from hanse.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    CheckpointRefusedError,
    commit_checkpoint,
    resume,
)
from hanse.training.hints import should_stop

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "CheckpointRefusedError",
    "commit_checkpoint",
    "resume",
    "should_stop",
]
