"""The routes of the pages, and who each is for.

In: a visitor. Out: pages. Whom a page is for is asked of the directory as for the endpoint whose figures it shows.
"""

from http import HTTPStatus
from importlib import resources
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from hanse.api.dashboard import rendering
from hanse.api.dashboard.entering import Entrance, Visitor

STATIC = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "hanse.svg": "image/svg+xml",
}


def add_to(app: FastAPI, entrance: Entrance) -> None:
    """Add the routes."""
    router = APIRouter(route_class=rendering.PageRoute, include_in_schema=False)

    @router.get("/")
    def first(request: Request, visitor: Annotated[Visitor, Depends(entrance.visitor)]) -> Response:
        """Lead to the first page that the visitor has."""
        if visitor.pages:
            return RedirectResponse(visitor.pages[0][0], HTTPStatus.SEE_OTHER)
        return rendering.page(request, "nobody.html", visitor=visitor)

    _add_static(router)
    app.router.routes.extend(router.routes)


def _add_static(router: APIRouter) -> None:
    folder = resources.files(__package__) / "static"

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        content = (folder / name).read_bytes()
        return Response(content, media_type=STATIC[name], headers={"Cache-Control": "no-cache"})
