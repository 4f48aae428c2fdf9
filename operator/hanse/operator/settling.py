"""Settling: hours that are over are posted to the books, beside the planning and never in its way.

In: the ledger's slots, and what Members and the PoolPolicy say about levies and the metering interval. Out: the
ledger's postings of each hour, once; reservations of attempts that ended given back; which nodes are levied; members'
credits; periods closed (:mod:`hanse.operator.closing`). Next are balances and statements, which read the books, and the
cycle, which reads the credits. It runs in threads of its own and in small transactions; each of the leader's checks the
term, so a leader that was replaced posts nothing more. It decides nothing: what an hour comes to is a function of rows
that never change (:mod:`hanse.ledger.posting`).
"""

import asyncio
import contextlib
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine

from hanse.evidence import enrolments, identity
from hanse.evidence.enrolments import Enrolment
from hanse.ledger import credits as credits_
from hanse.ledger import database, errors, posting, registry, reports, slots
from hanse.ledger.models import parties
from hanse.operator import failpoints, offers
from hanse.operator.closing import Closer
from hanse.operator.world import POLICY_NAME, World
from hanse.quota import entitlement, units
from hanse.resources import ContributionSpec
from hanse.resources.pool_policy import Settlement

LOOK_SECONDS = 5.0
HOURS_A_LOOK_MAX = 24
"""After a long time without a leader the hours are caught up with in several looks."""
OLDER_HOURS_SECONDS = 3600.0
"""So seldom all hours are looked through for parts that failed long ago; then one of them is tried again each look."""
SLOT_SECONDS_AT_FIRST = 300
"""What the ledger begins with; another interval was set by somebody, and stands."""
GRACE_SLOTS = 3

_ENROLLED = sa.select(sa.func.coalesce(sa.func.max(parties.Enrolment.sequence), 0))
_SETTING = sa.text("SELECT slot_seconds, ledger.clock_seconds() AS now FROM ledger.setting")
_HOUR = re.compile(r"hour (\d+)")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the alliance's objects say about settlement; *levy_by_member* is thousandths."""

    slot_seconds: int | None
    levy_by_member: tuple[tuple[str, int], ...]
    offered: tuple[ContributionSpec, ...]
    half_life_seconds: int
    raw_by_class: tuple[tuple[str, int], ...]
    parents: tuple[tuple[str, str], ...]
    settlement: Settlement = field(default_factory=Settlement)


