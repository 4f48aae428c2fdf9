"""What can be wrong with a request; the message is the sentence that the caller gets.

In: raised by whoever finds it. Out: :mod:`hanse.api.answering` makes it an answer. A sentence names the field, the
value and what to do, and never anything of another member's.
"""

from collections.abc import Mapping
from http import HTTPStatus


class ProblemError(Exception):
    """A request that is refused. Subclasses say with which status; *field* and *value* are what is wrong, if one is."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(
        self, said: str, *, field: str = "", value: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(said)
        self.field, self.value, self.headers = field, value, dict(headers or {})


class UnauthenticatedError(ProblemError):
    """Nobody knows who asks."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, said: str) -> None:
        super().__init__(said, headers={"WWW-Authenticate": "Bearer"})


class ForbiddenError(ProblemError):
    """Whoever asks may not."""

    status = HTTPStatus.FORBIDDEN


class ConflictError(ProblemError):
    """It contradicts what is recorded: an old fence, a second agent."""

    status = HTTPStatus.CONFLICT


class AnotherAgentError(ConflictError):
    """Another agent speaks for the cluster; the only answer on which an agent stands by."""


class InvalidError(ProblemError):
    """What was sent cannot be taken as it is; the message names the field, the value and what to do."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TooManyError(ProblemError):
    """Whoever asks has asked too often."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, said: str, retry_seconds: int) -> None:
        super().__init__(said, headers={"Retry-After": str(retry_seconds)})


class NoRoomError(ProblemError):
    """What was asked for does not fit into the room that there is for it."""

    status = HTTPStatus.INSUFFICIENT_STORAGE


class UnavailableError(ProblemError):
    """Who would know the answer cannot be reached; ask again later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
