"""The last lines of a worker's log, sealed for the job's owner: what an agent writes and the owner's people open.

In: bytes that a job has printed, of which nothing is believed, and a key. Out: sealed bytes, and the same back. What is
sealed is bound to attempt, fence and rank: whoever keeps it cannot pass one worker's words off as another's.
"""

from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.evidence import sealing
from hanse.evidence.errors import EvidenceError

_CONTEXT = b"hanse.dev/log/v1\n"
_WHOLE, _CUT = b"whole\n", b"cut\n"
OVERHEAD_BYTES = sealing.KEY_BYTES + 16 + len(_WHOLE)
"""What a sealed tail is longer than its text, at most."""


@dataclass(frozen=True)
class Worker:
    """Whose log it is."""

    attempt: UUID
    fence: int
    rank: int

    @property
    def context(self) -> bytes:
        """What its tails are sealed as."""
        return _CONTEXT + f"{self.attempt}/{self.fence}/{self.rank}\n".encode()


@dataclass(frozen=True)
class Tail:
    """The end of a log; *is_cut* says that there was more before it."""

    text: bytes
    is_cut: bool = False


def seal(public_key: bytes, worker: Worker, tail: Tail) -> bytes:
    """Return a worker's tail, sealed to a public key."""
    return sealing.seal(public_key, worker.context, (_CUT if tail.is_cut else _WHOLE) + tail.text)


def unseal(private_key: X25519PrivateKey, blind: bytes, worker: Worker, sealed: bytes) -> Tail:
    """Return a worker's tail that was sealed to the blinded key.

    Raises:
        EvidenceError: it was sealed to another key, or is another worker's, or was changed.

    """
    message = sealing.unseal(private_key, worker.context, sealed, blind=blind)
    head, line, text = message.partition(b"\n")
    if head + line not in {_WHOLE, _CUT}:
        raise EvidenceError("this is no tail of a log")
    return Tail(text, is_cut=head + line == _CUT)
