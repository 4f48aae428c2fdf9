"""A collector of traces: a small server that takes OTLP over HTTP and decodes it with OpenTelemetry's own messages."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATH = "/v1/traces"


class Collector:
    """Listens until the process ends; *requests* is all that came, as messages."""

    def __init__(self):
        self.requests = []
        collected = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                is_known = (PATH, "application/x-protobuf") == (self.path, self.headers["Content-Type"])
                if is_known:
                    collected.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200 if is_known else 400)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Say nothing of requests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def spans(self):
        """Return the spans that came, each with the service that sent it; one that came twice is the same."""
        found = {}
        for request in list(self.requests):
            for sent in request.resource_spans:
                attributes = {each.key: each.value.string_value for each in sent.resource.attributes}
                for span in (span for scope in sent.scope_spans for span in scope.spans):
                    found[span.trace_id, span.span_id] = (attributes["service.name"], span)
        return list(found.values())
