"""Tells of each failure when it happens, besides the summary: a run that is ended from outside has no summary.

In: reports of tests, on this process or from pytest-xdist's workers. Out: a line with the test and what it failed with.
"""


def pytest_sessionstart(session):
    """Listen to reports, unless this process is a worker: the one that it works for tells."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if reporter and not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Telling(reporter))


class Telling:
    """Writes a line for each test that failed, between the dots."""

    def __init__(self, reporter):
        self.reporter = reporter

    def pytest_runtest_logreport(self, report):
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = str(crash.message if crash else report.longrepr).strip().partition("\n")[0]
            self.reporter.ensure_newline()
            self.reporter.write_line(f"failed in {report.when}: {report.nodeid}: {why[:300]}", red=True)
