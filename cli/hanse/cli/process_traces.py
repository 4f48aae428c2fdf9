"""Traces go to a collector, if the environment names one: decided here for all processes, as their logs are.

In: the variables that OpenTelemetry has defined, `OTEL_EXPORTER_OTLP_ENDPOINT` first of all, and the spans that
:mod:`hanse.evidence.traces` hands over. Out: OTLP over HTTP, in batches, from a thread of its own; a collector that is
away costs spans and a line in the log, and nobody waits for it. Without an endpoint OpenTelemetry is not even imported.
"""

import os

import typer

from hanse.evidence import traces

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"
_SERVICE = "service.name"


def configure(service: str) -> None:
    """Have spans sent from now on, as those of *service* unless the environment names it otherwise.

    Raises:
        typer.BadParameter: the environment asks for what there is not.

    """
    if not _is_asked_for():
        return
    for name in _PROTOCOLS:
        if os.environ.get(name, _PROTOCOL) != _PROTOCOL:
            raise typer.BadParameter(f"{name} is {os.environ[name]}: only {_PROTOCOL} is spoken; leave it out")
    try:
        from hanse.cli import otlp  # noqa: PLC0415  # only who wants traces needs what it imports
    except ImportError as error:
        said = f"a collector is named, but {error.name} is not installed: install hanse[traces], or unset"
        raise typer.BadParameter(f"{said} {' and '.join(_ENDPOINTS)}") from error
    is_named = "OTEL_SERVICE_NAME" in os.environ or _SERVICE in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    traces.hand_to(otlp.Sender({} if is_named else {_SERVICE: service}).take)


def _is_asked_for() -> bool:
    is_disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    is_none = os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "none"
    return any(os.environ.get(name) for name in _ENDPOINTS) and not is_disabled and not is_none
