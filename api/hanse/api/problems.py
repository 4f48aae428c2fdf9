"""What can be wrong with a request; the message is the sentence that the caller gets."""

from http import HTTPStatus


class ProblemError(Exception):
    """A request that is refused. Subclasses say with which status."""

    status = HTTPStatus.BAD_REQUEST


class UnauthenticatedError(ProblemError):
    """Nobody knows who asks."""

    status = HTTPStatus.UNAUTHORIZED


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


class UnavailableError(ProblemError):
    """Who would know the answer cannot be reached; ask again later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
