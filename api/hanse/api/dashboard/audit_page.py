"""The auditor's page: whether the books balance, how far the log has come, exports, and what was broken.

In: a visitor with the auditor's role. Out: the page, and a period as an archive. That the books balance here is the
coordinator's word; the page says how to verify an export elsewhere.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastapi import Request, Response
from markupsafe import Markup

from hanse.api import auditors
from hanse.api.dashboard import charts, rendering, texts
from hanse.api.dashboard.charts import Span
from hanse.api.dashboard.entering import Visitor
from hanse.api.dashboard.sources import Sources
from hanse.api.dashboard.texts import Say
from hanse.api.identity import Role
from hanse.api.overseeing import Violation
from hanse.api.paging import LIMIT_MAX, Page
from hanse.ledger import transfers

PERIODS = 6
VIOLATIONS_MAX = 50
T = TypeVar("T")


def show(request: Request, visitor: Visitor, sources: Sources) -> Response:
    """Return the page."""
    sources.directory.check_role(visitor.user, Role.AUDITOR)
    say, engine = texts.in_(texts.language_of(request)), sources.engine
    accounts = list(every(lambda cursor: auditors.all_balances(engine, LIMIT_MAX, cursor)))
    debits, credits_ = (sum(getattr(each, f"{side}_posted") for each in accounts) for side in ("debits", "credits"))
    newest = deque[Violation](maxlen=VIOLATIONS_MAX)
    kinds = Counter[str]()
    for each in every(lambda cursor: auditors.violations(engine, LIMIT_MAX, cursor)):
        newest.appendleft(each)
        kinds[each.kind] += 1
    shown: dict[str, Any] = {
        "visitor": visitor,
        "accounts": len(accounts),
        "debits": debits,
        "credits": credits_,
        "log": auditors.log(engine),
        "periods": periods(int(time.time())),
        "newest": newest,
        "broken": _counted(kinds, say),
        "count": sum(kinds.values()),
    }
    return rendering.page(request, "audit.html", **shown)


def _counted(kinds: Counter[str], say: Say) -> list[tuple[str, Markup, str]]:
    most = max(kinds.values(), default=1)
    named = [(texts.word(say, "violation", kind), count) for kind, count in kinds.most_common()]
    counted = [(kind, count, say("audit.count", count=count)) for kind, count in named]
    return [(kind, charts.bar([Span("down", count)], most, f"{kind}: {said}"), said) for kind, count, said in counted]


def exported(visitor: Visitor, sources: Sources, period: str) -> Response:
    """Return a period as an archive, as the endpoint does."""
    sources.directory.check_role(visitor.user, Role.AUDITOR)
    return sources.exports.answer(sources.engine, period)


def every(ask: Callable[[str], Page[T]]) -> Iterator[T]:
    """Yield the items of all pages."""
    cursor: str | None = ""
    while cursor is not None:
        page = ask(cursor)
        yield from page.items
        cursor = page.next


def periods(now_seconds: int) -> list[str]:
    """Return the newest periods, the one that is open first."""
    found = [transfers.period(now_seconds)]
    while len(found) < PERIODS:
        year, month = map(int, found[-1].split("-"))
        found.append(f"{year - (month == 1)}-{(month - 2) % 12 + 1:02}")
    return found