class Settler:
    """Settles for one leader."""

    def __init__(self, engine: Engine, term: int, world: World) -> None:
        self._engine, self._term, self._world = engine, term, world
        self._closer = Closer(engine, term)
        self._levied_as_of: tuple[int, tuple[tuple[str, int], ...], int] | None = None
        self._metering_as_of: int | None = None
        self._older_hours: deque[int] = deque()
        self._older_looked_at = float("-inf")
        self.failures: Counter[str] = Counter()
        """How often in a row what is not done yet failed; an hour is named with its member."""

    async def run(self) -> None:
        """Look again and again, until the task is cancelled.

        Raises:
            StaleTermError: another leader has taken over.

        """
        while True:
            await asyncio.to_thread(self.look, self.rules())
            await asyncio.sleep(LOOK_SECONDS)

    def look(self, rules: Rules) -> None:
        """Do all that is due; what fails is logged, counted and tried again, and keeps nothing else from being done.

        Raises:
            StaleTermError: another leader has taken over.

        """
        with self._going_on("metering"):
            self._set_metering(rules.slot_seconds)
            slots.prepare_days(self._engine)
        with self._going_on("levies"):
            self._set_levies(rules)
        with self._going_on("hour search"):
            self._post_what_is_due()
        with self._going_on("credits"):
            self._settle_credits(rules)
        with self._going_on("periods"):
            self._closer.look(rules.settlement)
        with self._going_on("reservations"):
            if voided := posting.void_unused(self._engine, self._term):
                _log.info("reservations_given_back", count=voided)

    def _post_what_is_due(self) -> None:
        """Post hour after hour, each once a look: one that fails for somebody is due again at once."""
        tried: set[int] = set()
        for _ in range(HOURS_A_LOOK_MAX):
            hours = [hour for hour in posting.due(self._engine) if hour not in tried]
            if not hours:
                break
            tried.update(hours)
            for hour in hours:
                with self._going_on(f"hour {hour}"):
                    self._post(hour)
        self._post_an_older_one(tried)
        self._forget_what_was_posted()

    def _post_an_older_one(self, tried: set[int]) -> None:
        """Post what failed for somebody more hours ago than each look reads; new hours never wait for many such."""
        if time.monotonic() - self._older_looked_at >= OLDER_HOURS_SECONDS:
            self._older_looked_at = time.monotonic()
            self._older_hours = deque(hour for hour in posting.left_halfway(self._engine) if hour not in tried)
        if self._older_hours:
            hour = self._older_hours.popleft()
            with self._going_on(f"hour {hour}"):
                self._post(hour)

    def _forget_what_was_posted(self) -> None:
        """Tell no longer of hours with nothing left to post: a COMMIT whose answer was lost was a failure, and done."""
        told = {what: int(found[1]) for what in self.failures if (found := _HOUR.match(what))}
        if told:
            left = {*posting.due(self._engine), *posting.left_halfway(self._engine)}
            for what in [what for what, hour in told.items() if hour not in left]:
                del self.failures[what]

    def _post(self, hour_seconds: int) -> None:
        posted = posting.post(self._engine, self._term, hour_seconds)
        prefix, failed = f"hour {hour_seconds} of ", set(posted.failed) if posted else set()
        for what in [each for each in self.failures if each.startswith(prefix)]:
            if what.removeprefix(prefix) not in failed:
                del self.failures[what]
        if posted is None:
            return
        failpoints.hit("after-posting")
        said = {"transfers": posted.transfers, "unaccepted": posted.unaccepted, "failed": sorted(posted.failed)}
        _log.info("hour_posted", hour=hour_seconds, run=posted.run.number, **said)
        for member, error in posted.failed.items():
            self._failed(f"hour {hour_seconds} of {member}", error)

    @contextlib.contextmanager
    def _going_on(self, what: str) -> Iterator[None]:
        """Go on whatever is wrong with the books there, but not when another leads."""
        try:
            yield
        except errors.StaleTermError:
            raise
        except Exception as error:  # noqa: BLE001  # as said above
            self._failed(what, error)
        else:
            self.failures.pop(what, None)

    def _failed(self, what: str, error: Exception) -> None:
        self.failures[what] += 1
        said = {"error": type(error).__name__, "said": str(error)[:500]}
        _log.error("not_settled", what=what, times=self.failures[what], **said)

    def rules(self) -> Rules:
        """Return what the objects say now; to be called where they are read."""
        policy = self._world.named("PoolPolicy").get(POLICY_NAME)
        in_force, members = self._world.policy(), self._world.named("Member")
        return Rules(
            int(policy.spec.metering_slot.total_seconds()) if policy else None,
            tuple((name, each.spec.levy_thousandths) for name, each in members.items()),
            tuple(each.spec for each in self._world.contributions()),
            int(in_force.share_half_life.total_seconds()),
            tuple(
                (name, each.spec.h100_equivalent.get(in_force.reference_precision, 0))
                for name, each in self._world.named("AcceleratorClass").items()
            ),
            tuple((name, parent) for name, each in members.items() if (parent := each.spec.parent_organisation)),
            in_force.settlement,
        )

    def failures_by_part(self) -> dict[str, int]:
        """Return how often in a row each part of the work failed that is not done yet: hours together."""
        by_part: Counter[str] = Counter()
        for what, times in dict(self.failures).items():
            by_part[what.partition(" ")[0]] += times
        return dict(by_part)

    def _settle_credits(self, rules: Rules) -> None:
        """Record what members owe and are owed as of the last posted hour, with what they keep of their levies now."""
        if (until := credits_.due(self._engine)) is None:
            return
        with database.transaction(self._engine) as connection:
            enrolled = _enrolled(connection)
        raw_by_class = dict(rules.raw_by_class)
        kept = kept_of_levy(enrolled, dict(rules.levy_by_member), until, self._offered(rules.offered), raw_by_class)
        terms = credits_.Terms(rules.half_life_seconds, raw_by_class, dict(rules.parents), kept)
        credits_.record(self._engine, terms, until, term=self._term)
        _log.info("credits_recorded", as_of=until)

    def _set_metering(self, wanted: int | None) -> None:
        """Settle the metering interval as the policy says, before the first slot; afterwards nobody can."""
        if wanted is None or wanted == self._metering_as_of:
            return
        with database.transaction(self._engine) as connection:
            current = int(connection.execute(sa.select(parties.Setting.slot_seconds)).scalar_one())
        try:
            if current == SLOT_SECONDS_AT_FIRST != wanted:
                grace = GRACE_SLOTS * wanted
                registry.set_metering(self._engine, slot_seconds=wanted, grace_seconds=grace, term=self._term)
                current = wanted
        except errors.RefusedError:
            pass  # there are slots already
        if current != wanted:
            _log.warning("metering_stays", slot_seconds=current, policy_seconds=wanted)
        self._metering_as_of = wanted

    def _set_levies(self, rules: Rules) -> None:
        """Have the use of levied nodes credited to the levy, from the next slot on, if anything changed.

        Looked at once a slot, as nodes come and go, and enrolments begin.
        """
        with database.transaction(self._engine) as connection:
            newest = int(connection.execute(_ENROLLED).scalar_one())
            setting = connection.execute(_SETTING).one()
            start = setting.now - setting.now % setting.slot_seconds + setting.slot_seconds
            as_of = newest, rules.levy_by_member, start
            if self._levied_as_of == as_of:
                return
            enrolled = _enrolled(connection)
            rows = connection.execute(
                sa.select(parties.Levy.node, parties.Levy.levied).order_by(parties.Levy.start_seconds)
            ).tuples()
            before = {node for node, is_levied in dict(rows.all()).items() if is_levied}
        wanted = levied(enrolled, dict(rules.levy_by_member), start, self._offered(rules.offered))
        for node in sorted(before ^ wanted):
            registry.set_levy(self._engine, node, start, levied=node in wanted, term=self._term)
        self._levied_as_of = as_of

    def _offered(self, offered: tuple[ContributionSpec, ...]) -> set[str]:
        """Return the nodes that agents report and a Contribution offers: those that the planner levies of."""
        return {
            identity.node_id(each.cluster, each.name)
            for each in reports.nodes(self._engine)
            if any(offers.includes(spec, each.cluster, each.body) for spec in offered)
        }


