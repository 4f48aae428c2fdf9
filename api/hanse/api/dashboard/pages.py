"""The routes of the pages, and who each is for.

In: a visitor. Out: pages. Whom a page is for is asked of the directory as for the endpoint whose figures it shows.
"""

from http import HTTPStatus
from importlib import resources
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import RedirectResponse

from hanse.api.dashboard import (
    audit_page,
    coordination_page,
    entering,
    job_page,
    member_page,
    pool_page,
    rendering,
    whatif_page,
)
from hanse.api.dashboard.entering import Entrance, Visitor
from hanse.api.dashboard.sources import Sources

STATIC = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "hanse.svg": "image/svg+xml",
}


def add_to(app: FastAPI, entrance: Entrance, sources: Sources) -> None:
    """Add the routes."""
    router = APIRouter(route_class=rendering.PageRoute, include_in_schema=False)
    Visiting: TypeAlias = Annotated[Visitor, Depends(entrance.visitor)]

    @router.get("/")
    def first(request: Request, visitor: Visiting) -> Response:
        """Lead to the first page that the visitor has."""
        if visitor.pages:
            return RedirectResponse(visitor.pages[0][0], HTTPStatus.SEE_OTHER)
        return rendering.page(request, "nobody.html", visitor=visitor)

    @router.get("/member")
    def member(
        request: Request,
        visitor: Visiting,
        wanted: Annotated[str, Query(alias="member", max_length=63)] = "",
        key: Annotated[str, Query(alias="range", max_length=8)] = "",
        period: Annotated[str, Query(max_length=8)] = "",
    ) -> Response:
        return member_page.show(request, visitor, sources, member_page.Asked(wanted, key, period))

    @router.get("/jobs/{namespace}/{name}")
    def job(request: Request, visitor: Visiting, namespace: str, name: str) -> Response:
        return job_page.show(request, visitor, sources, (namespace, name))

    @router.get("/pool")
    def pool(request: Request, visitor: Visiting) -> Response:
        return pool_page.show(request, visitor, sources)

    _add_what_if(router, entrance, sources)
    _add_roles(router, entrance, sources)
    _add_static(router)
    app.router.routes.extend(router.routes)


def _add_what_if(router: APIRouter, entrance: Entrance, sources: Sources) -> None:
    Visiting: TypeAlias = Annotated[Visitor, Depends(entrance.visitor)]

    async def typed(request: Request) -> dict[str, str]:
        return await entering.fields(request, whatif_page.BYTES_MAX)

    @router.get("/whatif")
    def form(request: Request, visitor: Visiting) -> Response:
        return whatif_page.show(request, visitor, sources)

    @router.post("/whatif")
    def what_if(request: Request, visitor: Visiting, sent: Annotated[dict[str, str], Depends(typed)]) -> Response:
        return whatif_page.show(request, visitor, sources, sent)


def _add_roles(router: APIRouter, entrance: Entrance, sources: Sources) -> None:
    Visiting: TypeAlias = Annotated[Visitor, Depends(entrance.visitor)]

    @router.get("/audit")
    def audit(request: Request, visitor: Visiting) -> Response:
        return audit_page.show(request, visitor, sources)

    @router.get("/audit/exports/{period}")
    def exported(visitor: Visiting, period: str) -> Response:
        return audit_page.exported(visitor, sources, period)

    @router.get("/coordination")
    def coordination(request: Request, visitor: Visiting) -> Response:
        return coordination_page.show(request, visitor, sources)


def _add_static(router: APIRouter) -> None:
    folder = resources.files(__package__) / "static"

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        content = (folder / name).read_bytes()
        return Response(content, media_type=STATIC[name], headers={"Cache-Control": "no-cache"})
