"""Spans for a collector of OpenTelemetry, where the standard's own variables name one. Needs the extra `otel`.

The SDK reads OTEL_* itself: endpoint, headers, sampler, resource. Import this only where spans are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from tunewright.platform import tracing

HEADERS: Final = TraceContextTextMapPropagator()
NAMELESS: Final = "unknown_service"
"""What the SDK calls a process to which nobody has given a name."""


def export_spans(service: str) -> None:
    """Send the spans of this process to the collector, the last ones when it ends.

    `service` is what it is called where OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES do not say.
    """
    resource = Resource.create()
    if str(resource.attributes[SERVICE_NAME]).startswith(NAMELESS):
        resource = resource.merge(Resource({SERVICE_NAME: service}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("tunewright")

    @contextmanager
    def spans(name: str, parent: str, attributes: dict[str, Any]) -> Iterator[str]:
        above = HEADERS.extract({tracing.HEADER: parent})
        with tracer.start_as_current_span(name, above, attributes=attributes):
            own: dict[str, str] = {}
            HEADERS.inject(own)
            yield own[tracing.HEADER]

    tracing.make_spans(spans)
