"""Who asks: a cluster's agent or somebody who acts for members, as the API server says of the token.

In: a bearer token. Out: a cluster or members. The token is reviewed at most once in a few seconds
(:mod:`hanse.api.remembering`), so that one that is revoked is worth nothing soon, and only for the audience of this
service: what agents and members send here opens nothing elsewhere. For whom somebody acts is asked each time.
Nothing in a request's body is ever taken for an identity.
"""

import base64
import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from hanse.api.problems import ForbiddenError, UnauthenticatedError, UnavailableError
from hanse.api.remembering import Remembering
from hanse.resources import (
    CLUSTER_NAMESPACE_PREFIX,
    GROUP,
    MEMBER_LABEL,
    VERSION,
    AcceleratorClass,
    Member,
    MemberCluster,
    MisconfiguredError,
    PoolPolicy,
    PoolPolicySpec,
    Precision,
    Subject,
)
from hanse.resources.member import MemberKeys
from hanse.resources.protocol import AUDIENCE

TIMEOUT_SECONDS = 10.0
AGENT = "hanse-agent"
"""The ServiceAccount of a cluster's agent, in the cluster's namespace."""
_NO_NAMES = frozenset({"", ".", ".."})
"""In a path these lead to something else than what is called so."""
_AGENT_USER = re.compile(rf"system:serviceaccount:{CLUSTER_NAMESPACE_PREFIX}(?P<cluster>[a-z0-9-]+):{AGENT}")


class Role(StrEnum):
    """What the PoolPolicy lets somebody do; acting for a member is not one of these, and neither includes another."""

    AUDITOR = "auditor"
    COORDINATOR = "coordinator"


@dataclass(frozen=True)
class User:
    """What the API server says of a token."""

    name: str
    groups: frozenset[str]

    @property
    def is_agent(self) -> bool:
        """Whether it is a cluster's agent."""
        return _AGENT_USER.fullmatch(self.name) is not None


