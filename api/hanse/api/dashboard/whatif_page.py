"""What-if as a form: a member asks what would become of a job, by a few fields or a pasted manifest.

In: a visitor, and what they typed. Out: the page with the answer of the endpoint, or with what is wrong beside the
field that it is about; what was typed stays. It asks the function behind `/v1/whatif`, within the same limits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from hanse.api import members
from hanse.api.answers import Choices, WhatIf, WhatIfRequest
from hanse.api.dashboard import manifest, member_page, rendering, texts
from hanse.api.dashboard.entering import Visitor
from hanse.api.dashboard.manifest import NotOneJobError
from hanse.api.dashboard.sources import Sources, part
from hanse.api.dashboard.texts import Say
from hanse.api.problems import ForbiddenError, InvalidError, ProblemError, TooManyError, UnavailableError
from hanse.resources.limits import GPUS_PER_WORKER_MAX, WORKERS_MAX

BYTES_MAX = 3 * manifest.LENGTH_MAX + 4096
"""A form writes most characters that are no letters as three."""
DEFAULTS = {"gpus": "8", "workers": "1", "precision": "bf16", "duration": "24h", "manifest": ""}
MOST = {"gpus": GPUS_PER_WORKER_MAX, "workers": WORKERS_MAX}
# Where the refusal of a spec says that something is wrong, and the field that this is about.
_PATHS = {
    "spec.workers": "workers",
    "spec.gpusPerWorker": "gpus",
    "spec.accelerators": "class",
    "spec.precision": "precision",
    "spec.tier": "tier",
    "spec.maxRuntime": "duration",
}
# Nothing pulls it: a question starts no worker.
_CONTAINER = {"name": "trainer", "image": "what-if.invalid/none@sha256:" + "0" * 64}


@dataclass(frozen=True)
class Refused:
    """What is wrong with a field, by its name; "" stands for the whole. *detail* is what only English says."""

    said: str
    detail: str = ""


@dataclass(frozen=True)
class Told:
    """What a question came to."""

    answer: WhatIf | None = None
    wrong: Mapping[str, Refused] = field(default_factory=dict)
    status: int = HTTPStatus.OK


def show(request: Request, visitor: Visitor, sources: Sources, typed: Mapping[str, str] | None = None) -> Response:
    """Return the page; with what was *typed*, its answer too."""
    own = sources.directory.members(visitor.user)
    say = texts.in_(texts.language_of(request))
    choices = part(lambda: members.choices(sources.leader, own))
    told = Told()
    if typed is not None and choices.found:
        told = _asked(sources, own, typed, say)
    options = _options(choices.found) if choices.found else {}
    shown: dict[str, Any] = {
        "visitor": visitor,
        "choices": choices,
        "options": options,
        "typed": _first(options) | DEFAULTS | dict(typed or {}),
        "most": MOST,
        "wrong": told.wrong,
        "told": told.answer,
        "caps": _caps(told.answer, say),
    }
    return rendering.page(request, "whatif.html", told.status, **shown)


def _options(choices: Choices) -> dict[str, list[tuple[str, str]]]:
    """Return what there is to choose from, by field: what is sent, and what is shown."""
    precisions = sorted({each for one in choices.classes for each in one.precisions})
    return {
        "namespace": [(each.name, f"{each.organisation or each.member} ({each.name})") for each in choices.namespaces],
        "class": [(each.name, each.name) for each in choices.classes],
        "precision": [(each, each) for each in precisions],
        "tier": [(each, each) for each in choices.tiers],
    }


def _first(options: Mapping[str, list[tuple[str, str]]]) -> dict[str, str]:
    return {name: next((sent for sent, _ in those), "") for name, those in options.items()}


def _caps(answer: WhatIf | None, say: Say) -> list[member_page.Bar]:
    cost = answer.cost if answer else None
    return list(member_page.caps(cost.caps, cost.caps_at_once, answer.as_of_seconds, say)) if answer and cost else []


def _asked(sources: Sources, own: frozenset[str], typed: Mapping[str, str], say: Say) -> Told:
    """Return the answer to a question, or what is wrong with it."""
    has_manifest = bool(typed.get("manifest", "").strip())
    try:
        namespace, spec = _from_manifest(typed) if has_manifest else (typed.get("namespace", ""), _spec(typed))
        question = WhatIfRequest(namespace=namespace, spec=spec)
        return Told(members.what_if(sources.directory, sources.leader, own, question))
    except (ProblemError, ValueError) as error:
        return _refused(error, say, has_manifest=has_manifest)


def _refused(error: Exception, say: Say, *, has_manifest: bool) -> Told:
    """Return where what is wrong is said, and how."""
    match error:
        case NotOneJobError():
            told = _wrong("manifest", say("whatif.one_job", count=error.count))
        case ValidationError():
            told = _wrong("manifest" if has_manifest else "namespace", say("whatif.rule.namespace"))
        case ForbiddenError():
            told = _wrong("namespace", say("whatif.rule.namespace"), status=error.status)
        case InvalidError():
            wrong = (
                {"manifest": Refused(say("whatif.refused"), str(error))} if has_manifest else dict(_lines(error, say))
            )
            told = Told(wrong=wrong, status=error.status)
        case TooManyError():
            said = say("whatif.too_many", seconds=error.headers.get("Retry-After", ""))
            told = _wrong("", said, status=error.status)
        case UnavailableError():
            told = _wrong("", say("unavailable"), str(error), status=error.status)
        case ProblemError():
            raise error
        case _:
            told = _wrong("manifest", say("whatif.no_yaml"), str(error)[: manifest.SAID_MAX])
    return told


def _wrong(name: str, said: str, detail: str = "", status: int = HTTPStatus.UNPROCESSABLE_ENTITY) -> Told:
    return Told(wrong={name: Refused(said, detail)}, status=status)


def _from_manifest(typed: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    namespace, spec = manifest.read(typed["manifest"])
    return namespace or typed.get("namespace", ""), spec


def _spec(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the spec that the fields describe; what is no number is left for the rules of the API to refuse."""
    return {
        "tier": typed.get("tier", ""),
        "workers": {"replicas": _number(typed.get("workers", ""))},
        "gpusPerWorker": _number(typed.get("gpus", "")),
        "accelerators": [{"class": typed.get("class", "")}],
        "precision": typed.get("precision", ""),
        "maxRuntime": typed.get("duration", "").strip(),
        "template": {"spec": {"containers": [_CONTAINER]}},
    }


def _number(text: str) -> int | str:
    text = text.strip()
    # Nobody means a number of more digits, and to read one takes long.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text  # noqa: PLR2004  # as said


def _lines(refusal: InvalidError, say: Say) -> Iterator[tuple[str, Refused]]:
    """Yield each line of a refusal, with the field that it is about."""
    for line in str(refusal).splitlines():
        name = next((name for path, name in _PATHS.items() if line.startswith(path)), "")
        rule = say(f"whatif.rule.{name}", most=MOST.get(name, "")) if name else say("whatif.refused")
        yield name, Refused(rule, line)
