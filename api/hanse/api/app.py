"""The service's endpoints: who asks is found out before anything else, and errors are sentences.

In: an engine of the ledger, the directory, the leader, who finds out who asks. Out: a FastAPI application. What an
endpoint does is in :mod:`hanse.api.agents`, :mod:`hanse.api.members`, :mod:`hanse.api.auditors` and
:mod:`hanse.api.coordinators`; the pages for browsers are :mod:`hanse.api.dashboard`'s. `/healthz` fails only when a
restart would help, that is when nothing is answered at all; `/readyz` says what the service cannot reach.
"""

from http import HTTPStatus
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine

from hanse.api import (
    agents,
    answering,
    answers,
    auditors,
    books,
    coordinators,
    disputing,
    enrolling,
    logs,
    members,
    openapi,
    overseeing,
    uses,
)
from hanse.api.authenticating import Authenticator
from hanse.api.bounding import Bounded
from hanse.api.dashboard import entering, pages, rendering
from hanse.api.dashboard.sources import Sources
from hanse.api.exporting import Exports
from hanse.api.health import Health
from hanse.api.identity import Directory, Role, User
from hanse.api.leader import Leader
from hanse.api.paging import LIMIT, Cursor, Limit, Page
from hanse.resources.protocol import (
    CheckpointRequest,
    EnrolmentsAnswer,
    EnrolmentsRequest,
    LogKeysAnswer,
    LogKeysRequest,
    LogsAnswer,
    LogsRequest,
    SlotsAnswer,
    SlotsRequest,
    SyncAnswer,
    SyncRequest,
)

_BEARER = HTTPBearer(auto_error=False)
_Seconds: TypeAlias = Annotated[int, Query(ge=0, le=books.SECONDS_MAX)]


def _within(
    start: Annotated[_Seconds, Query(alias="from", description="Unix seconds; from then on.")],
    end: Annotated[_Seconds, Query(alias="to", description="Unix seconds; until then.")],
) -> tuple[int, int]:
    return start, end


Within: TypeAlias = Annotated[tuple[int, int], Depends(_within)]
"""From when to when somebody asks about."""


