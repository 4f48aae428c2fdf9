"""`PoolPolicy`: the alliance's rules for sharing, preemption, memory and settlement. There is one, named `default`."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hanse.resources.durations import Between, format_duration, unreadable
from hanse.resources.limits import CYCLE_SECONDS_MAX, MAX_GRACE_SECONDS
from hanse.resources.member import Subject
from hanse.resources.model import AGE, Column, Definition, Model, Resource, Status
from hanse.resources.rules import ListOf, Rule
from hanse.resources.scalars import GPU_COUNT_MAX, THOUSANDTHS, Name, Precision, Text, Thousandths, TimeZone, matches

_MAX_GRACE = format_duration(timedelta(seconds=MAX_GRACE_SECONDS))
_CYCLE = timedelta(seconds=CYCLE_SECONDS_MAX)
_HOUR = timedelta(hours=1)
_SLOTS = [timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)]


class PreemptionLimits(Model):
    """How much may be stopped for others. Owners who reclaim their own nodes are not held back by these."""

    per_job_per_day: int = Field(default=8, ge=1, le=1000, description="Times that one job may be stopped in 24 hours.")
    victims_per_cycle: int = Field(default=256, ge=1, le=10_000, description="Jobs stopped or shrunk in one cycle.")


class MemoryRule(Model):
    """How far the memory of a GPU may be promised beyond what there is."""

    ratio_thousandths: int = Field(
        default=THOUSANDTHS,
        ge=THOUSANDTHS,
        le=4000,
        description="Sum of limits over physical memory, in thousandths, to start from; it falls and rises with what is"
        " learned.",
    )
    reserve_mib: int = Field(
        default=2048,
        ge=0,
        le=65_536,
        multiple_of=1024,
        description="Memory of each GPU that is never promised, in MiB.",
    )
    tenants_max: int = Field(default=4, ge=1, le=16, description="Workers that may share one GPU.")


class ClassMemoryRule(MemoryRule):
    """The same for one class."""

    accelerator_class: Name = Field(alias="class", description="Name of an AcceleratorClass.")


class Memory(Model):
    """GPU memory: the rule for all classes, and those that differ."""

    default: MemoryRule = Field(default=MemoryRule(), description="For classes that are not named.")
    classes: Annotated[tuple[ClassMemoryRule, ...], ListOf(key="class")] = Field(
        default=(), max_length=32, description="For the classes named."
    )


class Settlement(Model):
    """The calendar by which use and contribution are settled."""

    period: Literal["Month"] = Field(default="Month", description="Length of an accounting period.")
    time_zone: TimeZone = Field(
        default="UTC", description="IANA name of the time zone in which periods and cap windows begin."
    )
    dispute_window: Annotated[timedelta, Between("24h", "1440h")] = Field(
        default=timedelta(days=10), description="Time between the initial and the final statement."
    )
    true_up: Annotated[timedelta, Between("1464h", "8760h")] = Field(
        default=timedelta(days=90),
        description="Time after a period's end at which all that was found since is settled, and disputes end.",
    )
    pool_slots_thousandths: Thousandths = Field(
        default=990, description="Part of the pool's metering slots that must have come in before a period is final."
    )
    member_slots_thousandths: Thousandths = Field(default=900, description="The same for each pair of members.")


class Witness(Model):
    """Somebody who cosigns checkpoints of the log."""

    name: Text = Field(max_length=253, description="The name in its signatures.")
    key: Annotated[
        str,
        Field(max_length=512),
        matches("^[^+ ]+[+][0-9a-f]{8}[+][A-Za-z0-9+/]+=*$", "not a verifier key: write <name>+<hash>+<base64>"),
    ] = Field(description="Its verifier key in the notation of C2SP signed notes.")


class TransparencyLog(Model):
    """What makes a checkpoint of the ledger's log final."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.quorum <= size(self.witnesses)",
            "quorum is larger than the number of witnesses: lower it, or add witnesses",
            field=".quorum",
            holds=lambda log: log.quorum <= len(log.witnesses),
        ),
    )
    seal_interval: Annotated[timedelta, Between("1s", "10s")] = Field(
        default=timedelta(seconds=10), description="Longest time between a row and the checkpoint that covers it."
    )
    witnesses: Annotated[tuple[Witness, ...], ListOf(key="name")] = Field(
        default=(), max_length=32, description="Members, auditors and others who cosign."
    )
    quorum: int = Field(default=0, ge=0, le=32, description="Cosignatures that a final checkpoint needs.")


