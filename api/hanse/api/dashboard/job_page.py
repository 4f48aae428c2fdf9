"""A job's page: where it stands, its attempts, and what was decided about it, as `hanse explain` tells it.

In: a visitor, a namespace and a name. Out: the page, or the same refusal as the endpoint's.
"""

from fastapi import Request, Response

from hanse.api import members
from hanse.api.dashboard import rendering
from hanse.api.dashboard.entering import Visitor
from hanse.api.dashboard.member_page import TONES
from hanse.api.dashboard.sources import Sources


def show(request: Request, visitor: Visitor, sources: Sources, job: tuple[str, str]) -> Response:
    """Return the page of a job (namespace, name)."""
    own = sources.directory.members(visitor.user)
    told = members.explain(sources.engine, sources.directory, sources.leader, own, job)
    namespace, name = job
    return rendering.page(request, "job.html", visitor=visitor, told=told, namespace=namespace, name=name, tones=TONES)
