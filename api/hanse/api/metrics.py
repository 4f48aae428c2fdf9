"""What the service says of itself to Prometheus, on a port of its own: members reach the other one.

In: each request, by route. Out: counts and times. No label says who asked or what for: a route has no names in it, and
methods that are none are counted as one.
"""

import time

import prometheus_client

REGISTRY = prometheus_client.CollectorRegistry()
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_REQUESTS = prometheus_client.Counter(
    "hanse_api_requests", "Requests that were answered.", ["method", "route", "status"], registry=REGISTRY
)
_SECONDS = prometheus_client.Histogram(
    "hanse_api_request_seconds", "Time until a request was answered.", ["route"], registry=REGISTRY
)


def answered(method: str, route: str, status: int, since: float) -> None:
    """Count an answer to a request that came at *since*, by the monotonic clock."""
    _REQUESTS.labels(method if method in _METHODS else "other", route, str(status)).inc()
    _SECONDS.labels(route).observe(time.monotonic() - since)


def serve(host: str, port: int) -> None:
    """Answer Prometheus on a port of its own, in a thread."""
    prometheus_client.start_http_server(port, host, REGISTRY)