def _enrolled(connection: Connection) -> list[Enrolment]:
    return [enrolments.decode(body) for body in connection.execute(sa.select(parties.Enrolment.body)).scalars()]


def levied(
    enrolled: list[Enrolment], levy_by_member: dict[str, int], at_seconds: int, offered: Container[str]
) -> set[str]:
    """Return the levied nodes: of each member and class those that were enrolled first, as many as its levy says.

    Only nodes that are *offered* count: with nodes that are enrolled and not there a member would pay nothing.

    """
    return {
        each.node
        for (member, _), own in _in_force(enrolled, at_seconds, offered).items()
        for each in own[: entitlement.levied_nodes(len(own), levy_by_member.get(member, 0))]
    }


def kept_of_levy(
    enrolled: list[Enrolment],
    levy_by_member: dict[str, int],
    at_seconds: int,
    offered: Container[str],
    raw_by_class: dict[str, int],
) -> dict[str, int]:
    """Return what each member keeps of its levy, as only whole nodes are taken, in raw milli-H100e."""
    kept: dict[str, int] = defaultdict(int)
    for (member, accelerator), own in _in_force(enrolled, at_seconds, offered).items():
        levy = levy_by_member.get(member, 0)
        taken = own[: entitlement.levied_nodes(len(own), levy)]
        owed = entitlement.kept_of_levy(_gpus(own), _gpus(taken), levy)
        kept[member] += owed * raw_by_class.get(accelerator, 0) // units.MILLI
    return dict(kept)


def _gpus(nodes: list[Enrolment]) -> int:
    return sum(len(each.gpus) for each in nodes)


def _in_force(
    enrolled: list[Enrolment], at_seconds: int, offered: Container[str]
) -> dict[tuple[str, str], list[Enrolment]]:
    """Return the enrolments in force of nodes that are offered, by member and class, in the order of enrolment."""
    first: dict[str, int] = {}
    last: dict[str, Enrolment] = {}
    for each in sorted(enrolled, key=lambda each: each.start_seconds):
        if each.start_seconds <= at_seconds:
            first.setdefault(each.node, each.start_seconds)
            last[each.node] = each
    nodes: dict[tuple[str, str], list[Enrolment]] = defaultdict(list)
    for node in sorted(last, key=lambda node: (first[node], node)):
        if last[node].gpus and node in offered:  # an enrolment without GPUs ends the contribution
            nodes[last[node].member, last[node].accelerator_class].append(last[node])
    return nodes
