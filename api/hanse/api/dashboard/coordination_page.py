"""The coordinator's page: clusters, members, and what went wrong, as the endpoints for coordinators answer.

In: a visitor with the coordinator's role. Out: the page. It has nobody's jobs and nobody's use.
"""

from fastapi import Request, Response

from hanse.api import coordinators
from hanse.api.answers import ClusterStanding
from hanse.api.dashboard import charts, figures, rendering, texts
from hanse.api.dashboard.audit_page import every
from hanse.api.dashboard.charts import Span
from hanse.api.dashboard.entering import Visitor
from hanse.api.dashboard.sources import Sources
from hanse.api.dashboard.texts import Say
from hanse.api.identity import Role
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
    shown = [_cluster(each, longest, say) for each in clusters]
    return rendering.page(request, "coordination.html", visitor=visitor, clusters=shown, members=members, faults=faults)


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
