"""The service's endpoints: who asks is found out before anything else, and errors are sentences.

In: an engine of the ledger, the directory, the leader. Out: a FastAPI application. What an endpoint does is in
:mod:`hanse.api.agents` and :mod:`hanse.api.members`. `/healthz` fails only when a restart would help, that is when
nothing is answered at all; `/readyz` says what the service cannot reach.
"""

from http import HTTPStatus
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, SQLAlchemyError

from hanse.api import agents, enrolling, members
from hanse.api.health import Health
from hanse.api.identity import Directory, User
from hanse.api.leader import Leader
from hanse.api.problems import AnotherAgentError, ProblemError, UnauthenticatedError
from hanse.ledger.errors import CommitUnknownError, LedgerError
from hanse.resources.protocol import (
    CheckpointRequest,
    EnrolmentsAnswer,
    EnrolmentsRequest,
    Problem,
    SlotsAnswer,
    SlotsRequest,
    SyncAnswer,
    SyncRequest,
)

_BEARER = HTTPBearer(auto_error=False)


def create(engine: Engine, directory: Directory, leader: Leader) -> FastAPI:
    """Return the application."""
    app = FastAPI(title="Hanse", docs_url=None, redoc_url=None)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(LedgerError, _refused)
    app.add_exception_handler(CommitUnknownError, _unreachable)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(SQLAlchemyError, _unreachable)

    def user(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> User:
        if credentials is None:
            raise UnauthenticatedError("send a token: Authorization: Bearer ...")
        return directory.user(credentials.credentials)

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
    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz(response: Response) -> dict[str, list[str]]:
        problems = health.problems()
        if problems:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return {"problems": problems}


def _add_agents(app: FastAPI, engine: Engine, directory: Directory, cluster: Any) -> None:
    ClusterOfAgent: TypeAlias = Annotated[str, Depends(cluster)]

    @app.post("/v1/agent/sync")
    def sync(of: ClusterOfAgent, request: SyncRequest) -> SyncAnswer:
        return agents.sync(engine, of, request)

    @app.post("/v1/agent/slots")
    def slots(of: ClusterOfAgent, request: SlotsRequest) -> SlotsAnswer:
        return agents.ingest(engine, directory.owner_of_cluster(of), request)

    @app.post("/v1/agent/checkpoints")
    def checkpoints(of: ClusterOfAgent, request: CheckpointRequest) -> dict[str, bool]:
        agents.commit_checkpoint(engine, of, request)
        return {"committed": True}


def _add_enrolments(app: FastAPI, engine: Engine, directory: Directory, cluster: Any) -> None:
    ClusterOfAgent: TypeAlias = Annotated[str, Depends(cluster)]

    @app.get("/v1/agent/enrolments")
    def enrolled(of: ClusterOfAgent) -> EnrolmentsAnswer:
        return enrolling.enrolled(engine, directory, of)

    @app.post("/v1/agent/enrolments")
    def enrol(of: ClusterOfAgent, request: EnrolmentsRequest) -> EnrolmentsAnswer:
        enrolling.enrol(engine, directory, of, request)
        return enrolling.enrolled(engine, directory, of)


def _add_members(app: FastAPI, engine: Engine, directory: Directory, leader: Leader, own: Any) -> None:
    OwnMembers: TypeAlias = Annotated[frozenset[str], Depends(own)]

    @app.get("/v1/queue")
    def queue(of: OwnMembers) -> Any:
        return leader.queue(of)

    @app.get("/v1/jobs/{namespace}/{name}/explain")
    def explain(of: OwnMembers, namespace: str, name: str) -> dict[str, Any]:
        return members.explain(engine, directory, leader, of, (namespace, name))

    @app.get("/v1/balances")
    def balances(of: OwnMembers) -> list[dict[str, Any]]:
        return members.own_balances(engine, of)


def _said(status: int, message: str, *, another_speaks: bool = False) -> JSONResponse:
    problem = Problem(message=message, another_speaks=another_speaks)
    return JSONResponse(problem.model_dump(by_alias=True, exclude_defaults=True), status_code=status)


def _problem(_: Request, error: Exception) -> JSONResponse:
    status = error.status if isinstance(error, ProblemError) else HTTPStatus.BAD_REQUEST
    return _said(status, str(error), another_speaks=isinstance(error, AnotherAgentError))


def _invalid(_: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in found)
    return _said(HTTPStatus.UNPROCESSABLE_ENTITY, said)


def _refused(_: Request, error: Exception) -> JSONResponse:
    return _said(HTTPStatus.CONFLICT, str(error))


def _unstorable(_: Request, error: Exception) -> JSONResponse:
    """Answer what PostgreSQL's types do not take, such as a NUL in a text: it would be the same the next time."""
    said = getattr(error, "orig", None) or type(error).__name__
    return _said(HTTPStatus.UNPROCESSABLE_ENTITY, f"the ledger's database cannot store what was sent: {said}")


def _unreachable(_: Request, __: Exception) -> JSONResponse:
    return _said(HTTPStatus.SERVICE_UNAVAILABLE, "the ledger's database cannot be reached: try again later")
