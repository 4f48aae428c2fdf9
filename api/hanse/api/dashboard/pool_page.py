"""The pool's page: what the visitor's members offer, and of others what the endpoint tells. Nothing is added up.

In: a visitor. Out: the page. Sums over cells are not made: two figures that overlap could be subtracted.
"""

from dataclasses import dataclass

from fastapi import Request, Response
from markupsafe import Markup

from hanse.api import members
from hanse.api.answers import Cell, Gpus
from hanse.api.dashboard import charts, figures, rendering, texts
from hanse.api.dashboard.charts import Span
from hanse.api.dashboard.entering import Visitor
from hanse.api.dashboard.sources import Sources, part
from hanse.api.dashboard.texts import Say


@dataclass(frozen=True)
class Shown:
    """A cell as bars; where one offers nothing, or nothing may be told, there is none."""

    accelerator_class: str
    region: str
    own: Markup | None
    own_said: str
    others: Markup | None
    others_said: str


def show(request: Request, visitor: Visitor, sources: Sources) -> Response:
    """Return the page."""
    own = sources.directory.members(visitor.user)
    say = texts.in_(texts.language_of(request))
    pool = part(lambda: members.pool(sources.leader, own))
    longest = max((_most(each) for each in pool.found.cells), default=1) if pool.found else 1
    cells = [_shown(each, longest, say) for each in pool.found.cells] if pool.found else []
    return rendering.page(request, "pool.html", visitor=visitor, pool=pool, cells=cells)


def _most(cell: Cell) -> int:
    return max(cell.own.gpus, cell.others.gpus if cell.others else 0, 1)


def _shown(cell: Cell, longest: int, say: Say) -> Shown:
    own_said = say("pool.own_said", gpus=figures.number(cell.own.gpus), free=figures.number(cell.own.free_gpus))
    own = _bar(cell.own, "lent", longest, f"{cell.region}: {own_said}") if cell.own.gpus else None
    others, others_said = None, ""
    if cell.others:
        named = {"gpus": figures.number(cell.others.gpus), "free": figures.number(cell.others.free_gpus)}
        others_said = say("pool.others_said", **named)
        others = _bar(cell.others, "used", longest, f"{cell.region}: {others_said}")
    return Shown(cell.accelerator_class, cell.region, own, own_said, others, others_said)


def _bar(gpus: Gpus, style: str, longest: int, title: str) -> Markup:
    return charts.bar([Span(style, gpus.gpus - gpus.free_gpus)], gpus.gpus, title, of=longest)
