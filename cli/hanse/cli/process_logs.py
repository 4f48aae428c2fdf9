"""What the processes log, and in which form: decided here for all of them.

In: what structlog (the operator) and the standard library (everything else, libraries too) are told; ids are fields:
`decision`, `attempt`, `fence`, `cluster`, `request`. Out: a line each on standard error, for people at a terminal, and
as JSON elsewhere, unless it is said which. It must not let a credential out: fields that are named after one are
hidden, and so is what looks like one in a sentence or a traceback. What a line says is up to who writes it: an agent's
are read by the member that runs it, and so never name a job, its owner, or another member.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Annotated, Any

import typer


class Format(StrEnum):
    """How lines look."""

    TEXT = "text"
    JSON = "json"


LogFormat = Annotated[
    Format | None,
    typer.Option(
        "--log-format",
        envvar="HANSE_LOG_FORMAT",
        show_envvar=True,
        help="How the log looks; by default text at a terminal, and JSON, a line each, elsewhere.",
    ),
]
HIDDEN = "(hidden)"
# Kopf would log each event with the object's name, which is its member's business.
_QUIET = {"hanse": logging.INFO, "kopf.objects": logging.CRITICAL, "kopf._core": logging.ERROR}
_NAMES = re.compile(r"token|secret|password|authorization|credential", re.IGNORECASE)
_CREDENTIALS = (
    (re.compile(r"(://[^:/@\s]*:)\S+@"), rf"\1{HIDDEN}@"),  # a URL's password
    (re.compile(r"(\bbearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),  # a JWT
)


def configure(form: Format | None = None) -> None:
    """Have all that is logged from now on written in one form."""
    import structlog  # noqa: PLC0415  # an auditor runs no process, and does not install it

    is_text = form is Format.TEXT or (form is None and sys.stderr.isatty())
    rendering: Any = structlog.processors.JSONRenderer(sort_keys=True, default=str)
    if is_text:
        rendering = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _hide,
                rendering,
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def _hide(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what is or looks like a credential."""
    for name, value in event.items():
        if _NAMES.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _without_credentials(value)
    return event


def _without_credentials(text: str) -> str:
    for pattern, instead in _CREDENTIALS:
        text = pattern.sub(instead, text)
    return text