class Directory:
    """Asks the API server who somebody is and what belongs to whom."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api
        self._reviews = Remembering(self._review)

    def user(self, token: str) -> User:
        """Return whose token it is.

        Raises:
            UnauthenticatedError: nobody's, or not one for this service.
            UnavailableError: the API server cannot be asked.

        """
        return self._reviews.ask(token)

    def _review(self, token: str) -> User:
        review = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [AUDIENCE]},
        }
        answer = self._request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review) or {}
        status = answer.get("status") or {}
        if not status.get("authenticated") or AUDIENCE not in status.get("audiences", []):
            raise UnauthenticatedError(f"the token is not valid here: get one for the audience {AUDIENCE}")
        return User(status["user"]["username"], frozenset(status["user"].get("groups", [])))

    def cluster(self, user: User) -> str:
        """Return the cluster whose agent asks.

        Raises:
            ForbiddenError: it is no cluster's agent.

        """
        match = _AGENT_USER.fullmatch(user.name)
        if match is None:
            raise ForbiddenError("this is for the agents of member clusters only")
        return match["cluster"]

    def members(self, user: User) -> frozenset[str]:
        """Return the members for whom somebody acts.

        Raises:
            ForbiddenError: there are none.

        """
        found = self.acts_for(user)
        if not found:
            raise ForbiddenError("you act for no member: its spec.subjects names who does")
        return found

    def acts_for(self, user: User) -> frozenset[str]:
        """Return the members for whom somebody acts, if there are any."""
        listed = self._get(f"/apis/{GROUP}/{VERSION}/members")["items"]
        return frozenset(document["metadata"]["name"] for document in listed if _acts_for(user, document))

    def every_member(self) -> list[Member]:
        """Return the members whose objects can be read, by name."""
        found = []
        for document in self._get(f"/apis/{GROUP}/{VERSION}/members")["items"]:
            with contextlib.suppress(MisconfiguredError):
                found.append(Member.parse(document))
        return sorted(found, key=lambda each: each.metadata.name)

    def roles(self, user: User) -> frozenset[Role]:
        """Return the roles that the PoolPolicy gives to somebody."""
        policy = self._policy()
        named = {Role.AUDITOR: policy.auditors, Role.COORDINATOR: policy.coordinators}
        return frozenset(role for role, subjects in named.items() if _is_named(user, subjects))

    def check_role(self, user: User, role: Role) -> None:
        """Refuse who does not have a role.

        Raises:
            ForbiddenError: the PoolPolicy does not give it to them.

        """
        if role not in self.roles(user):
            raise ForbiddenError(f"this is for {role}s: spec.{role}s of the PoolPolicy names them")

    def owner_of_cluster(self, cluster: str) -> str:
        """Return the member whose cluster it is.

        Raises:
            ForbiddenError: it has not joined.

        """
        document = self._find(f"/apis/{GROUP}/{VERSION}/memberclusters/{quote(cluster, safe='')}")
        if document is None:
            raise ForbiddenError(f"cluster {cluster} has not joined the pool")
        return MemberCluster.parse(document).spec.member

    def verify_key(self, member: str) -> bytes:
        """Return the public key with which a member signs.

        Raises:
            ForbiddenError: it is no member.

        """
        return base64.b64decode(self._keys(member).verify)

    def encrypt_key(self, member: str) -> bytes:
        """Return the public key to which a member's logs are sealed.

        Raises:
            ForbiddenError: it is no member.

        """
        return base64.b64decode(self._keys(member).encrypt)

    def _keys(self, member: str) -> MemberKeys:
        document = self._find(f"/apis/{GROUP}/{VERSION}/members/{quote(member, safe='')}")
        if document is None:
            raise ForbiddenError(f"{member} is no member of the alliance")
        return Member.parse(document).spec.keys

    def reference_precision(self) -> Precision:
        """Return the precision in which the alliance compares classes."""
        return self._policy().reference_precision

    def worth(self, accelerator_class: str) -> Mapping[Precision, int] | None:
        """Return what a GPU of a class is worth by precision, in thousandths of an H100; None if there is no such."""
        document = self._find(f"/apis/{GROUP}/{VERSION}/acceleratorclasses/{quote(accelerator_class, safe='')}")
        return AcceleratorClass.parse(document).spec.h100_equivalent if document else None

    def member_of_namespace(self, namespace: str) -> str | None:
        """Return the member whose namespace it is, if it is one's."""
        found = None if namespace in _NO_NAMES else self._find(f"/api/v1/namespaces/{quote(namespace, safe='')}")
        return (found["metadata"].get("labels") or {}).get(MEMBER_LABEL) if found else None

    def own_job(self, members: frozenset[str], namespace: str, name: str) -> str:
        """Return the uid of a TrainingJob of one of *members*.

        Raises:
            ForbiddenError: it is not theirs, or not there: which of the two is not told.

        """
        theirs = self.member_of_namespace(namespace) in members
        uid = self.job_uid(namespace, name) if theirs else None
        if uid is None:
            raise ForbiddenError(
                f"there is no job {name} of yours in namespace {namespace}: "
                "kubectl get trainingjobs lists those there are",
                field="path.name",
                value=name,
            )
        return uid

    def job_uid(self, namespace: str, name: str) -> str | None:
        """Return the uid of a TrainingJob, if it is there."""
        if {namespace, name} & _NO_NAMES:
            return None
        path = f"namespaces/{quote(namespace, safe='')}/trainingjobs/{quote(name, safe='')}"
        found = self._find(f"/apis/{GROUP}/{VERSION}/{path}")
        return str(found["metadata"]["uid"]) if found else None

    def _policy(self) -> PoolPolicySpec:
        document = self._find(f"/apis/{GROUP}/{VERSION}/poolpolicies/default")
        return PoolPolicy.parse(document).spec if document else PoolPolicySpec()

    def _find(self, path: str) -> dict[str, Any] | None:
        return self._request("GET", path)

    def _get(self, path: str) -> dict[str, Any]:
        found = self._request("GET", path)
        if found is None:
            raise UnavailableError("the API server has no such resource: is Hanse's API installed there?")
        return found

    def _request(self, method: str, path: str, body: object = None) -> dict[str, Any] | None:
        """Return what the API server answers as plain data, or None if there is no such thing.

        Raises:
            UnavailableError: it cannot be reached, or does not let this service ask.

        """
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        prepared = self._api.param_serialize(
            method, path, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        try:
            answer = self._api.call_api(*prepared, _request_timeout=TIMEOUT_SECONDS)
            data: bytes = answer.read()  # type: ignore[no-untyped-call]  # the client has no types here
        except (ApiException, HTTPError) as error:
            raise UnavailableError("the API server cannot be reached: try again later") from error
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise UnavailableError(f"the API server answers this service's {method} {path} with {answer.status}")
        parsed: dict[str, Any] = json.loads(data)
        return parsed


def _acts_for(user: User, document: dict[str, Any]) -> bool:
    """Whether somebody acts for a member; for one whose object cannot be read, nobody does."""
    try:
        subjects = Member.parse(document).spec.subjects
    except MisconfiguredError:
        return False
    return _is_named(user, subjects)


def _is_named(user: User, subjects: Iterable[Subject]) -> bool:
    return any(each.name == user.name if each.kind == "User" else each.name in user.groups for each in subjects)
