"""The cycle: look, plan, have it recorded, and only then act. One object of this class is one leader's time in office.

In: the world's changes, and the mirror. Out: a recorded cycle in the ledger; then orders are carried out and statuses
told. A cycle runs when something changed, a tenth of a second after it did and at most ten times a second, and once a
second to see what the agents reported. Nothing is kept between cycles that another leader could not read again.

What the ledger refuses for one job must not stop the others: then groups are recorded one by one, up to the first that
is refused; its job is held back for a while, with the ledger's words as its reason, and the next cycle plans without
it.
"""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata

import sqlalchemy as sa
import structlog
from sqlalchemy import Engine

from hanse import resources, scheduler
from hanse.ledger import database, decisions, errors, registry, reports
from hanse.ledger.models.accounts import Account
from hanse.ledger.models.reports import Node
from hanse.operator import ends, entries, failpoints, members, snapshot
from hanse.operator.actuator import Actuator
from hanse.operator.cache import Cache
from hanse.operator.fitness import Verdict
from hanse.operator.following import Follower, Situation
from hanse.operator.kube import Kube
from hanse.operator.mirror import Mirror
from hanse.operator.pool_telling import PoolTeller
from hanse.operator.storage import Storage
from hanse.operator.suspects import Suspects
from hanse.operator.telling import Teller
from hanse.operator.tidying import Tidier
from hanse.operator.world import World
from hanse.quota.errors import QuotaError

DEBOUNCE_SECONDS = 0.1
POLL_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 5.0
"""Time alone changes things too: funding is renewed, windows open, deadlines pass."""
HELD_BACK_SECONDS = 30.0
CODE_SHA256 = hashlib.sha256(f"hanse {metadata.version('hanse')}".encode()).digest()

_NODES_VERSION = sa.select(sa.func.coalesce(sa.func.max(Node.reported_at_seconds), 0), sa.func.count()).select_from(
    Node
)
_log = structlog.get_logger(__name__)


@dataclass
class Progress:
    """What health reports of a leader."""

    term: int
    cycle: int = 0
    planned_at: float = float("-inf")
    orders_left: int = 0
    pool_problem: str = ""
    brake: str = ""
    """Why no suspect attempt is expired, where one would be."""


