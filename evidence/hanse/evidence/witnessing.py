"""What a witness decides (C2SP tlog-witness): whether a log's checkpoint continues what it has cosigned before.

In: a request, the size and root that it cosigned last, and the logs that it knows. Out: what to answer, and what to
keep. Pure: who keeps it durably before answering, and one request at a time, is :mod:`hanse.ledger.witness`. Two logs
that share an origin, one for you and one for me, cannot both continue what one witness has seen.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from hanse.evidence import checkpoints, merkle, notes
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError, SignatureError
from hanse.evidence.notes import Key, Note, Signature, Signer
from hanse.evidence.policy import Policy

PROOF_LINES_MAX = 63
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Request:
    """A checkpoint to be cosigned (a note), and the proof that it continues the one of *old_size*."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note


@dataclass(frozen=True)
class Answer:
    """An HTTP status with a body; *cosigned* is what has to be kept before it is sent."""

    status: HTTPStatus
    body: str
    cosigned: Checkpoint | None = None

    @property
    def type(self) -> str:
        """The body's media type."""
        return SIZE_TYPE if self.status is HTTPStatus.CONFLICT else "text/plain; charset=utf-8"


def encode(old_size: int, proof: Sequence[bytes], note: Note) -> bytes:
    """Return the body of a request."""
    lines = [f"old {old_size}", *(base64.b64encode(each).decode() for each in proof), ""]
    return "".join(f"{line}\n" for line in lines).encode() + note.encode()


def decode(data: bytes) -> Request:
    """Return the request in a body.

    Raises:
        EvidenceError: it is none.

    """
    head, separator, note = data.partition(b"\n\n")
    try:
        first, *proof = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise EvidenceError("the request is not UTF-8") from error
    old = _OLD.fullmatch(first)
    if old is None or not separator or len(proof) > PROOF_LINES_MAX:
        raise EvidenceError(f"a request is `old SIZE`, up to {PROOF_LINES_MAX} hashes, an empty line and a checkpoint")
    return Request(int(old[1]), tuple(map(notes.decode_base64, proof)), notes.parse(note))


def origin(data: bytes) -> str:
    """Return the origin of the checkpoint in a request.

    Raises:
        EvidenceError: it is none.

    """
    return checkpoints.parse(decode(data).note.text).origin


class _RefusalError(Exception):
    """The request is answered with a status other than 200."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(data: bytes, seen: Checkpoint | None, policy: Policy, witness: Signer, at_seconds: int) -> Answer:
    """Return what a witness answers to a request, if *seen* is what it cosigned last for the request's log."""
    try:
        request, new = _checked(data, policy)
        _check_continues(request, seen or Checkpoint(new.origin, 0, merkle.EMPTY_ROOT), new)
    except _RefusalError as refusal:
        return Answer(refusal.status, f"{refusal}\n")
    return Answer(HTTPStatus.OK, str(checkpoints.cosign(request.note, witness, at_seconds)), new)


def _checked(data: bytes, policy: Policy) -> tuple[Request, Checkpoint]:
    """Return the request, and its checkpoint, which a known log has signed."""
    try:
        request = decode(data)
        new = checkpoints.parse(request.note.text)
    except EvidenceError as error:
        raise _RefusalError(HTTPStatus.BAD_REQUEST, str(error)) from error
    keys = [log.key for log in policy.logs if log.key.name == new.origin]
    if not keys:
        raise _RefusalError(HTTPStatus.NOT_FOUND, f"the log {new.origin} is not one that this witness knows")
    try:
        signed = checkpoints.verified(request.note, keys)
    except SignatureError as error:
        raise _RefusalError(HTTPStatus.FORBIDDEN, str(error)) from error
    if not signed:
        raise _RefusalError(HTTPStatus.FORBIDDEN, "no key of the log has signed the checkpoint")
    return request, new


def _check_continues(request: Request, last: Checkpoint, new: Checkpoint) -> None:
    if request.old_size > new.size:
        raise _RefusalError(HTTPStatus.BAD_REQUEST, f"old {request.old_size} is beyond the checkpoint's {new.size}")
    if request.old_size != last.size:
        raise _RefusalError(HTTPStatus.CONFLICT, str(last.size))
    try:
        merkle.check_consistency(request.proof, (last.size, last.root), (new.size, new.root))
    except EvidenceError as error:
        raise _RefusalError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def cosignatures(body: bytes, note: Note, key: Key) -> list[Signature]:
    """Return the cosignature of a witness's key in its answer, checked.

    Raises:
        EvidenceError: there is none, or it does not hold.

    """
    try:
        lines = body.decode().splitlines()
    except UnicodeDecodeError as error:
        raise EvidenceError("the witness's answer is not UTF-8") from error
    given = Note(note.text, tuple(map(notes.parse_signature, lines)))
    found = list(checkpoints.verified(given, [key]).values())
    if not found:
        raise EvidenceError(f"the witness's answer has no signature of {key}")
    return found