class PoolPolicySpec(Model):
    """What the alliance has agreed. Each version is recorded in the ledger with the decisions made under it."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"{unreadable('maxGrace', 'killBudget', 'reclaimBound')}"
            f" || duration(self.maxGrace) + duration('{format_duration(_CYCLE)}') + duration(self.killBudget)"
            " <= duration(self.reclaimBound)",
            f"maxGrace + {format_duration(_CYCLE)} for a planning cycle + killBudget must fit into reclaimBound:"
            " raise reclaimBound, or lower maxGrace or killBudget",
            field=".reclaimBound",
            holds=lambda policy: policy.max_grace + _CYCLE + policy.kill_budget <= policy.reclaim_bound,
        ),
        Rule(
            f"{unreadable('meteringSlot')} || duration(self.meteringSlot).getMinutes() in [1, 2, 5, 10, 15, 30]"
            " && duration(self.meteringSlot).getSeconds() % 60 == 0",
            "meteringSlot must divide an hour: use 1m, 2m, 5m, 10m, 15m or 30m",
            field=".meteringSlot",
            holds=lambda policy: policy.metering_slot in _SLOTS,
        ),
    )
    auditors: tuple[Subject, ...] = Field(
        default=(), max_length=64, description="Who may read and export the whole ledger, of all members."
    )
    coordinators: tuple[Subject, ...] = Field(
        default=(), max_length=64, description="Who may see how the clusters of all members stand."
    )
    reference_precision: Precision = Field(
        default=Precision.BF16, description="Precision in which classes are compared for exchange, lending and credit."
    )
    share_floor_milli_h100e: int = Field(
        default=8000,
        ge=1,
        le=GPU_COUNT_MAX * THOUSANDTHS,
        description="Entitlement that a member is taken to have at least when borrowers are ordered, in milli-H100e.",
    )
    share_half_life: Annotated[timedelta, Between("1h", "2160h")] = Field(
        default=timedelta(days=7), description="Time in which what was borrowed and lent counts half as much."
    )
    reclaim_bound: Annotated[timedelta, Between("1m", "1h")] = Field(
        default=timedelta(minutes=15), description="Longest time until a covered job holds GPUs of its owner's nodes."
    )
    max_grace: Annotated[timedelta, Between("0s", _MAX_GRACE)] = Field(
        default=timedelta(minutes=5), description="Longest checkpoint grace that a job may ask for."
    )
    kill_budget: Annotated[timedelta, Between("5s", "5m")] = Field(
        default=timedelta(seconds=30), description="Time that a killed worker may take to let go of its GPUs."
    )
    lease_drift: Annotated[timedelta, Between("1s", "1m")] = Field(
        default=timedelta(seconds=2), description="How far clocks may run apart during one lease."
    )
    funding_horizon: Annotated[timedelta, Between("5m", "24h")] = Field(
        default=_HOUR, description="How far ahead a job's charge is reserved against caps, at least."
    )
    restart_cost: Annotated[timedelta, Between("0s", "24h")] = Field(
        default=timedelta(minutes=10), description="Work that a restart is taken to cost when victims are compared."
    )
    max_loss: Annotated[timedelta, Between("1m", "24h")] = Field(
        default=_HOUR, description="Most work since a checkpoint that counts for a victim, and is credited to it."
    )
    preemption: PreemptionLimits = Field(default=PreemptionLimits(), description="How much may be stopped for others.")
    memory: Memory = Field(default=Memory(), description="How far GPU memory may be promised beyond what there is.")
    reservation_depth: int = Field(default=16, ge=1, le=1000, description="Waiting jobs that hold a reservation.")
    metering_slot: Annotated[timedelta, Between("1m", "30m")] = Field(
        default=timedelta(minutes=5), description="Interval in which nodes report and sign what ran."
    )
    settlement: Settlement = Field(default=Settlement(), description="The calendar of settlement.")
    transparency_log: TransparencyLog = Field(
        default=TransparencyLog(), description="What makes a checkpoint of the ledger's log final."
    )


class PoolPolicyStatus(Status):
    """What Hanse has made of the spec."""


class PoolPolicy(Resource):
    """The alliance's rules for sharing, preemption, GPU memory and settlement. There is one, named default."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.metadata.name == 'default'",
            "there is one PoolPolicy and its name is default: edit that one",
            holds=lambda policy: policy.metadata.name == "default",
        ),
    )
    definition: ClassVar[Definition] = Definition(
        plural="poolpolicies",
        short_name="pp",
        scope="Cluster",
        columns=(
            Column("Precision", ".spec.referencePrecision"),
            Column("Reclaim Bound", ".spec.reclaimBound"),
            Column("Max Grace", ".spec.maxGrace"),
            Column("Slot", ".spec.meteringSlot"),
            AGE,
        ),
    )
    kind: str = "PoolPolicy"
    spec: PoolPolicySpec = Field(description="What the alliance has agreed.")
    status: PoolPolicyStatus = Field(default_factory=PoolPolicyStatus, description="What Hanse has made of the spec.")
