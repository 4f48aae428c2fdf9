"""The cycle: look, plan, have it recorded, and only then act. One object of this class is one leader's time in office.

In: the world's changes, and the mirror. Out: a recorded cycle in the ledger; orders are carried out and statuses told
beside the cycles, which wait for neither. A cycle runs when something changed or an attempt ended, a tenth of a second
after it did and at most ten times a second (less often while cycles take long), and once a second to see what else the
agents reported. Nothing is kept between cycles that another leader could not read again.

What the ledger refuses for one job must not stop the others: then groups are recorded one by one, without the refused
and what rests on them, and what was refused is not tried again for a while. That an attempt ended or changed while it
was planned for is nobody's fault: it is planned again from what is recorded by then. The ledger's words may be about
anybody, so they go to the log; owners are told a sentence that is the same for all.
"""

import asyncio
import hashlib
import itertools
import time
import uuid  # noqa: TC003  # the annotation of an attribute
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog
from sqlalchemy import Engine

from hanse import resources, scheduler
from hanse.evidence import canonical, identity
from hanse.ledger import credits as credits_
from hanse.ledger import database, decisions, errors, registry, reports
from hanse.ledger.models.reports import Node
from hanse.operator import capped, ends, entries, failpoints, following, grouping, kinds, members, snapshot, waking
from hanse.operator.actuator import Actuator
from hanse.operator.cache import Cache
from hanse.operator.coordinating import Seen
from hanse.operator.effects import Effects
from hanse.operator.entitled import Keeper
from hanse.operator.fitness import Verdict
from hanse.operator.following import Follower, Situation
from hanse.operator.kube import Kube
from hanse.operator.mirror import RESERVE, Mirror
from hanse.operator.pool_telling import PoolTeller
from hanse.operator.storage import Storage
from hanse.operator.suspects import Suspects
from hanse.operator.telling import Teller
from hanse.operator.tidying import Tidier
from hanse.operator.tracing import Tracer
from hanse.operator.world import World
from hanse.quota.errors import QuotaError
from hanse.scheduler import framing
from hanse.scheduler.decisions import Cause
from hanse.scheduler.phrases import phrase

