"""Spans as OpenTelemetry's SDK sends them; imported only where a collector is named.

In: spans of :mod:`hanse.evidence.traces`. Out: what the SDK's exporter makes of them. The SDK would choose ids by
chance, and ours follow from what they are about: so finished spans are made here, and handed to its processor.
Sampling, batches, timeouts and headers are as its variables say; of a trace all processes keep everything or nothing,
as the SDK samples by the trace's id.
"""

from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags

from hanse.evidence.traces import Span

_SCOPE = InstrumentationScope("hanse")


class Sender:
    """Sends spans as those of a *resource*; what is left is sent when the process ends."""

    def __init__(self, resource: Mapping[str, str]) -> None:
        self._provider = TracerProvider(resource=Resource.create(dict(resource)))
        self._processor = BatchSpanProcessor(OTLPSpanExporter())
        self._provider.add_span_processor(self._processor)

    def take(self, span: Span) -> None:
        """Take a span; neither waits nor raises, whatever the collector does."""
        sampled = self._provider.sampler.should_sample(None, span.trace_id, span.step)
        if sampled.decision is not Decision.RECORD_AND_SAMPLE:
            return
        parent = None if span.parent_id is None else _context(span.trace_id, span.parent_id)
        self._processor.on_end(
            ReadableSpan(
                name=span.step,
                context=_context(span.trace_id, span.span_id),
                parent=parent,
                resource=self._provider.resource,
                attributes={f"hanse.{name}": value for name, value in span.attributes.items()}
                | {"hanse.attempt": str(span.attempt)},
                start_time=span.start_nanoseconds,
                end_time=span.end_nanoseconds,
                instrumentation_scope=_SCOPE,
            )
        )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
