"""The service's endpoints: who asks is found out before anything else, and errors are sentences.

In: an engine of the ledger, the directory, the leader. Out: a FastAPI application. What an endpoint does is in
:mod:`hanse.api.agents` and :mod:`hanse.api.members`. `/healthz` fails only when a restart would help, that is when
nothing is answered at all; `/readyz` says what the service cannot reach.
"""

from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, FastAPI, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from hanse.api import agents, answering, answers, enrolling, members, openapi
from hanse.api.health import Health
from hanse.api.identity import Directory, User
from hanse.api.leader import Leader
from hanse.api.limiting import Limits
from hanse.api.paging import LIMIT, Cursor, Limit, Page
from hanse.api.problems import UnauthenticatedError
from hanse.resources.protocol import (
    CheckpointRequest,
    EnrolmentsAnswer,
    EnrolmentsRequest,
    SlotsAnswer,
    SlotsRequest,
    SyncAnswer,
    SyncRequest,
)

_BEARER = HTTPBearer(auto_error=False)


def create(engine: Engine, directory: Directory, leader: Leader, limits: Limits) -> FastAPI:
    """Return the application."""
    app = openapi.application()
    answering.add_to(app)

    def user(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> User:
        if credentials is None:
            raise UnauthenticatedError("send a token: Authorization: Bearer ...")
        address = request.client.host if request.client else ""
        limits.check_failed(address)
        try:
            found = directory.user(credentials.credentials)
        except UnauthenticatedError:
            limits.count_failed(address)
            raise
        limits.count(found.name, is_agent=found.is_agent)
        return found

    def cluster(user: Annotated[User, Depends(user)]) -> str:
        return directory.cluster(user)

    def own(user: Annotated[User, Depends(user)]) -> frozenset[str]:
        return directory.members(user)

    _add_agents(app, engine, directory, cluster)
    _add_enrolments(app, engine, directory, cluster)
    _add_members(app, engine, directory, leader, own)

    _add_health(app, Health(engine, leader))
    return app


def _add_health(app: FastAPI, health: Health) -> None:
    @app.get("/healthz", tags=["health"])
    def healthz() -> answers.Health:
        """Answer while the process lives."""
        return answers.Health()

    @app.get("/readyz", tags=["health"], responses={503: {"model": answers.Readiness}})
    def readyz(response: Response) -> answers.Readiness:
        """Say what the service cannot reach; 503 if there is something."""
        problems = health.problems()
        if problems:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return answers.Readiness(problems=tuple(problems))


def _add_agents(app: FastAPI, engine: Engine, directory: Directory, cluster: Any) -> None:
    ClusterOfAgent: TypeAlias = Annotated[str, Depends(cluster)]

    @app.post("/v1/agent/sync", **openapi.FOR_AGENTS)
    def sync(of: ClusterOfAgent, request: SyncRequest) -> SyncAnswer:
        """Report all that an agent holds; learn what may go on."""
        return agents.sync(engine, of, request)

    @app.post("/v1/agent/slots", **openapi.FOR_AGENTS)
    def slots(of: ClusterOfAgent, request: SlotsRequest) -> SlotsAnswer:
        """Hand over signed metering slots."""
        return agents.ingest(engine, directory.owner_of_cluster(of), request)

    @app.post("/v1/agent/checkpoints", **openapi.FOR_AGENTS)
    def checkpoints(of: ClusterOfAgent, request: CheckpointRequest) -> answers.Committed:
        """Make a checkpoint one of record; 409 if its fence is not the one in force."""
        agents.commit_checkpoint(engine, of, request)
        return answers.Committed()


def _add_enrolments(app: FastAPI, engine: Engine, directory: Directory, cluster: Any) -> None:
    ClusterOfAgent: TypeAlias = Annotated[str, Depends(cluster)]

    @app.get("/v1/agent/enrolments", **openapi.FOR_AGENTS)
    def enrolled(of: ClusterOfAgent) -> EnrolmentsAnswer:
        """Return the latest enrolment of each of the cluster's nodes, and what new ones must agree with."""
        return enrolling.enrolled(engine, directory, of)

    @app.post("/v1/agent/enrolments", **openapi.FOR_AGENTS)
    def enrol(of: ClusterOfAgent, request: EnrolmentsRequest) -> EnrolmentsAnswer:
        """Enrol nodes: all of a request, or none."""
        enrolling.enrol(engine, directory, of, request)
        return enrolling.enrolled(engine, directory, of)


def _add_members(app: FastAPI, engine: Engine, directory: Directory, leader: Leader, own: Any) -> None:
    OwnMembers: TypeAlias = Annotated[frozenset[str], Depends(own)]

    @app.get("/v1/queue", **openapi.FOR_MEMBERS)
    def queue(of: OwnMembers, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[answers.Queued]:
        """List your waiting jobs by their place in their organisations' queues."""
        return members.queue(leader, of, limit, cursor)

    @app.get("/v1/jobs/{namespace}/{name}/explain", **openapi.FOR_MEMBERS)
    def explain(of: OwnMembers, namespace: str, name: str) -> answers.Explained:
        """Say what was decided about a job of yours, and where it stands."""
        return members.explain(engine, directory, leader, of, (namespace, name))

    @app.get("/v1/balances", **openapi.FOR_MEMBERS)
    def balances(of: OwnMembers, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[answers.Balance]:
        """List your accounts, by name."""
        return members.own_balances(engine, of, limit, cursor)