DEBOUNCE_SECONDS = 0.1
DEBOUNCE_SECONDS_MAX = 0.5
POLL_SECONDS = 1.0
READ_AGAIN_SECONDS = 0.5
"""So long nothing is read anew for changes that no plan rests on, unless the ledger says that an attempt has ended."""
LOOK_AGAIN_SECONDS = 5.0
"""Time alone changes things too: funding is renewed, windows open, deadlines pass."""
HELD_BACK_SECONDS = 30.0
TELL_PAUSE_FACTOR = 9
"""To find out what is to be told takes a tenth of the time at most, however many jobs there are."""
OVERTAKEN_MAX = 3
"""Plans in a row that something overtook before they were recorded; the next is recorded as far as it still holds."""

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
        effects = Effects(self.kube, self.world, self.mirror, self._storage)
        self._actuator = Actuator(self.engine, self.term, self.world, self.mirror, effects)
        self._members = members.Register(self.engine, self.term)
        self._follower = Follower()
        self._framing = framing.Writer()
        self._held_back: dict[tuple[str, str], tuple[Verdict, float]] = {}
        self._overtaken = 0
        self._nodes_version: tuple[int, int] = (0, -1)
        self._is_finishing = False
        self._is_plan_cut = False
        self._is_untold = False
        self._has_heard = False
        self._read_at = self._tell_at = float("-inf")
        self._suspects = Suspects(self.engine, self.term, self.world, self.mirror)
        self._situation: Situation | None = None
        self._pool_teller = PoolTeller(self.world, self.teller)
        self._keeper = Keeper(self.engine, self.term)
        self._tidier = Tidier(self.kube, self.world, self.mirror)
        self._tracer = Tracer(self.world)
        self._begun_at = 0
        self._moved: list[tuple[str, uuid.UUID]] = []
        """Waiting jobs that a recorded decision has start later, as somebody runs for longer."""
        self._reported: list[reports.Node] = []
        self._nodes: list[reports.Node] = []
        self._newest_enrolment = 0
        self._enrolled: dict[str, int] = {}
        self._credits = credits_.Credits()
        self._caps = capped.Reader(self.engine)

    async def run(self) -> None:
        """Lead until :meth:`finish`.

        Raises:
            StaleTermError: another leader has taken over.

        """
        waking_up = waking.listen(self.engine.url, self._hear)
        beside = [asyncio.create_task(each) for each in (self.teller.run(), self._actuator.run(), waking_up)]
        try:
            await self._lead(beside)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def _lead(self, beside: list[asyncio.Task[None]]) -> None:
        while not self._is_finishing:
            for task in beside:
                if task.done():
                    task.result()  # none of them ends by itself
            self.woken.clear()
            started = time.monotonic()
            try:
                await self.cycle()
            except errors.StaleTermError:
                raise
            except (errors.LedgerError, sa.exc.DBAPIError) as error:
                # Whatever was recorded is read again: nothing is assumed of a transaction whose answer is not known.
                _log.warning("cycle_failed", error=type(error).__name__, said=str(error)[:500])
                self.mirror.drop()
                self._suspects.restart()
                self._actuator.restart()
                await asyncio.sleep(POLL_SECONDS)
            await self._pause(time.monotonic() - started)

    @property
    def situation(self) -> Situation | None:
        """What was last planned for."""
        return self._situation

    @property
    def seen(self) -> Seen:
        """What was last heard of clusters and their nodes."""
        return Seen(self._reported, self._suspects.reach, self._suspects.agents)

    def finish(self) -> None:
        """Let :meth:`run` return after the cycle it is in."""
        self._is_finishing = True
        self.woken.set()

    async def cycle(self) -> None:
        """Run one cycle."""
        basis = self._basis()
        changes = self.cache.take_changes()
        self._tracer.see(changes[kinds.TRAINING_JOB.name])
        if self.world.take(changes):
            await asyncio.to_thread(self._members.sync, self.world)
        is_planned = self._is_read_due(basis) and await self._look_and_plan(basis)
        self.progress.orders_left = self._actuator.orders_left
        if is_planned or any(changes.values()):
            await self._actuator.reconcile()
            self._is_untold = True
        if self._is_untold and time.monotonic() >= self._tell_at:
            await self._tell()

    def _is_read_due(self, basis: tuple[object, ...]) -> bool:
        is_old = time.monotonic() - self._read_at >= READ_AGAIN_SECONDS
        return is_old or self._has_heard or self._is_plan_cut or basis != self._basis()

    async def _look_and_plan(self, basis: tuple[object, ...]) -> bool:
        """Read what agents reported, and plan if anything is not as it was; return whether it was planned."""
        self._has_heard, self._read_at = False, time.monotonic()
        await asyncio.to_thread(self._read)
        is_due = self._is_plan_cut or time.monotonic() - self.progress.planned_at >= LOOK_AGAIN_SECONDS
        self._is_plan_cut = False
        is_planned = is_due or basis != self._basis()
        if is_planned:
            await self._storage.look()
            await self._plan_and_record()
            self.progress.planned_at = time.monotonic()
        self._actuator.take()
        return is_planned

    def _basis(self) -> tuple[object, ...]:
        """Return what a plan rests on, to be compared."""
        return self.world.version, self.mirror.version, self._nodes, self._enrolled, self._credits

    async def _tell(self) -> None:
        """Find out what is to be told and tidied; all jobs are looked at, so not for more than a part of the time."""
        self._is_untold = False
        started = time.monotonic()
        self.teller.tell()
        self._tell_at = time.monotonic() + TELL_PAUSE_FACTOR * (time.monotonic() - started)
        await self._tidier.tidy()
        if self._situation is not None:
            await self._pool_teller.tell(self._situation, self._suspects.reach, self._suspects.agents)
            await asyncio.to_thread(self._keeper.look, self._situation.snapshot)

    def _hear(self) -> None:
        self._has_heard = True
        self.woken.set()

    async def _pause(self, lasted_seconds: float) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self.woken.wait()
        except TimeoutError:
            return
        # As long as the cycle took, so that those who carry out what it decided get their part of the processor.
        await asyncio.sleep(min(max(DEBOUNCE_SECONDS, lasted_seconds), DEBOUNCE_SECONDS_MAX))

    def _read(self) -> None:
        self._suspects.read()
        self._actuator.look()
        self.mirror.poll(self.engine, self.world.jobs)
        with database.transaction(self.engine) as connection:
            newest, count = connection.execute(_NODES_VERSION).one()
            newest_enrolment = registry.newest_enrolment(connection)
            self._credits = credits_.read(connection)
        if newest_enrolment != self._newest_enrolment:
            self._enrolled, self._newest_enrolment = registry.first_enrolled(self.engine), newest_enrolment
        # Reports of one second cannot be told apart, so what was read within it is read again.
        if (newest, count) != self._nodes_version or newest >= self.mirror.now_seconds - 1:
            self._reported, self._nodes_version = reports.nodes(self.engine), (newest, count)
        self._nodes = self._suspects.standing(self._reported)

    async def _plan_and_record(self) -> None:
        now, self._begun_at = time.monotonic(), time.time_ns()
        self._held_back = {key: held for key, held in self._held_back.items() if held[1] > now}
        situation, translated = await self._planned()
        without_storage = self._storage.given_up()
        ended = [*self._suspects.groups(), *ends.groups(self.world, self.mirror, without_storage, situation.free_by)]
        self.progress.brake = self._suspects.problem
        wanted = grouping.standing(itertools.chain(ended, translated), self._held_back)
        groups, self._moved = grouping.once_each(wanted), []
        is_overtaken = False
        if groups:
            is_overtaken = await asyncio.to_thread(self._record, situation, groups)
            await asyncio.to_thread(self._read)
            for job, decision in self._moved:
                self.teller.tell_moved(job, decision)
        if is_overtaken or len(groups) < len(wanted):
            self._is_plan_cut = True
            self.woken.set()

    async def _planned(self) -> tuple[Situation, list[entries.Group]]:
        """Plan; where the settings allow none, nothing is admitted or renewed, and all that ends goes on ending."""
        try:
            situation = await asyncio.to_thread(self._plan)
        except (QuotaError, scheduler.SnapshotError) as error:
            self._tell_problem(str(error), "nothing is admitted or renewed")
            return following.unplanned(self.mirror.now_seconds), []
        self._tell_problem(situation.problem, "the settings before stay in force")
        self._situation = situation
        self.teller.take(situation.plan, situation.verdicts)
        translator = entries.Translator(self.world, self.mirror, situation)
        return situation, list(translator.groups(situation.plan.decisions))

    def _tell_problem(self, problem: str, consequence: str) -> None:
        self.progress.pool_problem = f"{problem}: {consequence}" if problem else ""
        if problem:
            _log.error("pool_refused", problem=problem, consequence=consequence)

    def _plan(self) -> Situation:
        return self._follower.plan(self._inputs())

    def _inputs(self) -> snapshot.Inputs:
        held_back = self._storage.verdicts() | {job: held[0] for (job, _), held in self._held_back.items()}
        accounts = [each.account for each in snapshot.cap_windows(self.world, self.mirror.now_seconds)]
        caps = self._caps.read(accounts)
        return snapshot.Inputs(
            self.world, self.mirror, self._nodes, caps.taken, held_back, self._enrolled, self._credits, caps.ceilings
        )

    def _record(self, situation: Situation, groups: list[entries.Group]) -> bool:
        """Record the groups, or those that the ledger takes; return whether all are to be planned again at once."""
        failpoints.hit("before-record")
        try:
            self._record_cycle(situation, groups)
            self._overtaken = 0
        except (errors.StaleTermError, errors.CommitUnknownError, errors.CycleConflictError):
            self._framing.restart()
            self.progress.cycle = decisions.last_cycle(self.engine, self.term)
            raise
        except (errors.LedgerError, sa.exc.DBAPIError) as error:
            if getattr(error, "connection_invalidated", False):
                raise
            if isinstance(error, errors.AttemptConflictError) and self._overtaken < OVERTAKEN_MAX:
                self._overtaken += 1
                _log.info("plan_overtaken", said=str(error)[:500])
                return True
            _log.warning("plan_refused", error=str(error)[:500])
            self._record_one_by_one(situation, groups)
        failpoints.hit("after-record")
        return False

    def _record_one_by_one(self, situation: Situation, groups: list[entries.Group]) -> None:
        missing = grouping.Missing()
        for group in groups:
            if missing.concerns(group):
                missing.leave_out(group)
                continue
            try:
                self._record_cycle(situation, [group])
            except (errors.StaleTermError, errors.CommitUnknownError, errors.CycleConflictError):
                raise
            except (errors.LedgerError, sa.exc.DBAPIError) as error:
                missing.leave_out(group)
                self._hold_back(group, error)

    def _hold_back(self, group: entries.Group, error: Exception) -> None:
        said = str(getattr(error, "orig", error))[:500]
        if isinstance(error, errors.AttemptConflictError):
            _log.warning("group_overtaken", job=group.job, said=said)
            return
        _log.error("job_held_back", job=group.job, error=said)
        self._held_back[grouping.key(group)] = (refusal(error), time.monotonic() + HELD_BACK_SECONDS)

    def _record_cycle(self, situation: Situation, groups: list[entries.Group]) -> None:
        recorded = entries.flatten(groups)
        state = scheduler.state_digest(situation.snapshot)
        planned = [group.planned for group in groups if group.planned is not None]
        frame = self._framing.frame(situation.snapshot, state, situation.plan, planned)
        cycle = decisions.Cycle(
            term=self.term,
            cycle=self.progress.cycle + 1,
            as_of_seconds=situation.snapshot.as_of,
            base_snapshot=canonical.sha256(frame.data),
            state_sha256=state,
            policy_sha256=hashlib.sha256(repr(situation.snapshot.catalogue.pool.policy).encode()).digest(),
            code_sha256=scheduler.code_digest(),
            entries=recorded,
            frame=frame.data,
        )
        decisions.record(self.engine, cycle)
        self.progress.cycle += 1
        self._framing.written(frame)
        self._tracer.committed(cycle, self._begun_at)
        _log.info("cycle_recorded", term=self.term, cycle=self.progress.cycle, decisions=len(recorded))
        for index, entry in enumerate(recorded):
            decision, attempt = identity.decision_id(self.term, cycle.cycle, index), entry.attempt
            if entry.kind == RESERVE and entry.reason == Cause.RUNS_LONGER:
                self._moved.append((str(entry.job), decision))
            _log.info("decided", decision=str(decision), attempt=str(attempt) if attempt else None, kind=entry.kind)


def refusal(error: Exception) -> Verdict:
    """Return what the owner of a job is told of the ledger's refusal: none of its words, which may be about others."""
    if isinstance(error, errors.CapExceededError):
        said = "a cap of its organisation or member has less left than it would reserve; it is tried again soon"
        return Verdict.of(resources.Reason.EXCEEDS_CAP, phrase("refused.cap", said))
    said = "the pool could not record what it decided for it, and tries again soon: the operator's log has why"
    return Verdict.of(resources.Reason.RETRY_DELAYED, phrase("refused.ledger", said))
