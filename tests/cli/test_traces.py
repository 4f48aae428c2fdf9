"""One trace of a job through a real pool, from its creation to its workers' start, as collectors receive it."""

import os
import subprocess
import sys
import uuid
from datetime import datetime

import pytest
from collecting import Collector

from hanse.cli import process_traces
from hanse.evidence import traces
from hanse.evidence.traces import Step

OF_OPERATOR = {Step.ATTEMPT, Step.JOB_SEEN, Step.JOB_WAITED, Step.DECISION_COMMITTED, Step.PLACEMENT_WRITTEN}
OF_AGENT = {Step.PLACEMENT_SEEN, Step.LEASE_GRANTED, Step.PODS_CREATED, Step.PODS_BOUND, Step.WORKERS_STARTED}
# From end to end, in this order; what the API service does is a part of what its agent waits for.
IN_ORDER = (
    Step.JOB_SEEN, Step.JOB_WAITED, Step.DECISION_COMMITTED, Step.PLACEMENT_WRITTEN, Step.PLACEMENT_SEEN,
    Step.LEASE_GRANTED, Step.PODS_CREATED, Step.PODS_BOUND, Step.WORKERS_STARTED,
)  # fmt: skip
EVERYTHING = {**dict.fromkeys(OF_OPERATOR, "hanse-operator"), Step.LEASE_RECORDED: "hanse-api"} | dict.fromkeys(
    OF_AGENT, "hanse-cluster-agent"
)


@pytest.fixture(name="traced", scope="module")
def _traced(town):
    """A job of two workers that runs, its attempt, and its spans by step, with who sent them."""
    town.submit("north", "traced", replicas=2)
    town.reaches("north", "traced", "Running")
    path = "/apis/hanse.dev/v1alpha1/namespaces/north/trainingjobs/traced"
    metadata = town.own.client.request("GET", path)["metadata"]
    ((attempt, decision),) = town.rows(
        "SELECT id, admitted_by FROM ledger.attempt WHERE job = :job", job=metadata["uid"]
    )

    def whole():
        found = {span.name: (service, span) for service, span in spans(town, attempt)}
        return found if found.keys() == EVERYTHING.keys() else None

    yield town, metadata, decision, town.until("the trace is whole", whole)
    town.clear()


def spans(town, attempt):
    """Return the spans of an attempt, whoever received them."""
    everywhere = [each for collector in town.collectors.values() for each in collector.spans()]
    return [(service, span) for service, span in everywhere if span.trace_id == attempt.bytes]


def test_all_processes_write_into_one_trace_and_none_leaves_a_gap(traced):
    _, metadata, decision, found = traced
    assert {step: service for step, (service, _) in found.items()} == EVERYTHING
    root = found[Step.ATTEMPT][1]
    created = datetime.fromisoformat(metadata["creationTimestamp"]).timestamp()
    assert (b"", int(created) * 10**9) == (root.parent_span_id, root.start_time_unix_nano)
    parents = {step: span.parent_span_id for step, (_, span) in found.items() if step != Step.ATTEMPT}
    assert found[Step.LEASE_GRANTED][1].span_id == parents.pop(Step.LEASE_RECORDED)
    assert {root.span_id} == set(parents.values())
    assert str(decision) == attributes(found[Step.DECISION_COMMITTED][1])["hanse.decision"]


def test_its_steps_follow_one_another(traced):
    *_, found = traced
    ends = [found[step][1].end_time_unix_nano for step in IN_ORDER]
    # The Placement is seen by its agent a moment before, or after, its writer has the answer.
    written = IN_ORDER.index(Step.PLACEMENT_WRITTEN)
    del ends[written]
    assert ends == sorted(ends)
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for _, span in found.values())


def test_a_host_learns_nothing_from_its_agents_spans(traced):
    """North's job runs with south's agent beside it: what each sends has the opaque attempt and its fence."""
    town, metadata, *_ = traced
    for member in ("north", "south"):
        for service, span in town.collectors[member].spans():
            assert "hanse-cluster-agent" == service
            assert {"hanse.attempt", "hanse.fence"} == attributes(span).keys()
    said = str([collector.requests for collector in town.collectors.values()])
    assert not [word for word in ("traced", metadata["uid"], "people") if word in said]


def attributes(span):
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_spans_are_not_sent_and_nothing_is_imported_unless_a_collector_is_named():
    """What FastAPI imports of OpenTelemetry by itself is its interface, which does nothing."""
    program = (
        "import sys; from hanse.cli import process_traces, operator, processes; process_traces.configure('hanse');"
        "import hanse.operator.process, hanse.agent.loop, hanse.api.serve; from hanse.evidence import traces;"
        "print(traces.are_wanted(), [name for name in sys.modules if name.startswith(('opentelemetry.sdk', "
        "'opentelemetry.exporter', 'google.protobuf', 'hanse.cli.otlp'))])"
    )
    off = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    for variables in ({}, {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}):
        result = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**off, **variables}
        )
        assert "False []" == result.stdout.strip()


def test_a_protocol_that_is_not_spoken_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(process_traces.typer.BadParameter, match=r"OTEL_EXPORTER_OTLP_PROTOCOL is grpc: only http/prot"):
        process_traces.configure("hanse-api")
    assert not traces.are_wanted()


def test_what_is_left_is_sent_at_the_end_under_the_name_that_the_environment_gives():
    collector = Collector()
    program = (
        "import uuid; from hanse.cli import process_traces; from hanse.evidence import traces;"
        "process_traces.configure('hanse-api');"
        "[traces.tell(uuid.UUID(int=n), traces.Step.PODS_BOUND, 5, 3, fence=2) for n in (7, 7, 1 << 127)]"
    )
    variables = {"OTEL_SERVICE_NAME": "ours", "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    try:
        for sampler in ({}, {"OTEL_TRACES_SAMPLER": "always_off"}):
            environment = {**os.environ, **collector.variables, **variables, **sampler}
            subprocess.run([sys.executable, "-c", program], check=True, env=environment)
        sent = collector.spans()
    finally:
        collector.close()
    assert 2 == len(sent)
    assert {"ours"} == {service for service, _ in sent}
    (one,) = [span for _, span in sent if span.trace_id == uuid.UUID(int=7).bytes]
    assert (3, 3) == (one.start_time_unix_nano, one.end_time_unix_nano)
    assert {"hanse.attempt": str(uuid.UUID(int=7)), "hanse.fence": 2} == attributes(one)
