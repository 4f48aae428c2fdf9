"""How pages are answered: templates, refusals as pages, and headers that keep browsers to what is ours.

In: a template's name and what it shows. Out: HTML. A refusal of an endpoint becomes a page with the same sentence and
status; who has no session, or whose token is not good any more, is sent to the way in. Nothing here decides who may.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hanse.api.dashboard import charts, figures, texts
from hanse.api.problems import ProblemError, UnauthenticatedError
from hanse.ledger.errors import CommitUnknownError, LedgerError

LOGIN, CONFIRM = "/login", "/login/confirm"
COOKIE, SECURE_COOKIE = "hanse", "__Host-hanse"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with it browsers hide from us where a form was sent from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SAID = frozenset({403, 409, 422, 429, 503, 507})
"""Refusals that pages say in their own language; the sentence beside it is as the endpoints say it."""
_YEAR_SECONDS = 365 * figures.DAY_SECONDS
_templates = Environment(
    loader=PackageLoader("hanse.api", "dashboard/templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {
    "charts": charts,
    "figures": figures,
    "languages": texts.LANGUAGES,
    "told_in": texts.told,
    "word": texts.word,
}


class Guarded:
    """Sends the headers with each answer, whatever it is."""

    def __init__(self, app: ASGIApp, *, tls_at_proxy: bool = False) -> None:
        self._app, self._tls_at_proxy = app, tls_at_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and self._tls_at_proxy:
            # What a header says of it could come from anybody; that all comes by a proxy was said at the start.
            scope = {**scope, "scheme": "https"}
        is_secure = scope.get("scheme") == "https"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
                if is_secure:
                    headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
            await send(message)

        await self._app(scope, receive, guarded)


class PageRoute(APIRoute):
    """A route of which refusals are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                return await handle(request)
            except UnauthenticatedError:
                return away(request)
            except (ProblemError, RequestValidationError, LedgerError, SQLAlchemyError) as error:
                return refused(request, error)

        return page


def page(request: Request, template: str, status: int = HTTPStatus.OK, **shown: Any) -> HTMLResponse:
    """Return a page; the language that its address asks for is kept for the next ones."""
    language = texts.language_of(request)
    common = {"say": texts.in_(language), "language": language, "visitor": None}
    common |= {"address": request.url, "path": request.url.path, "method": request.method}
    html = _templates.get_template(template).render(common | shown)
    answer = HTMLResponse(html, status_code=status)
    if request.query_params.get("lang") == language:
        answer.set_cookie(texts.COOKIE, language, max_age=_YEAR_SECONDS, samesite="strict", httponly=True)
    return answer


def refused(request: Request, error: Exception) -> HTMLResponse:
    """Return the page of a refusal, with the sentence and status of the endpoints'."""
    headers: dict[str, str] = {}
    say = texts.in_(texts.language_of(request))
    match error:
        case ProblemError(field="body.code"):
            status, said, own = error.status, "", say("login.not_good")
        case ProblemError():
            status, said, headers = error.status, str(error), error.headers
            own = say(f"refused.status.{int(status)}") if int(status) in SAID else ""
        case RequestValidationError():
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            own = say("refused.status.422")
        case LedgerError() if not isinstance(error, CommitUnknownError):
            status, said, own = HTTPStatus.CONFLICT, str(error), say("refused.status.409")
        case _:
            status, said, own = HTTPStatus.SERVICE_UNAVAILABLE, "", say("refused.database")
    shown = {"number": int(status), "own": own, "said": said, "request_id": request.state.request_id}
    answer = page(request, "refused.html", status, **shown)
    answer.headers.update(headers)
    return answer


def away(request: Request) -> RedirectResponse:
    """Send a browser to the way in, without the session that it has."""
    answer = RedirectResponse(LOGIN, HTTPStatus.SEE_OTHER)
    forget(request, answer)
    return answer


def forget(request: Request, answer: Response) -> None:
    """Have a browser drop its session."""
    for name, is_secure in ((COOKIE, False), (SECURE_COOKIE, True)):
        if name in request.cookies:
            answer.delete_cookie(name, secure=is_secure, httponly=True, samesite="strict")
