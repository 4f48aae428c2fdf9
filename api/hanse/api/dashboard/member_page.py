"""A member's page: entitlement against use, caps, queue, jobs and statement, each as its endpoint answers it.

In: a visitor, and for which of their members and how far back. Out: the page. A part that nobody can tell now says so,
and the others are shown. Of each list as much is shown as people read; the commands list all.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from markupsafe import Markup

from hanse.api import books, members
from hanse.api.answers import CapAtOnce, CapWindow, ClassStanding, Quota
from hanse.api.dashboard import charts, figures, rendering, texts, usage_pictures
from hanse.api.dashboard.audit_page import every, periods
from hanse.api.dashboard.charts import Span
from hanse.api.dashboard.entering import Visitor
from hanse.api.dashboard.figures import MILLI_HOURS
from hanse.api.dashboard.sources import Sources, part
from hanse.api.dashboard.texts import Say
from hanse.api.dashboard.usage_pictures import RANGES
from hanse.api.metered import Did
from hanse.api.paging import LIMIT_MAX
from hanse.api.problems import ForbiddenError
from hanse.ledger import transfers

JOBS_MAX = 200
QUEUED_MAX = 12
TONES = {
    "Running": "good", "Succeeded": "good", "Failed": "bad", "Queued": "warn", "Requeued": "warn", "Preempting": "warn",
}  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """A bar with its name and figures; for a cap that holds over time, what happens at *ends*."""

    name: str
    bar: Markup
    said: str
    lasts: str = ""
    ends: int | None = None


@dataclass(frozen=True)
class Asked:
    """What the page is asked for: a member, how far back its use, the statement of which period; "" is the usual."""

    member: str = ""
    key: str = ""
    period: str = ""


def show(request: Request, visitor: Visitor, sources: Sources, asked: Asked) -> Response:
    """Return the page of the member that is asked for, or of the first one for whom the visitor acts.

    Raises:
        ForbiddenError: they act for none, or not for that one.
        InvalidError: the period is none.

    """
    own = sources.directory.members(visitor.user)
    member = asked.member or min(own)
    if member not in own:
        raise ForbiddenError(f"you do not act for a member {member}: its spec.subjects names who does")
    say, alone, now = texts.in_(texts.language_of(request)), frozenset({member}), int(time.time())
    chosen = RANGES.get(asked.key, RANGES["24h"])
    quota = part(lambda: members.quota_of(sources.leader, member))
    jobs = part(lambda: members.jobs(sources.leader, alone, JOBS_MAX, ""))
    within = usage_pictures.bounds(chosen, now)
    hours = books.usage(sources.engine, alone, within, LIMIT_MAX, "").items
    entitled = every(lambda cursor: books.entitled(sources.engine, alone, within, LIMIT_MAX, cursor))
    statement = books.statement(sources.engine, alone, asked.period or transfers.period(now))
    shown: dict[str, Any] = {
        "visitor": visitor,
        "member": member,
        "range": chosen,
        "ranges": RANGES,
        "quota": quota,
        "sums": _sums(quota.found),
        "classes": [_class(each, say) for each in quota.found.classes] if quota.found else [],
        "caps": _caps(quota.found, say) if quota.found else [],
        "usage": usage_pictures.of(hours, entitled, chosen, within, say),
        "queue": part(lambda: members.queue(sources.leader, alone, QUEUED_MAX, "")),
        "jobs": jobs,
        "tones": TONES,
        "statement": statement,
        "booked": statement.members[0],
        "did": _did(statement.members[0].did, say),
        "periods": periods(now),
    }
    return rendering.page(request, "member.html", **shown)


def _caps(quota: Quota, say: Say) -> list[Bar]:
    return list(caps(quota.caps, quota.caps_at_once, quota.as_of_seconds, say))


def _sums(quota: Quota | None) -> dict[str, int]:
    classes = quota.classes if quota else ()
    return {
        name: sum(getattr(each, f"{name}_milli_gpus") for each in classes)
        for name in ("entitled", "used", "borrowed", "lent")
    }


def _class(each: ClassStanding, say: Say) -> Bar:
    entitled, borrowed, lent = each.entitled_milli_gpus, each.borrowed_milli_gpus, each.lent_milli_gpus
    used = each.used_milli_gpus
    named = {"entitled": entitled, "used": used, "borrowed": borrowed, "lent": lent}
    said = say("now.figure", **{name: figures.thousandths(milli) for name, milli in named.items()})
    spans = (Span("used", used - borrowed), Span("lent", lent), Span("above", borrowed))
    title = f"{each.accelerator_class}: {said}"
    return Bar(each.accelerator_class, charts.bar(spans, entitled, title, mark=entitled), said)


def _did(did: Did, say: Say) -> Bar | None:
    """Return what a member's GPUs did in a period, as a bar; None if no hour of it is posted."""
    hours = {name: getattr(did, f"{name}_milli_gpu_seconds") for name in ("used", "idle", "down", "unknown")}
    whole = sum(hours.values())
    if not whole:
        return None
    said = say(
        "statement.did", whole=figures.hours(whole), **{name: figures.hours(each) for name, each in hours.items()}
    )
    return Bar("", charts.bar([Span(name, each) for name, each in hours.items()], whole, said), said)


def caps(over_time: Iterable[CapWindow], at_once: Iterable[CapAtOnce], now_seconds: int, say: Say) -> Iterator[Bar]:
    """Yield a bar for each cap."""
    for each in over_time:
        yield _window(each, now_seconds, say)
    for cap in at_once:
        limit, used = cap.limit_milli_h100e, cap.used_milli_h100e
        said = say("caps.at_once", used=figures.thousandths(used), limit=figures.thousandths(limit))
        name = _cap_name(cap.name, cap.organisation, say)
        yield Bar(name, charts.bar([Span(_tone(used, limit), used)], limit, f"{name}: {said}"), said)


def _window(cap: CapWindow, now: int, say: Say) -> Bar:
    limit, left, rate = cap.limit_milli_h100e_seconds, cap.left_milli_h100e_seconds, cap.rate_milli_h100e
    spent, name = limit - left, _cap_name(cap.name, cap.organisation, say)
    said = say("caps.spent", spent=figures.hours(spent), limit=figures.hours(limit), left=figures.hours(left))
    if left <= 0:
        lasts, ends = say("caps.none_left"), cap.end_seconds
    elif cap.lasts_seconds is None:
        lasts, ends = say("caps.lasts", rate=figures.thousandths(rate)), cap.end_seconds
    else:
        named = {"rate": figures.thousandths(rate), "lasts": figures.duration(cap.lasts_seconds, say)}
        lasts, ends = say("caps.runs_out", **named), now + cap.lasts_seconds
    bar = charts.bar([Span(_tone(spent, limit), spent / MILLI_HOURS)], limit / MILLI_HOURS, f"{name}: {said}")
    return Bar(name, bar, said, lasts, ends)


def _cap_name(name: str, organisation: str | None, say: Say) -> str:
    return f"{name} ({organisation or say('caps.whole')})"


def _tone(used: int, limit: int) -> str:
    """Return the colour of a bar: a tenth before its limit it is a warning."""
    return "down" if used >= limit else "above" if used * 10 >= limit * 9 else "used"