@dataclass
class Leader:
    """One term."""

    kube: Kube
    engine: Engine
    term: int
    cache: Cache
    world: World
    woken: asyncio.Event
    mirror: Mirror = field(default_factory=Mirror)

    def __post_init__(self) -> None:
        self.progress = Progress(self.term)
        self.teller = Teller(self.kube, self.world, self.mirror)
        self._storage = Storage(self.kube, self.world, self.mirror)
        self._actuator = Actuator(
            self.kube, self.engine, self.term, world=self.world, mirrored=self.mirror, storage=self._storage
        )
        self._members = members.Register(self.engine, self.term)
        self._follower = Follower()
        self._held_back: dict[str, tuple[Verdict, float]] = {}
        self._nodes_version: tuple[int, int] = (0, -1)
        self._is_finishing = False
        self._is_plan_cut = False
        self._suspects = Suspects(self.engine, self.term, self.world, self.mirror)
        self._situation: Situation | None = None
        self._pool_teller = PoolTeller(self.world, self.teller)
        self._tidier = Tidier(self.kube, self.world, self.mirror)
        self._reported: list[reports.Node] = []
        self._nodes: list[reports.Node] = []
        self._newest_enrolment = 0
        self._enrolled: dict[str, int] = {}

    async def run(self) -> None:
        """Lead until :meth:`finish`.

        Raises:
            StaleTermError: another leader has taken over.

        """
        telling = asyncio.create_task(self.teller.run())
        try:
            await self._lead(telling)
        finally:
            telling.cancel()
            await asyncio.wait([telling])

    async def _lead(self, telling: asyncio.Task[None]) -> None:
        while not self._is_finishing:
            if telling.done():
                telling.result()  # it never ends by itself
            self.woken.clear()
            try:
                await self.cycle()
            except errors.StaleTermError:
                raise
            except (errors.LedgerError, sa.exc.DBAPIError) as error:
                # Whatever was recorded is read again: nothing is assumed of a transaction whose answer is not known.
                _log.warning("cycle_failed", error=type(error).__name__, said=str(error)[:500])
                self.mirror.drop()
                self._suspects.restart()
                await asyncio.sleep(POLL_SECONDS)
            await self._pause()

    def finish(self) -> None:
        """Let :meth:`run` return after the cycle it is in."""
        self._is_finishing = True
        self.woken.set()

    async def cycle(self) -> None:
        """Run one cycle."""
        changes = self.cache.take_changes()
        if self.world.take(changes):
            await asyncio.to_thread(self._members.sync, self.world)
        seen = self.mirror.version, self._nodes, self._enrolled
        await asyncio.to_thread(self._read)
        is_due = self._is_plan_cut or time.monotonic() - self.progress.planned_at >= LOOK_AGAIN_SECONDS
        self._is_plan_cut = False
        if is_due or any(changes.values()) or seen != (self.mirror.version, self._nodes, self._enrolled):
            await self._storage.look()
            await self._plan_and_record()
            self.progress.planned_at = time.monotonic()
            await self._actuator.reconcile()
            self.teller.tell()
            await self._tidier.tidy()
            if self._situation is not None:
                await self._pool_teller.tell(self._situation, self._suspects.reach, self._suspects.agents)
        self.progress.orders_left = await self._actuator.act()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self.woken.wait()
        except TimeoutError:
            return
        await asyncio.sleep(DEBOUNCE_SECONDS)

    def _read(self) -> None:
        self._suspects.read()
        self.mirror.poll(self.engine, self.world.jobs)
        with database.transaction(self.engine) as connection:
            newest, count = connection.execute(_NODES_VERSION).one()
            newest_enrolment = registry.newest_enrolment(connection)
        if newest_enrolment != self._newest_enrolment:
            self._enrolled, self._newest_enrolment = registry.first_enrolled(self.engine), newest_enrolment
        # Reports of one second cannot be told apart, so what was read within it is read again.
        if (newest, count) != self._nodes_version or newest >= self.mirror.now_seconds - 1:
            self._reported, self._nodes_version = reports.nodes(self.engine), (newest, count)
        self._nodes = self._suspects.standing(self._reported)

    async def _plan_and_record(self) -> None:
        now = time.monotonic()
        self._held_back = {job: held for job, held in self._held_back.items() if held[1] > now}
        try:
            situation, plan = await asyncio.to_thread(self._plan)
        except (QuotaError, scheduler.SnapshotError) as error:
            # The members' settings contradict one another: nothing new is admitted until they are put right.
            self.progress.pool_problem = str(error)
            _log.error("pool_refused", problem=str(error))
            return
        self.progress.pool_problem = ""
        self._situation = situation
        translated = entries.Translator(self.world, self.mirror, situation).groups(plan.decisions)
        without_storage = self._storage.given_up()
        ended = [*self._suspects.groups(), *ends.groups(self.world, self.mirror, without_storage)]
        self.progress.brake = self._suspects.problem
        groups = _once_each(itertools.chain(ended, translated))
        self.teller.take(plan, situation.verdicts)
        if groups:
            await asyncio.to_thread(self._record, situation, groups)
            await asyncio.to_thread(self._read)
        if len(groups) < len(ended) + len(plan.decisions):
            self._is_plan_cut = True
            self.woken.set()

    def _plan(self) -> tuple[Situation, scheduler.Plan]:
        return self._follower.plan(self._inputs())

    def _inputs(self) -> snapshot.Inputs:
        held_back = self._storage.verdicts() | {job: verdict for job, (verdict, _) in self._held_back.items()}
        return snapshot.Inputs(self.world, self.mirror, self._nodes, self._taken(), held_back, self._enrolled)

    def _taken(self) -> dict[str, int]:
        """Return what is posted and reserved under each open window of a cap."""
        accounts = [each.account for each in snapshot.cap_windows(self.world, self.mirror.now_seconds)]
        if not accounts:
            return {}
        statement = sa.select(Account.name, Account.debits_posted + Account.debits_pending).where(
            Account.name.in_(accounts)
        )
        with database.transaction(self.engine) as connection:
            return {name: int(taken) for name, taken in connection.execute(statement)}

    def _record(self, situation: Situation, groups: list[entries.Group]) -> None:
        failpoints.hit("before-record")
        try:
            self._record_cycle(situation, entries.flatten(groups))
        except (errors.StaleTermError, errors.CommitUnknownError, errors.CycleConflictError):
            self.progress.cycle = decisions.last_cycle(self.engine, self.term)
            raise
        except (errors.LedgerError, sa.exc.DBAPIError) as error:
            if getattr(error, "connection_invalidated", False):
                raise
            _log.warning("plan_refused", error=str(error)[:500])
            self._record_one_by_one(situation, groups)
        failpoints.hit("after-record")

    def _record_one_by_one(self, situation: Situation, groups: list[entries.Group]) -> None:
        for group in groups:
            try:
                self._record_cycle(situation, group.entries)
            except (errors.StaleTermError, errors.CommitUnknownError, errors.CycleConflictError):
                raise
            except (errors.LedgerError, sa.exc.DBAPIError) as error:
                said = str(getattr(error, "orig", error))[:500]
                _log.error("job_held_back", job=group.job, error=said)
                verdict = Verdict(_reason(error), f"the ledger refuses what was decided for it: {said}")
                self._held_back[group.job] = (verdict, time.monotonic() + HELD_BACK_SECONDS)
                return

    def _record_cycle(self, situation: Situation, recorded: tuple[decisions.Entry, ...]) -> None:
        state = scheduler.state_digest(situation.snapshot)
        cycle = decisions.Cycle(
            term=self.term,
            cycle=self.progress.cycle + 1,
            as_of_seconds=situation.snapshot.as_of,
            base_snapshot=state,
            state_sha256=state,
            policy_sha256=hashlib.sha256(repr(situation.snapshot.catalogue.pool.policy).encode()).digest(),
            code_sha256=CODE_SHA256,
            entries=recorded,
        )
        decisions.record(self.engine, cycle)
        self.progress.cycle += 1
        _log.info("cycle_recorded", term=self.term, cycle=self.progress.cycle, decisions=len(recorded))


def _once_each(groups: Iterable[entries.Group]) -> list[entries.Group]:
    """Return the groups up to the first about a job that an earlier one is about: a cycle changes an attempt once.

    Decisions rest on those before them, so what is left over is planned again, and not recorded out of its order.
    """
    named: set[str] = set()
    kept = []
    for group in groups:
        jobs = {str(entry.job) for entry in group.entries}
        if named & jobs:
            break
        named |= jobs
        kept.append(group)
    return kept


def _reason(error: Exception) -> resources.Reason:
    is_cap = isinstance(error, errors.CapExceededError)
    return resources.Reason.EXCEEDS_CAP if is_cap else resources.Reason.MISCONFIGURED
