"""Runtimes on a geometric grid: how long a job may run, rounded up, so that jobs of about one length are one class.

In: seconds. Out: the next point of the grid. Each point is a quarter more than the one before, in whole minutes: a year
has some sixty of them. Without it there would be as many classes of jobs as jobs.
"""

import bisect

SLACK_SECONDS = 600
"""So late may somebody leave before what is kept on its nodes moves: starts and checkpoints take minutes."""
_MINUTE = 60
_YEAR = 8760 * 3600


def _grid() -> tuple[int, ...]:
    points = [_MINUTE]
    while points[-1] < _YEAR:
        points.append(max(points[-1] + _MINUTE, -(-points[-1] * 5 // (4 * _MINUTE)) * _MINUTE))
    return tuple(points)


GRID_SECONDS = _grid()


def rounded_up(seconds: int) -> int:
    """Return the first point of the grid that is *seconds* or more; beyond its end, whole years."""
    if seconds > GRID_SECONDS[-1]:
        return -(-seconds // _YEAR) * _YEAR
    return GRID_SECONDS[bisect.bisect_left(GRID_SECONDS, seconds)]


def end(started_seconds: int, run_seconds: int, as_of: int) -> int:
    """Return by when an attempt is taken to have left: for the moment if it is late, on the grid if it is very late."""
    promised = started_seconds + run_seconds
    if promised > as_of:
        return promised
    if promised + SLACK_SECONDS > as_of:
        return as_of + 1
    return started_seconds + rounded_up(as_of - started_seconds + 1)
