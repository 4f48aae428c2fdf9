"""Nodes are enrolled: which GPUs a member contributes on them, and with which key their slots are signed.

In: enrolments that a member signed (:mod:`hanse.evidence.enrolments`), brought with the credential of its cluster's
agent. Out: rows in the ledger, or a sentence that names what is wrong. All of a request is checked before any of it is
recorded. What is recorded already may be brought again. What an enrolment says is the member's promise; that the GPUs
are there, and used, is shown by slots.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from hanse.api.identity import Directory
from hanse.api.problems import InvalidError, UnavailableError
from hanse.evidence import enrolments, identity
from hanse.evidence.enrolments import Enrolment
from hanse.evidence.errors import EvidenceError
from hanse.ledger import registry
from hanse.resources import Precision
from hanse.resources.protocol import EnrolmentsAnswer, EnrolmentsRequest

HOUR_SECONDS = 3600


@dataclass(frozen=True)
class _Terms:
    """What the enrolments of one request have to agree with; *worth* of each class that they name, if it is there."""

    member: str
    cluster: str
    precision: Precision
    worth: Mapping[str, Mapping[Precision, int] | None]
    slot_seconds: int
    now_seconds: int


def enrolled(engine: Engine, directory: Directory, cluster: str) -> EnrolmentsAnswer:
    """Return the latest enrolment of each of the cluster's nodes, and what new ones must agree with."""
    slot_seconds, now_seconds = registry.slots_and_now(engine)
    return EnrolmentsAnswer(
        slot_seconds=slot_seconds,
        now_seconds=now_seconds,
        reference_precision=directory.reference_precision(),
        latest=tuple(urlsafe_b64encode(body) for body in registry.latest_enrolments(engine, cluster)),
    )


def enrol(engine: Engine, directory: Directory, cluster: str, request: EnrolmentsRequest) -> None:
    """Record enrolments of nodes of *cluster*.

    Raises:
        InvalidError: one of them is not as the alliance has agreed; none is recorded.
        UnavailableError: the ledger does not know the member's key yet.
        ContradictionError: a node is enrolled otherwise from the same time on.

    """
    member = directory.owner_of_cluster(cluster)
    key = directory.verify_key(member)
    if not registry.has_key(engine, member, key):
        raise UnavailableError(
            f"the ledger does not know the key of {member} yet: the operator brings it there, try again"
        )
    given = [_verified(each.body, each.signature, member, key) for each in request.enrolments]
    slot_seconds, now_seconds = registry.slots_and_now(engine)
    classes = {each.accelerator_class for each in given}
    worth = {name: directory.worth(name) for name in sorted(classes)}
    terms = _Terms(member, cluster, directory.reference_precision(), worth, slot_seconds, now_seconds)
    for enrolment, sent in zip(given, request.enrolments, strict=True):
        if (why := _problem(enrolment, terms)) and not registry.is_enrolled(engine, enrolment, sent.body):
            raise InvalidError(f"the enrolment of {enrolment.node} is refused: {why}")
    _check_keys(engine, given)
    for sent in request.enrolments:
        registry.enrol(engine, sent.body, sent.signature, key)


def _check_keys(engine: Engine, given: Sequence[Enrolment]) -> None:
    """Check that each node has a key of its own, among those that are enrolled and those of the request.

    Raises:
        InvalidError: two have the same.

    """
    holders = registry.holders(engine, {each.node_key for each in given})
    for each in given:
        other = holders.setdefault(each.node_key, each.node)
        if other != each.node:
            raise InvalidError(
                f"the enrolment of {each.node} is refused: key is {each.node_key.hex()}, but {other} is enrolled with "
                "it: each node has a key of its own, as hanse cluster enrol makes them"
            )


def _verified(body: bytes, signature: bytes, member: str, key: bytes) -> Enrolment:
    try:
        return enrolments.verify(body, signature, key)
    except EvidenceError as error:
        raise InvalidError(
            f"an enrolment is refused: {error}; sign with the key that is spec.keys.verify of Member {member}"
        ) from error


def _problem(enrolment: Enrolment, terms: _Terms) -> str | None:
    """Return which field is wrong, its value, and what it should be; None if none is."""
    worth = terms.worth[enrolment.accelerator_class]
    agreed = (worth or {}).get(terms.precision)
    earliest = terms.now_seconds - terms.now_seconds % HOUR_SECONDS
    _, _, node = enrolment.node.partition("/")
    gpus = tuple(identity.gpu_id(terms.cluster, node, index) for index in range(len(enrolment.gpus)))
    said, expected = "", ""
    if enrolment.member != terms.member:
        said, expected = f"member is {enrolment.member}", f"the cluster is of member {terms.member}"
    elif enrolment.cluster != terms.cluster:
        said, expected = f"cluster is {enrolment.cluster}", f"the credential is for cluster {terms.cluster}"
    elif not node or enrolment.node != identity.node_id(terms.cluster, node):
        said, expected = f"node is {enrolment.node}", f"write {identity.node_id(terms.cluster, 'NODE')}"
    elif enrolment.gpus != gpus:
        said, expected = f"gpus are {', '.join(enrolment.gpus)}", "write NODE/0, NODE/1 and so on, in this order"
    elif worth is None:
        said, expected = f"class is {enrolment.accelerator_class}", "there is no such AcceleratorClass"
    elif agreed is None:
        said = f"class is {enrolment.accelerator_class}"
        expected = f"its h100Equivalent has no {terms.precision}, the alliance's reference precision"
    elif enrolment.milli_h100e != agreed:
        said = f"milliH100e is {enrolment.milli_h100e}"
        expected = f"{agreed} is agreed for {enrolment.accelerator_class} in {terms.precision}"
    elif enrolment.start_seconds % terms.slot_seconds:
        said, expected = f"start is {enrolment.start_seconds}", f"slots begin on multiples of {terms.slot_seconds} s"
    elif enrolment.start_seconds < earliest:
        # What is posted stays as it is: an hour is posted after its end, so the current one is still open.
        said, expected = f"start is {enrolment.start_seconds}", f"the current hour began at {earliest}: sign anew"
    return f"{said}, but {expected}" if said else None
