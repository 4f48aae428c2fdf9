"""The coordinator's page: what is wrong now, offers and recalls, clusters, members, and what went wrong.

In: a visitor with the coordinator's role. Out: the page, of what the endpoints for coordinators answer. It has nobody's
jobs and nobody's use.
"""

import itertools
from typing import Any

from fastapi import Request, Response
from markupsafe import Markup

from hanse.api import coordinators
from hanse.api.dashboard import charts, figures, rendering, texts
from hanse.api.dashboard.audit_page import every
from hanse.api.dashboard.charts import Span
from hanse.api.dashboard.entering import Visitor
from hanse.api.dashboard.sources import Sources, part
from hanse.api.dashboard.texts import Say
from hanse.api.identity import Role
from hanse.api.overseeing import ClusterStanding, ContributionStanding
from hanse.api.paging import LIMIT_MAX

FAULTS_MAX = 50
SILENT_SECONDS = 60
"""An agent that was not heard for so long is marked; it reports every few seconds."""


def show(request: Request, visitor: Visitor, sources: Sources) -> Response:
    """Return the page."""
    sources.directory.check_role(visitor.user, Role.COORDINATOR)
    say, engine = texts.in_(texts.language_of(request)), sources.engine
    clusters = list(every(lambda cursor: coordinators.clusters(engine, LIMIT_MAX, cursor)))
    members = list(every(lambda cursor: coordinators.members(sources.directory, LIMIT_MAX, cursor)))
    faults = coordinators.faults(engine, FAULTS_MAX, "").items
    longest = max((each.nodes for each in clusters), default=1)
    told = part(sources.leader.coordination)
    offers = coordinators.offers(told.found) if told.found else []
    shown: dict[str, Any] = {
        "visitor": visitor,
        "why": told.why,
        "now": coordinators.wrong_in(told.found) if told.found else None,
        "offers": offers,
        "said": said,
        "bars": _offers(offers, say),
        "recalls": sorted((each for each in offers if each.recall), key=_due),
        "clusters": [_cluster(each, longest, say) for each in clusters],
        "members": members,
        "faults": faults,
    }
    return rendering.page(request, "coordination.html", **shown)


def _due(offer: ContributionStanding) -> int:
    return offer.recall.left_seconds if offer.recall else 0


def _offers(found: list[ContributionStanding], say: Say) -> list[tuple[str, list[tuple[ContributionStanding, Markup]]]]:
    """Return the offers of each member with their bars."""
    longest = max((each.offered_gpus for each in found), default=1)
    by_member = itertools.groupby(found, key=lambda each: each.member)
    return [(member, [(each, _offer(each, longest, say)) for each in own]) for member, own in by_member]


def _offer(each: ContributionStanding, longest: int, say: Say) -> Markup:
    spans = (Span("lent", each.healthy_gpus), Span("unknown", each.stale_gpus), Span("down", each.down_gpus))
    title = f"{each.cluster}: {said(each, say)}"
    return charts.bar(spans, each.offered_gpus, title, of=longest)


def said(each: ContributionStanding, say: Say) -> str:
    """Return what an offer comes to, in words."""
    named = {"offered": each.offered_gpus, "healthy": each.healthy_gpus, "stale": each.stale_gpus}
    figures_said = {name: figures.number(gpus) for name, gpus in {**named, "down": each.down_gpus}.items()}
    return say("coordination.offer", **figures_said)


def _cluster(each: ClusterStanding, longest: int, say: Say) -> dict[str, object]:
    said = say("coordination.ready", ready=each.ready_nodes, nodes=each.nodes, version=each.agent_version)
    is_silent = each.silent_seconds > SILENT_SECONDS
    key = "coordination.silent" if is_silent else "coordination.heard"
    spans = (Span("lent", each.ready_nodes), Span("down", each.nodes - each.ready_nodes))
    return {
        "name": each.name,
        "said": said,
        "heard": say(key, ago=figures.duration(each.silent_seconds, say)),
        "tone": "bad" if is_silent else "good",
        "bar": charts.bar(spans, each.nodes, f"{each.name}: {said}", of=longest),
    }
