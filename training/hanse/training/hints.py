"""What the training loop is asked to do while it runs: so far, to save its state and end.

In: SIGTERM, which the kubelet sends at the beginning of the grace, and the hints file where the node has one. Out:
:func:`should_stop`. Call it before the first step: from then on SIGTERM does not kill the process but is noted.
"""

import json
import os
import signal
import threading
from pathlib import Path
from types import FrameType

_HINTS = "HANSE_HINTS"
_asked = threading.Event()
_listening = False


def should_stop() -> bool:
    """Whether a checkpoint is wanted now and the run is to end; once true, it stays so."""
    _listen()
    if not _asked.is_set() and _hint("checkpointRequested"):
        _asked.set()
    return _asked.is_set()


def _listen() -> None:
    """Note SIGTERM from now on; only the main thread may ask for that, and others rely on it."""
    global _listening  # noqa: PLW0603  # a process has one disposition of a signal
    if not _listening and threading.current_thread() is threading.main_thread():
        _listening = True
        signal.signal(signal.SIGTERM, _note)


def _note(_: int, __: FrameType | None) -> None:
    _asked.set()


def _hint(name: str) -> bool:
    """Return a hint; a file that is not there, or is being replaced, hints at nothing."""
    file = os.environ.get(_HINTS)
    if not file:
        return False
    try:
        return json.loads(Path(file).read_text()).get(name) is True
    except (OSError, ValueError, AttributeError):
        return False
