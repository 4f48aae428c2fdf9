"""Every refusal is a problem of RFC 9457, with the request's id; every answer carries that id.

In: what endpoints raise, and the requests themselves. Out: `application/problem+json`, the header X-Request-Id, and a
line in the log for each request that was refused, with its id and its route: never who asked, nor for whose job.
"""

import logging
import re
import time
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hanse.api import metrics
from hanse.api.problems import AnotherAgentError, ProblemError
from hanse.ledger.errors import CommitUnknownError, LedgerError
from hanse.resources.protocol import SENTENCE_MAX, FieldProblem, Problem

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "X-Request-Id"
VALUE_LENGTH_MAX = 100
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger(__name__)


def add_to(app: FastAPI) -> None:
    """Have all refusals of *app* answered so."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_exception_handler(LedgerError, _refused)
    app.add_exception_handler(CommitUnknownError, _unreachable)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(SQLAlchemyError, _unreachable)
    app.add_middleware(Identified)


def route_of(scope: Scope) -> str:
    """Return the route of a request, such as `/v1/jobs/{namespace}/{name}/explain`, without what stands in it."""
    return str(getattr(scope.get("route"), "path", "none"))


class Identified:
    """Gives each request an id, its caller's if that is short and plain; what nobody caught is answered with 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        given = request.headers.get(REQUEST_ID, "")
        request.state.request_id = given if _GIVEN_ID.fullmatch(given) else str(uuid.uuid4())
        begun, since, of = False, time.monotonic(), {"request": request.state.request_id}

        async def identified(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                metrics.answered(scope["method"], route_of(scope), message["status"], since)
                MutableHeaders(scope=message)[REQUEST_ID] = request.state.request_id
                if message["status"] >= HTTPStatus.BAD_REQUEST:
                    _log.info("%s %s: %s", scope["method"], route_of(scope), message["status"], extra=of)
            await send(message)

        try:
            await self._app(scope, receive, identified)
        except Exception:
            _log.exception("%s %s", scope["method"], route_of(scope), extra=of)
            if begun:
                raise
            said = "something went wrong here: tell the coordinator the requestId, the log has the rest"
            await _answer(_about(request, HTTPStatus.INTERNAL_SERVER_ERROR, said))(scope, receive, identified)


def _about(request: Request, status: int, detail: str, errors: Iterable[FieldProblem] = ()) -> Problem:
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request.state.request_id,
        errors=tuple(errors),
    )


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def _problem(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ProblemError):
        raise error
    said = str(error)
    errors = [FieldProblem(field=error.field, value=error.value, detail=said[:SENTENCE_MAX])] if error.field else []
    another_speaks = isinstance(error, AnotherAgentError)
    problem = _about(request, error.status, said, errors)
    return _answer(problem.model_copy(update={"another_speaks": another_speaks}), error.headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [_field(each) for each in found]
    named = (f"{each.field}{'' if each.value is None else f' is {each.value}'}" for each in errors)
    said = "; ".join(f"{name}: {each.detail}" for name, each in zip(named, errors, strict=True))
    return _answer(_about(request, HTTPStatus.UNPROCESSABLE_ENTITY, said, errors))


def _field(found: dict[str, Any]) -> FieldProblem:
    """Return what is wrong with a field; of a value that is long, or that is not there, nothing is repeated."""
    is_plain = isinstance(found.get("input"), str | int | float | bool) and found["type"] != "missing"
    value = str(found["input"])[:VALUE_LENGTH_MAX] if is_plain else None
    field = ".".join(str(part) for part in found["loc"])
    return FieldProblem(field=field, value=value, detail=found["msg"][:SENTENCE_MAX])


def _not_served(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.NOT_FOUND:
        said = "there is nothing at this path: /v1/openapi.json lists what there is"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        said = f"{request.method} is not served here: the header Allow says what is"
    else:
        said = str(error.detail)
    return _answer(_about(request, error.status_code, said), dict(error.headers or {}))


def _refused(request: Request, error: Exception) -> JSONResponse:
    return _answer(_about(request, HTTPStatus.CONFLICT, str(error)))


def _unstorable(request: Request, error: Exception) -> JSONResponse:
    """Answer what PostgreSQL's types do not take, such as a NUL in a text: it would be the same the next time."""
    said = getattr(error, "orig", None) or type(error).__name__
    detail = f"the ledger's database cannot store what was sent: {said}"
    return _answer(_about(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail))


def _unreachable(request: Request, _: Exception) -> JSONResponse:
    said = "the ledger's database cannot be reached: try again later"
    return _answer(_about(request, HTTPStatus.SERVICE_UNAVAILABLE, said))
