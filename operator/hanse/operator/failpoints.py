"""Failpoints: places at which a test makes the process die or stop, as a machine could at any moment.

`HANSE_FAILPOINT=NAME:ACTION` arms one: `kill` ends the process by SIGKILL, `stop` halts it by SIGSTOP, the first time
that it comes by. Nothing else of the operator reads the variable, and it is not set in production. The names are listed
in :data:`NAMES`, so that a test that misspells one does not pass by doing nothing.
"""

import functools
import os
import signal

VARIABLE = "HANSE_FAILPOINT"
NAMES = ("before-record", "after-record", "before-effect", "after-effect", "before-status")
"""Those that each new job comes by."""
SETTLING_NAMES = ("after-posting",)
"""Those that only an hour's posting comes by."""
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class _Armed:
    """What is armed in this process; an armed failpoint acts once."""

    def __init__(self, setting: str) -> None:
        self.name, _, action = setting.partition(":")
        names = (*NAMES, *SETTLING_NAMES)
        if setting and (self.name not in names or action not in _SIGNALS):
            raise ValueError(f"{VARIABLE}={setting}: write one of {', '.join(names)}, then :kill or :stop")
        self.signal = _SIGNALS.get(action)


@functools.cache
def armed() -> _Armed:
    """Return what the environment arms; a process asks when it starts, so that it does not run with a name misspelt."""
    return _Armed(os.environ.get(VARIABLE, ""))


def hit(name: str) -> None:
    """Come by the failpoint called *name*."""
    here = armed()
    if name == here.name and here.signal is not None:
        chosen, here.signal = here.signal, None
        os.kill(os.getpid(), chosen)
