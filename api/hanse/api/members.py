"""What a member asks: its queue, why a job waits, what it owes. Each sees its own and nobody else's.

In: members that the credential is for. Out: answers. A job or namespace of another member and one that does not
exist are refused with the same words, so that nobody can probe for a rival's names.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from hanse.api import histories
from hanse.api.answers import (
    Balance,
    Cell,
    Choices,
    Explained,
    Job,
    PoolShown,
    Queued,
    Quota,
    Quotas,
    Standing,
    WhatIf,
    WhatIfRequest,
)
from hanse.api.identity import Directory
from hanse.api.leader import Leader
from hanse.api.paging import Page, cut, page, read, wrong
from hanse.api.problems import ForbiddenError, InvalidError, UnavailableError
from hanse.ledger import balances, database
from hanse.resources import MisconfiguredError, TrainingJob
from hanse.resources.protocol import INTEGER_MAX


def queue(leader: Leader, members: frozenset[str], limit: int, cursor: str) -> Page[Queued]:
    """Return a page of the waiting jobs of *members*.

    Raises:
        InvalidError: the cursor is none of this list's.

    """
    match read(cursor):
        case None:
            after = ("", 0, "")
        case (str(namespace), int(position), str(name)) if 0 <= position <= INTEGER_MAX:
            after = (namespace, position, name)
        case _:
            raise wrong(cursor)
    found = tuple(Queued.model_validate(each) for each in leader.queue(members, after, limit + 1))
    return cut(found, lambda each: (each.namespace, each.position, each.name), limit)


def jobs(leader: Leader, members: frozenset[str], limit: int, cursor: str) -> Page[Job]:
    """Return a page of the jobs of *members*, by namespace and name.

    Raises:
        InvalidError: the cursor is none of this list's.

    """
    match read(cursor):
        case None:
            after = ("", "")
        case (str(namespace), str(name)):
            after = (namespace, name)
        case _:
            raise wrong(cursor)
    found = tuple(map(_job, leader.jobs(members, after, limit + 1)))
    return cut(found, lambda each: (each.namespace, each.name), limit)


def _job(told: Mapping[str, Any]) -> Job:
    """Return a job as the leader tells it; of the version before, it says nothing of memory."""
    status = told["status"]
    named = {"namespace": told["namespace"], "name": told["name"], "class": status.get("acceleratorClass")}
    return Job.model_validate({**status, **named, "gpuMemory": told.get("gpuMemory")})


def quota(leader: Leader, members: frozenset[str]) -> Quotas:
    """Return what *members* are entitled to, use, borrow and lend, and their caps."""
    return Quotas(members=tuple(Quota.model_validate(each) for each in leader.quota(members)))


def quota_of(leader: Leader, member: str) -> Quota:
    """Return how one member stands.

    Raises:
        UnavailableError: the leader has not planned with it yet, or cannot read its object.

    """
    found = quota(leader, frozenset({member})).members
    if not found:
        raise UnavailableError(
            f"the pool does not plan with {member} yet: try again in a minute, or ask the coordinator"
        )
    return found[0]


def choices(leader: Leader, members: frozenset[str]) -> Choices:
    """Return what a job of *members* can ask for."""
    return Choices.model_validate(leader.choices(members))


def pool(leader: Leader, members: frozenset[str]) -> PoolShown:
    """Return what *members* offer, and what may be told them of the others' offers."""
    return PoolShown(cells=tuple(Cell.model_validate(each) for each in leader.pool(members)))


def own_balances(engine: Engine, members: frozenset[str], limit: int, cursor: str) -> Page[Balance]:
    """Return a page of the accounts of the members, by name."""
    own = [each for each in balances.read(engine) if each.member in members]
    found = sorted((Balance.model_validate(vars(each)) for each in own), key=_name)
    return page(found, lambda each: (each.name,), limit, cursor)


def _name(balance: Balance) -> str:
    return balance.name


def explain(
    engine: Engine, directory: Directory, leader: Leader, members: frozenset[str], job: tuple[str, str]
) -> Explained:
    """Return the recorded decisions and attempts of a job (namespace, name), and where it stands now.

    Raises:
        ForbiddenError: the job is not theirs, or not there.

    """
    uid = directory.own_job(members, *job)
    with database.transaction(engine) as connection:
        decided, tried = histories.read(connection, uuid.UUID(uid), members)
    try:
        now = Standing.model_validate(leader.job(uid))
    except UnavailableError as error:
        now = Standing(message=str(error))
    return Explained(decisions=decided, attempts=tried, now=now)


def what_if(directory: Directory, leader: Leader, members: frozenset[str], asked: WhatIfRequest) -> WhatIf:
    """Return what would become of a job of theirs if it were submitted now.

    Raises:
        ForbiddenError: the namespace is none of theirs, or not there.
        InvalidError: the spec breaks a rule.
        TooManyError: its member has asked too often.

    """
    member = directory.member_of_namespace(asked.namespace)
    if member is None or member not in members:
        raise ForbiddenError(
            f"there is no namespace {asked.namespace} of yours: ask for one in which you may submit jobs",
            field="body.namespace",
            value=asked.namespace,
        )
    metadata = {"name": "what-if", "namespace": asked.namespace}
    try:
        TrainingJob.parse({"metadata": metadata, "spec": asked.spec})
    except MisconfiguredError as error:
        raise InvalidError(str(error), field="body.spec") from error
    return WhatIf.model_validate(leader.what_if(member, asked.namespace, asked.spec))
