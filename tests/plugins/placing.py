"""How the tests run side by side: which stay together, which begin first, and what is built before any of them.

In: the ids of all tests, from the workers of pytest-xdist. Out: units of tests, each of which one worker runs from
beginning to end. Tests of one file stay together, and files that share something expensive, as each worker would start
its own; long ones that share nothing go apart; what takes longest begins first, so that it is not what everybody waits
for in the end. Next is xdist, which hands the units out. This module must not change what a test does: any test runs
alone, and in any company.
"""

import contextlib

from xdist.scheduler import LoadScopeScheduling

from hanse.devcluster import build, debian, image, realnode, store
from hanse.devcluster.errors import DevclusterError

# Units of more than a file, by what their tests share.
SHARED = {
    "agents on a real node": (
        "agent/test_real_elastic", "agent/test_real_gangs", "agent/test_real_logs", "agent/test_real_node_agent",
        "agent/test_real_outages",
        "agent/test_simulated_gangs",
    ),
    # They look at what a node leaves in places that both kinds of nodes use.
    "nodes of this machine": ("devcluster/test_processnode", "devcluster/test_realnode"),
    "operators": (
        "operator/test_elastic", "operator/test_feed", "operator/test_recorded", "operator/test_retrying",
        "operator/test_rights",
        "operator/test_running", "operator/test_settling", "operator/test_storage", "operator/test_suspects",
        "operator/test_telling_of_the_pool",
    ),
    "the town": (
        "cli/test_enrolling", "cli/test_side_by_side", "cli/test_traces", "cli/test_waiting",
    ),
    "the charts": ("chart/test_installing", "chart/test_sharing"),
    "the hub": (
        "agent/test_feed", "agent/test_kube", "api/test_access", "api/test_answers", "api/test_entering",
        "api/test_exporting", "api/test_health", "api/test_logs", "api/test_oidc", "api/test_pages",
        "api/test_rights_of_the_service", "api/test_sync", "api/test_whatif_page",
        "chart/test_agent", "chart/test_rendering", "chart/test_runbooks", "chart/test_witness",
        "cli/test_pool_commands", "devcluster/test_postgres",
        "resources/test_accepted", "resources/test_kubectl", "resources/test_policies", "resources/test_refused",
        "resources/test_transitions",
    ),
}  # fmt: skip
# Files of properties, whose tests share nothing and take many examples: each test is a unit.
APART = {
    f"tests/scheduler/test_{name}.py"
    for name in ("caps", "fairness", "promises", "reference", "sharing_bounds", "snapshots")
} | {"tests/simulator/test_engine.py"}
UNITS = {f"tests/{file}.py": unit for unit, files in SHARED.items() for file in files}
# What takes a minute or more, the longest first; all else follows in its usual order.
LONGEST = (
    "the hub",
    "operators",
    "tests/cli/test_demo.py",
    "agents on a real node",
    "the charts",
    "tests/ledger/test_replaying.py",
    "the town",
    "tests/devcluster/test_crash.py",
    "nodes of this machine",
    "tests/faults/test_streams.py",
    "tests/bench/test_benches.py",
    "tests/scheduler/test_other_pythons.py",
    "tests/ledger/test_export.py",
    "tests/ledger/test_state_machines.py",
    "tests/operator/test_faults.py",
    "tests/devcluster/test_cluster.py",
    "tests/cli/test_commands.py",
    "tests/ledger/test_posting.py",
    "tests/docs/test_site.py",
    # Hundreds of short ones, which fill what the others leave.
    *sorted(APART),
)
# Fixtures that start a control plane.
STARTING = {"guest", "hub", "installed", "plane", "real", "running", "start_owner", "town"}


def file_of(test):
    """Return the file of the test with this id."""
    return test.partition("::")[0]


def unit_of(test):
    """Return the unit of the test with this id."""
    file = file_of(test)
    return test if file in APART else UNITS.get(file, file)


class Placing(LoadScopeScheduling):
    """Hands out units in the order of their first tests."""

    def _split_scope(self, nodeid):
        return unit_of(nodeid)


def pytest_xdist_make_scheduler(config, log):
    """Place the tests as above, unless another way is asked for with --dist."""
    if config.option.dist != "load":
        return None
    config.option.loadscopereorder = False
    return Placing(config, log)


def pytest_collection_modifyitems(config, items):
    """Begin with the longest units, where there are several workers."""
    if hasattr(config, "workerinput"):
        rank = {unit: number for number, unit in enumerate(LONGEST)}
        items.sort(key=lambda item: rank.get(unit_of(item.nodeid), rank.get(file_of(item.nodeid), len(rank))))


def pytest_collection_finish(session):
    """Build what the tests run before the first of them does: it takes minutes, and their time is limited.

    What is said of it is seen, as nothing is captured yet. Of several workers one builds, and the others wait for it.
    A test that needs what cannot be built here skips or fails, and says why.
    """
    if session.config.option.collectonly:
        return
    used = {name for item in session.items for name in item.fixturenames}
    with contextlib.suppress(DevclusterError):
        if used & STARTING:
            build.binary(build.CONTROLPLANE)
            build.binary(build.KWOK)
        if "chromium" in used:
            debian.require(debian.BROWSER)
        if "helm" in used:
            build.binary(build.HELM)
        if "promtool" in used:
            build.binary(build.PROMTOOL)
        if any(item.get_closest_marker("real_node") for item in session.items):
            realnode.require()
            build.binary(build.COREDNS)
            store.prepared(image.build())
