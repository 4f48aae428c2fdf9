"""What the agent says of itself to Prometheus, on a port of its own: workers, rivals' too, reach the other one.

In: what the loop does. Out: counts. No label says whose a gang is: the agent does not know it.
"""

import time

import prometheus_client

REGISTRY = prometheus_client.CollectorRegistry()
SYNCS = prometheus_client.Counter(
    "hanse_agent_syncs", "Rounds in which leases were asked for, by outcome.", ["outcome"], registry=REGISTRY
)
SYNCED = prometheus_client.Gauge(
    "hanse_agent_sync_timestamp_seconds", "When the hub last answered, in Unix time.", registry=REGISTRY
)
GANGS = prometheus_client.Gauge("hanse_agent_gangs", "Attempts that the agent holds.", registry=REGISTRY)
MISSING = prometheus_client.Gauge(
    "hanse_agent_node_agents_missing",
    "Nodes that run and whose node agent has said nothing for a minute.",
    registry=REGISTRY,
)
NODES = prometheus_client.Gauge("hanse_agent_nodes", "Nodes that the agent reports.", registry=REGISTRY)
CLOCK_AHEAD = prometheus_client.Gauge(
    "hanse_agent_clock_ahead_seconds",
    "How far this machine's clock was ahead of the hub's when it was compared last.",
    registry=REGISTRY,
)
TAILS = prometheus_client.Counter(
    "hanse_agent_tails", "Tails of workers' logs, by outcome.", ["outcome"], registry=REGISTRY
)


def clock_ahead(seconds: float) -> None:
    """Note how far the clock is ahead of the hub's."""
    CLOCK_AHEAD.set(seconds)


def tail(outcome: str) -> None:
    """Count a tail that was taken, refused or could not be read."""
    TAILS.labels(outcome).inc()


def synced(*, answered: bool, gangs: int, nodes: int) -> None:
    """Note a round of leases."""
    SYNCS.labels("answered" if answered else "failed").inc()
    if answered:
        SYNCED.set(time.time())
    GANGS.set(gangs)
    NODES.set(nodes)


def serve(host: str, port: int) -> None:
    """Answer Prometheus on a port of its own, in a thread."""
    prometheus_client.start_http_server(port, host, REGISTRY)
