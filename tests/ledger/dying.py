"""Processes that die at each step they take with the database, or with a file, one step later each time."""

import contextlib
import os
from pathlib import Path

import psycopg
import sqlalchemy as sa

STEPS_MAX = 500


class CrashError(BaseException):
    """The process is gone."""


class _Steps:
    def __init__(self, at):
        self.left = at

    def take(self, *_):
        self.left -= 1
        if self.left == 0:
            raise CrashError

    def execute(self, _connection, cursor, *_):
        if not isinstance(cursor, psycopg.ServerCursor):  # which only reads, and complains about its death
            self.take()


@contextlib.contextmanager
def dying(engine, at, *, files):
    """Die before the nth of all statements and commits, and with *files* before or after a file comes to its place."""
    steps = _Steps(at)
    sync, replace = os.fsync, Path.replace

    def synced(file):
        steps.take()
        sync(file)

    def replaced(self, target):
        steps.take()
        found = replace(self, target)
        steps.take()
        return found

    listened = {"before_cursor_execute": steps.execute, "commit": steps.take} if engine else {}
    for event, taken in listened.items():
        sa.event.listen(engine, event, taken)
    if files:
        os.fsync, Path.replace = synced, replaced
    try:
        yield
    finally:
        os.fsync, Path.replace = sync, replace
        for event, taken in listened.items():
            sa.event.remove(engine, event, taken)


def whoever_dies(engine, do, whole=lambda: None, *, files=True):
    """Do it as often as it dies, a step later each time, and once more, as after a lost answer; return the deaths.

    *whole* is asked after each death: it fails where something was left half done. Without *files* nobody dies at
    those: other threads would. Without an *engine* there are files alone.

    """
    for deaths in range(STEPS_MAX):
        try:
            with dying(engine, deaths + 1, files=files):
                do()
        except CrashError:
            if engine:
                engine.dispose()  # its connections are gone with it
            whole()
        else:
            do()
            whole()
            return deaths
    raise AssertionError(f"it did not get through in {STEPS_MAX} steps")