def create(  # noqa: PLR0913  # each part is made by who starts the service, or a test
    engine: Engine,
    directory: Directory,
    leader: Leader,
    authenticator: Authenticator,
    exports: Exports | None = None,
    *,
    tls_at_proxy: bool = False,
) -> FastAPI:
    """Return the application; with *tls_at_proxy*, whoever asks it in plain HTTP was asked in HTTPS itself."""
    exports = exports or Exports()
    app = openapi.application()
    answering.add_to(app)
    app.add_middleware(Bounded, authenticator=authenticator)

    def user(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> User:
        return authenticator.user(sent.credentials if sent else None, request.client.host if request.client else "")

    def cluster(user: Annotated[User, Depends(user)]) -> str:
        return directory.cluster(user)

    def own(user: Annotated[User, Depends(user)]) -> frozenset[str]:
        return directory.members(user)

    def auditor(user: Annotated[User, Depends(user)]) -> None:
        directory.check_role(user, Role.AUDITOR)

    def coordinator(user: Annotated[User, Depends(user)]) -> None:
        directory.check_role(user, Role.COORDINATOR)

    _add_anybody(app, directory, user)
    _add_agents(app, engine, directory, cluster)
    _add_enrolments(app, engine, directory, cluster)
    _add_logs(app, engine, directory, cluster, authenticator)
    _add_logs_kept(app, engine, directory, own)
    _add_members(app, engine, directory, leader, own)
    _add_standing(app, engine, leader, own)
    _add_uses(app, engine, directory, own)
    _add_disputes(app, engine, own)
    _add_auditors(app, engine, exports, Depends(auditor))
    _add_coordinators(app, engine, directory, Depends(coordinator))
    _add_capacity(app, leader, Depends(coordinator))

    entrance = entering.Entrance(engine, directory, authenticator)
    entering.add_to(app, engine, entrance, user)
    pages.add_to(app, entrance, Sources(engine, directory, leader, exports))

    _add_health(app, Health(engine, leader))
    app.add_middleware(rendering.Guarded, tls_at_proxy=tls_at_proxy)
    return app


def _add_anybody(app: FastAPI, directory: Directory, user: Any) -> None:
    Somebody: TypeAlias = Annotated[User, Depends(user)]

    @app.get("/v1/whoami", **openapi.FOR_ANYBODY)
    def whoami(asking: Somebody) -> answers.Identity:
        """Say who you are here, for whom you act, and which roles you have."""
        own, roles = directory.acts_for(asking), directory.roles(asking)
        return answers.Identity(name=asking.name, members=tuple(sorted(own)), roles=tuple(sorted(roles)))


def _add_health(app: FastAPI, health: Health) -> None:
    answered = {**openapi.FOR_PROBES["responses"], 503: {"model": answers.Readiness}}
    not_ready: dict[str, Any] = {**openapi.FOR_PROBES, "responses": answered}

    @app.get("/healthz", **openapi.FOR_PROBES)
    def healthz() -> answers.Health:
        """Answer while the process lives."""
        return answers.Health()

    @app.get("/readyz", **not_ready)
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


def _add_logs(app: FastAPI, engine: Engine, directory: Directory, cluster: Any, authenticator: Authenticator) -> None:
    ClusterOfAgent: TypeAlias = Annotated[str, Depends(cluster)]
    room = logs.Room()

    @app.post("/v1/agent/log-keys", **openapi.FOR_AGENTS)
    def log_keys(of: ClusterOfAgent, request: LogKeysRequest) -> LogKeysAnswer:
        """Return the keys to which logs of the cluster's attempts are sealed; of one without, no log is taken."""
        return logs.keys(engine, directory, of, request)

    @app.post("/v1/agent/logs", **openapi.FOR_AGENTS)
    def take_logs(of: ClusterOfAgent, request: LogsRequest) -> LogsAnswer:
        """Hand over sealed tails of workers' logs."""
        authenticator.count_logs(of)
        return logs.store(engine, of, request, room)


def _add_logs_kept(app: FastAPI, engine: Engine, directory: Directory, own: Any) -> None:
    OwnMembers: TypeAlias = Annotated[frozenset[str], Depends(own)]

    @app.get("/v1/jobs/{namespace}/{name}/logs", **openapi.FOR_MEMBERS)
    def kept_logs(of: OwnMembers, namespace: str, name: str, asked: Annotated[logs.Asked, Query()]) -> logs.Logs:
        """Return sealed tails of the logs of a job of yours, in the order in which they changed."""
        return logs.kept(engine, directory, of, (namespace, name), asked)


def _add_members(app: FastAPI, engine: Engine, directory: Directory, leader: Leader, own: Any) -> None:
    OwnMembers: TypeAlias = Annotated[frozenset[str], Depends(own)]

    @app.get("/v1/queue", **openapi.FOR_MEMBERS)
    def queue(of: OwnMembers, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[answers.Queued]:
        """List your waiting jobs by their place in their organisations' queues."""
        return members.queue(leader, of, limit, cursor)

    @app.get("/v1/jobs", **openapi.FOR_MEMBERS)
    def jobs(of: OwnMembers, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[answers.Job]:
        """List your jobs as their statuses say, by namespace and name."""
        return members.jobs(leader, of, limit, cursor)

    @app.get("/v1/jobs/{namespace}/{name}/explain", **openapi.FOR_MEMBERS)
    def explain(of: OwnMembers, namespace: str, name: str) -> answers.Explained:
        """Say what was decided about a job of yours, and where it stands."""
        return members.explain(engine, directory, leader, of, (namespace, name))

    @app.get("/v1/choices", **openapi.FOR_MEMBERS)
    def choices(of: OwnMembers) -> answers.Choices:
        """Say what a job of yours can ask for: your namespaces, and the alliance's classes and tiers."""
        return members.choices(leader, of)

    @app.post("/v1/whatif", **openapi.FOR_MEMBERS)
    def what_if(of: OwnMembers, asked: answers.WhatIfRequest) -> answers.WhatIf:
        """Say what would become of a job of yours if it were submitted now; nothing is recorded."""
        return members.what_if(directory, leader, of, asked)

    @app.get("/v1/balances", **openapi.FOR_MEMBERS)
    def balances(of: OwnMembers, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[answers.Balance]:
        """List your accounts, by name."""
        return members.own_balances(engine, of, limit, cursor)


def _add_standing(app: FastAPI, engine: Engine, leader: Leader, own: Any) -> None:
    OwnMembers: TypeAlias = Annotated[frozenset[str], Depends(own)]

    @app.get("/v1/quota", **openapi.FOR_MEMBERS)
    def quota(of: OwnMembers) -> answers.Quotas:
        """Say what your members are entitled to, use, borrow and lend, and what is left under their caps."""
        return members.quota(leader, of)

    @app.get("/v1/pool", **openapi.FOR_MEMBERS)
    def pool(of: OwnMembers) -> answers.PoolShown:
        """Say what your members offer by class and region, and what may be told of others' offers."""
        return members.pool(leader, of)

    @app.get("/v1/usage", **openapi.FOR_MEMBERS)
    def usage(of: OwnMembers, within: Within, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[answers.Hour]:
        """List the posted hours of your members: what they were charged, and what their GPUs did."""
        return books.usage(engine, of, within, limit, cursor)

    @app.get("/v1/entitlements", **openapi.FOR_MEMBERS)
    def entitlements(
        of: OwnMembers, within: Within, limit: Limit = LIMIT, cursor: Cursor = ""
    ) -> Page[answers.EntitledSince]:
        """List what your members were entitled to, by class, as it changed; what held at `from` comes first."""
        return books.entitled(engine, of, within, limit, cursor)

    @app.get("/v1/statements/{period}", **openapi.FOR_MEMBERS)
    def statement(of: OwnMembers, period: str) -> answers.Statement:
        """Say how a period (`YYYY-MM`, UTC) of your members is booked so far."""
        return books.statement(engine, of, period)


def _add_disputes(app: FastAPI, engine: Engine, own: Any) -> None:
    OwnMembers: TypeAlias = Annotated[frozenset[str], Depends(own)]

    @app.get("/v1/disputes", **openapi.FOR_MEMBERS)
    def disputes(of: OwnMembers, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[disputing.Dispute]:
        """List your disputes and what became of them, the oldest first."""
        return disputing.own(engine, of, limit, cursor)

    @app.post("/v1/disputes", **openapi.FOR_MEMBERS)
    def open_dispute(of: OwnMembers, asked: disputing.DisputeRequest) -> disputing.Dispute:
        """Say that an hour of yours was posted wrongly; the same again is the same dispute."""
        return disputing.open_(engine, of, asked)

    @app.post("/v1/disputes/{dispute}/withdraw", **openapi.FOR_MEMBERS)
    def withdraw_dispute(of: OwnMembers, dispute: UUID) -> disputing.Dispute:
        """Take a dispute of yours back; it cannot be opened again."""
        return disputing.withdraw(engine, of, dispute)


def _add_uses(app: FastAPI, engine: Engine, directory: Directory, own: Any) -> None:
    OwnMembers: TypeAlias = Annotated[frozenset[str], Depends(own)]

    @app.get("/v1/uses", **openapi.FOR_MEMBERS)
    def used(of: OwnMembers, within: Within, limit: Limit = LIMIT, cursor: Cursor = "") -> Page[uses.AttemptUse]:
        """List what your attempts used in the hours that were posted: time of GPUs, memory and energy."""
        return uses.uses(engine, of, within, limit, cursor)

    @app.post("/v1/acknowledgements", **openapi.FOR_MEMBERS)
    def acknowledge(of: OwnMembers, request: uses.AcknowledgementsRequest) -> uses.AcknowledgementsAnswer:
        """Say what your attempts used, signed with your member's key; where slots say more, it is on record."""
        return uses.acknowledge(engine, directory, of, request)


def _add_auditors(app: FastAPI, engine: Engine, exports: Exports, auditor: Any) -> None:
    @app.get("/v1/audit/balances", dependencies=[auditor], **openapi.FOR_AUDITORS)
    def all_balances(limit: Limit = LIMIT, cursor: Cursor = "") -> Page[answers.Balance]:
        """List all accounts, by name."""
        return auditors.all_balances(engine, limit, cursor)

    @app.get("/v1/audit/violations", dependencies=[auditor], **openapi.FOR_AUDITORS)
    def violations(limit: Limit = LIMIT, cursor: Cursor = "") -> Page[overseeing.Violation]:
        """List what was broken, in the order in which it was recorded."""
        return auditors.violations(engine, limit, cursor)

    @app.get("/v1/audit/disputes", dependencies=[auditor], **openapi.FOR_AUDITORS)
    def all_disputes(limit: Limit = LIMIT, cursor: Cursor = "") -> Page[disputing.Dispute]:
        """List all disputes and what became of them, the oldest first."""
        return disputing.every(engine, limit, cursor)

    @app.get("/v1/audit/log", dependencies=[auditor], **openapi.FOR_AUDITORS)
    def log() -> overseeing.LogStanding:
        """Say how far the ledger's rows are sealed, signed and cosigned."""
        return auditors.log(engine)

    @app.get("/v1/audit/exports/{period}", dependencies=[auditor], response_class=StreamingResponse, **openapi.EXPORT)
    def exported(period: str) -> StreamingResponse:
        """Export a period (`YYYY-MM`) as a ZIP archive; `hanse audit verify` checks what is in it."""
        return exports.answer(engine, period)


def _add_coordinators(app: FastAPI, engine: Engine, directory: Directory, coordinator: Any) -> None:
    @app.get("/v1/clusters", dependencies=[coordinator], **openapi.FOR_COORDINATORS)
    def clusters(limit: Limit = LIMIT, cursor: Cursor = "") -> Page[overseeing.ClusterStanding]:
        """List the member clusters and how they stand, by name."""
        return coordinators.clusters(engine, limit, cursor)

    @app.get("/v1/members", dependencies=[coordinator], **openapi.FOR_COORDINATORS)
    def every_member(limit: Limit = LIMIT, cursor: Cursor = "") -> Page[overseeing.MemberStanding]:
        """List the members and what each is entitled to, by name."""
        return coordinators.members(directory, limit, cursor)

    @app.get("/v1/faults", dependencies=[coordinator], **openapi.FOR_COORDINATORS)
    def faults(limit: Limit = LIMIT, cursor: Cursor = "") -> Page[overseeing.Fault]:
        """List what agents did by themselves and what was seen of nodes, the newest first."""
        return coordinators.faults(engine, limit, cursor)


def _add_capacity(app: FastAPI, leader: Leader, coordinator: Any) -> None:
    @app.get("/v1/contributions", dependencies=[coordinator], **openapi.FOR_COORDINATORS)
    def contributions(limit: Limit = LIMIT, cursor: Cursor = "") -> Page[overseeing.ContributionStanding]:
        """List what members offer from their clusters, how much of it is in order, and what is taken back."""
        return coordinators.contributions(leader, limit, cursor)

    @app.get("/v1/condition", dependencies=[coordinator], **openapi.FOR_COORDINATORS)
    def condition() -> overseeing.Condition:
        """Say what is wrong with the pool now: clusters not heard, nodes, feeds, the brake, settings."""
        return coordinators.condition(leader)
