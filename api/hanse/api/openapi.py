"""The service's description of itself: OpenAPI 3.1 at /v1/openapi.json, with an example of each message.

In: :mod:`hanse.api.examples`. Out: an application without endpoints, and what all endpoints of a kind say of
themselves: who they are for, and that each refusal is a problem.
"""

from http import HTTPStatus
from importlib import metadata
from typing import Any

from fastapi import FastAPI

from hanse.api.answering import MEDIA_TYPE
from hanse.api.examples import EXAMPLES
from hanse.resources.protocol import Problem

PATH = "/v1/openapi.json"
ZIP = "application/zip"
_DESCRIPTION = """
Agents of member clusters and people talk to this service. Who asks is known from the bearer token alone; whoever acts
for a member sees what is that member's, and nothing of another's. Each answer has the header `X-Request-Id`; each
refusal is `application/problem+json` (RFC 9457). Long lists come in pages: send `next` of one as `cursor` for the next.
"""
_TAGS = [
    {"name": "agents", "description": "For the agents of member clusters."},
    {"name": "members", "description": "For whoever a Member's spec.subjects names."},
    {"name": "auditors", "description": "For whoever spec.auditors of the PoolPolicy names."},
    {"name": "coordinators", "description": "For whoever spec.coordinators of the PoolPolicy names."},
    {"name": "anybody", "description": "For whoever has a token that is valid here."},
    {"name": "health", "description": "For probes; these ask for no credential."},
]


def _refusals(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        int(status): {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


_ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_OF_PROBES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INTERNAL_SERVER_ERROR)
FOR_AGENTS: dict[str, Any] = {"tags": ["agents"], "responses": _refusals(*_ALWAYS)}
FOR_MEMBERS: dict[str, Any] = {"tags": ["members"], "responses": _refusals(*_ALWAYS)}
FOR_AUDITORS: dict[str, Any] = {"tags": ["auditors"], "responses": _refusals(*_ALWAYS)}
FOR_COORDINATORS: dict[str, Any] = {"tags": ["coordinators"], "responses": _refusals(*_ALWAYS)}
FOR_ANYBODY: dict[str, Any] = {"tags": ["anybody"], "responses": _refusals(*_ALWAYS)}
_ARCHIVE = {"description": "An archive", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
FOR_PROBES: dict[str, Any] = {"tags": ["health"], "responses": _refusals(*_OF_PROBES)}
EXPORT: dict[str, Any] = {
    "tags": ["auditors"],
    "responses": {200: _ARCHIVE, **_refusals(*_ALWAYS, HTTPStatus.INSUFFICIENT_STORAGE)},
}


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the description, with the examples."""
        if self.openapi_schema is None:
            schemas = super().openapi()["components"]["schemas"]
            template = "#/components/schemas/{model}"
            problem = Problem.model_json_schema(by_alias=True, ref_template=template, mode="serialization")
            schemas |= {**problem.pop("$defs"), Problem.__name__: problem}
            for name, example in EXAMPLES.items():
                schemas[name]["examples"] = [example]
        return self.openapi_schema or {}


def application() -> FastAPI:
    """Return an application without endpoints."""
    return _Application(
        title="Hanse",
        version=metadata.version("hanse"),
        description=_DESCRIPTION,
        openapi_url=PATH,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
