"""The way in and out: a code that the `hanse` command gets with a token opens a session in a browser, once.

In: a token for a code; a code for a question whether to go in as whoever it is; a yes for a session; a session for each
page. Out: a cookie that scripts and other sites cannot use, and who visits. Whoever is sent somebody else's code reads
whose it is before anything is opened. A session stands for its token, which is checked with each request as if it were
sent: the session ends when the token does, or is revoked, and in any case after some hours. Codes and secrets are in no
address that a server sees: a code comes in the part of the address that browsers keep to themselves, and is sent in a
form.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from hanse.api import openapi
from hanse.api.answers import Entry
from hanse.api.authenticating import Authenticator
from hanse.api.dashboard import rendering
from hanse.api.identity import Directory, Role, User
from hanse.api.problems import ForbiddenError, InvalidError, UnauthenticatedError
from hanse.ledger import sessions
from hanse.ledger.sessions import Kind

CODE_SECONDS = 60
SESSION_SECONDS = 8 * 3600
FORM_BYTES_MAX = 4096
_BEARER = HTTPBearer(auto_error=False)


@dataclass(frozen=True)
class Visitor:
    """Who visits, for whom they act, and which roles they have: what the pages on offer follow from."""

    user: User
    members: tuple[str, ...]
    roles: frozenset[Role]

    @property
    def pages(self) -> tuple[tuple[str, str], ...]:
        """The pages that are for them: address, and the key of what it is called."""
        own = (("/member", "page.member"), ("/whatif", "page.whatif"), ("/pool", "page.pool")) if self.members else ()
        audit = (("/audit", "page.audit"),) if Role.AUDITOR in self.roles else ()
        return own + audit + ((("/coordination", "page.coordination"),) if Role.COORDINATOR in self.roles else ())

    @property
    def name(self) -> str:
        """What they are called."""
        return self.user.name


class Entrance:
    """Knows visitors by their sessions."""

    def __init__(self, engine: Engine, directory: Directory, authenticator: Authenticator) -> None:
        self._engine, self._directory, self._authenticator = engine, directory, authenticator

    def visitor(self, request: Request) -> Visitor:
        """Return who visits.

        Raises:
            UnauthenticatedError: there is no session, or its token is not good any more.

        """
        address = request.client.host if request.client else ""
        secret = secret_of(request)
        if not secret:
            raise UnauthenticatedError("there is no session: hanse login opens one")
        self._authenticator.check_address(address)
        token = sessions.read(self._engine, secret)
        if token is None:
            self._authenticator.count_failed(address)
            raise UnauthenticatedError("the session has ended: hanse login opens another")
        user = self._authenticator.user(token, address)
        return Visitor(user, tuple(sorted(self._directory.acts_for(user))), self._directory.roles(user))

    def asked(self, request: Request, code: str) -> tuple[str, str]:
        """Return whose session a code opens, and another code, which opens it."""
        user, token = self._taken(request, code)
        return user.name, sessions.open_(self._engine, Kind.CODE, user.name, token, CODE_SECONDS)

    def enter(self, request: Request, code: str) -> str:
        """Return the secret of a new session for a code."""
        user, token = self._taken(request, code)
        return sessions.open_(self._engine, Kind.SESSION, user.name, token, SESSION_SECONDS)

    def _taken(self, request: Request, code: str) -> tuple[User, str]:
        """Return who is meant by a code, which is good for nothing from now on, and the token.

        Raises:
            InvalidError: the code is none, or is not good any more.

        """
        address = request.client.host if request.client else ""
        self._authenticator.check_address(address)
        token = sessions.take(self._engine, code) if len(code) == sessions.SECRET_LENGTH else None
        if token is None:
            self._authenticator.count_failed(address)
            said = f"the code is not good, or not any more: it opens one session, within {CODE_SECONDS} s"
            raise InvalidError(f"{said}; get another with hanse login", field="body.code")
        return self._authenticator.user(token, address), token


def secret_of(request: Request) -> str:
    """Return the secret of the request's session, or nothing; over TLS only a cookie that came over TLS counts."""
    found = request.cookies.get(rendering.SECURE_COOKIE, "")
    if not found and request.url.scheme != "https":
        found = request.cookies.get(rendering.COOKIE, "")
    return found if len(found) == sessions.SECRET_LENGTH else ""


def check_same_origin(request: Request) -> None:
    """Refuse a form that another site sent, or that does not say which did.

    Raises:
        ForbiddenError: it is one.

    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "")
    if site is None and origin and urlsplit(origin).netloc == request.headers.get("Host"):
        return
    if site != "same-origin":
        raise ForbiddenError("this form was not sent from a page of this service: open /login, and send it from there")


def add_to(app: FastAPI, engine: Engine, entrance: Entrance, user: Any) -> None:
    """Add the routes."""

    @app.post("/v1/login", **openapi.FOR_ANYBODY)
    def login(
        who: Annotated[User, Depends(user)],
        sent: Annotated[HTTPAuthorizationCredentials, Depends(_BEARER)],
    ) -> Entry:
        """Get a code that opens the dashboard in a browser, as whoever the token is, once and within a minute."""
        if who.is_agent:
            raise ForbiddenError("this is for people: an agent has no dashboard")
        code = sessions.open_(engine, Kind.CODE, who.name, sent.credentials, CODE_SECONDS)
        return Entry(code=code, expires_seconds=CODE_SECONDS)

    router = APIRouter(route_class=rendering.PageRoute, include_in_schema=False)

    @router.get(rendering.LOGIN)
    def entrance_page(request: Request) -> Response:
        return rendering.page(request, "login.html", is_in=bool(secret_of(request)))

    @router.post(rendering.LOGIN)
    def ask(request: Request, code: Annotated[str, Depends(_code)]) -> Response:
        who, another = entrance.asked(request, code)
        return rendering.page(request, "confirm.html", who=who, code=another, is_in=bool(secret_of(request)))

    @router.post(rendering.CONFIRM)
    def enter(request: Request, code: Annotated[str, Depends(_code)]) -> Response:
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        _give(request, answer, entrance.enter(request, code))
        return answer

    @router.post("/logout")
    def leave(request: Request) -> Response:
        check_same_origin(request)
        if secret := secret_of(request):
            sessions.close(engine, secret)
        return rendering.away(request)

    app.router.routes.extend(router.routes)


async def _code(request: Request) -> str:
    """Return the code in a form that one of our pages sent."""
    return (await fields(request, FORM_BYTES_MAX)).get("code", "").strip()


async def fields(request: Request, most: int) -> dict[str, str]:
    """Return the fields of a form that one of our pages sent, each once.

    Raises:
        ForbiddenError: another site sent it.
        InvalidError: it has more than so many bytes.

    """
    check_same_origin(request)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise InvalidError(f"the form has more than {most} bytes: send less")
    return {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}


def _give(request: Request, answer: Response, secret: str) -> None:
    """Give a browser its session. Whether it came over TLS it says itself: a proxy may have ended that before us."""
    is_secure = request.url.scheme == "https" or request.headers.get("Origin", "").startswith("https://")
    name = rendering.SECURE_COOKIE if is_secure else rendering.COOKIE
    answer.set_cookie(
        name, secret, max_age=SESSION_SECONDS, path="/", secure=is_secure, httponly=True, samesite="strict"
    )
