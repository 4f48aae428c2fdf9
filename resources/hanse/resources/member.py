"""`Member`: a party of the alliance, what it may use, lend and spend, and how it divides that within itself."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hanse.resources.model import AGE, Column, Definition, Model, Resource, Status
from hanse.resources.rules import ListOf, Rule
from hanse.resources.scalars import (
    GPU_COUNT_MAX,
    MILLI_H100E_SECONDS_MAX,
    Name,
    PublicKey,
    Text,
    Thousandths,
    named_like_a_label,
)


class ClassGpus(Model):
    """A number of GPUs of one class."""

    accelerator_class: Name = Field(alias="class", description="Name of an AcceleratorClass.")
    gpus: int = Field(ge=0, le=GPU_COUNT_MAX, description="Whole GPUs.")


class Organisation(Model):
    """A part of the member with an entitlement of its own. Jobs belong to the leaves."""

    name: Name = Field(description="Unique within the member; the label hanse.dev/organisation of its namespaces.")
    parent: Name | None = Field(
        default=None, description="The organisation above, listed earlier; absent directly below the member."
    )
    share_thousandths: Annotated[
        dict[str, Thousandths],
        Rule(
            "self.all(c, c.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$'))",
            "each key of shareThousandths is the name of an AcceleratorClass: small letters, digits and -",
        ),
    ] = Field(
        max_length=16,
        description="Share of the parent's entitlement, in thousandths, by accelerator class. A class that is not"
        " named is 0.",
    )


class Cap(Model):
    """A hard limit on use, either over a calendar window or at any one time. It is never crossed."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.milliH100eSeconds) != has(self.atOnceMilliH100e)",
            "a cap limits one thing: set milliH100eSeconds with window, or atOnceMilliH100e, and not both",
            holds=lambda cap: (cap.milli_h100e_seconds is None) != (cap.at_once_milli_h100e is None),
        ),
        Rule(
            "has(self.milliH100eSeconds) == has(self.window)",
            "window and milliH100eSeconds belong together: set both, or atOnceMilliH100e alone",
            field=".window",
            holds=lambda cap: (cap.milli_h100e_seconds is None) == (cap.window is None),
        ),
    )
    name: Name = Field(description="Names the cap's account in the ledger; a renamed cap starts at nothing used.")
    organisation: Name | None = Field(
        default=None, description="The organisation that is capped; absent, the whole member."
    )
    window: Literal["Hour", "Day", "Week", "Month"] | None = Field(
        default=None,
        description="The calendar window over which milliH100eSeconds counts, in the settlement time zone.",
    )
    milli_h100e_seconds: int | None = Field(
        default=None,
        ge=0,
        le=MILLI_H100E_SECONDS_MAX,
        description="Most that may be used in a window, in milli-H100e-seconds: one H100 for an hour is 3600000.",
    )
    at_once_milli_h100e: int | None = Field(
        default=None,
        ge=0,
        le=GPU_COUNT_MAX * 1000,
        description="Most that may be in use at any one time, in milli-H100e: one H100 is 1000.",
    )


class Subject(Model):
    """Somebody who acts for a member or has a role, as RBAC names them."""

    kind: Literal["User", "Group"] = Field(description="What name is the name of.")
    name: Text = Field(
        max_length=253,
        description="The name as the API server's authenticator gives it; for somebody of the OpenID provider that the"
        " API service knows, with its prefix, oidc: by default.",
    )


class MemberKeys(Model):
    """Public keys of the member. Their private halves never leave it."""

    verify: PublicKey = Field(description="Ed25519, base64: certifies the keys with which its nodes sign what ran.")
    encrypt: PublicKey = Field(description="X25519, base64: logs of its jobs are encrypted to this key.")


_SIBLING = "(has(p.parent) ? has(o.parent) && p.parent == o.parent : !has(o.parent))"
# The list of one list binds a name: finding the siblings once for each class would be refused as too costly.
_SHARES_ADD_UP = (
    f"self.organisations.all(o, [self.organisations.filter(p, {_SIBLING})].all(siblings, o.shareThousandths.all(c,"
    " o.shareThousandths[c] > 1000 || siblings.map(p, p.shareThousandths[?c].orValue(0)).sum() <= 1000)))"
)


def _shares_add_up(spec: "MemberSpec") -> bool:
    sums: dict[tuple[str | None, str], int] = {}
    for organisation in spec.organisations:
        for name, share in organisation.share_thousandths.items():
            key = (organisation.parent, name)
            sums[key] = sums.get(key, 0) + share
    return all(total <= 1000 for total in sums.values())  # noqa: PLR2004


def _parents_come_first(spec: "MemberSpec") -> bool:
    seen: set[str | None] = {None}
    for organisation in spec.organisations:
        if organisation.parent not in seen:
            return False
        seen.add(organisation.name)
    return True


class MemberSpec(Model):
    """What the coordinator has agreed with the member."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.organisations.all(i, o, !has(o.parent)"
            " || self.organisations.exists(j, p, j < i && p.name == o.parent))",
            "the parent of each organisation must be listed before it: add the parent, or move it up",
            field=".organisations",
            holds=_parents_come_first,
        ),
        Rule(
            _SHARES_ADD_UP,
            "shareThousandths of the organisations below one parent add up to more than 1000 in a class: lower one",
            field=".organisations",
            holds=_shares_add_up,
        ),
        Rule(
            "self.caps.all(c, !has(c.organisation) || self.organisations.exists(o, o.name == c.organisation))",
            "a cap names an organisation that is not in organisations: add it there, or remove the cap",
            field=".caps",
            holds=lambda spec: {cap.organisation for cap in spec.caps} <= {None, *(o.name for o in spec.organisations)},
        ),
    )
    display_name: Text = Field(max_length=128, description="The name that people see.")
    suspended: bool = Field(
        default=False,
        description="While true no job of the member is admitted; what runs goes on until its next renewal.",
    )
    parent_organisation: Name | None = Field(
        default=None,
        description="A legal parent that related members have in common. It carries no entitlement; lending among"
        " related members earns no credit.",
    )
    levy_thousandths: Thousandths = Field(
        default=0, description="Part of its contributed nodes, in thousandths, that the coordinator grants to others."
    )
    grants: Annotated[tuple[ClassGpus, ...], ListOf(key="class")] = Field(
        default=(), max_length=16, description="GPUs out of the levy that the member may use as its own."
    )
    organisations: Annotated[tuple[Organisation, ...], ListOf(key="name")] = Field(
        default=(),
        max_length=64,
        description="The tree below the member, parents first. Empty: the member is the leaf.",
    )
    borrowing_limits: Annotated[tuple[ClassGpus, ...], ListOf(key="class")] = Field(
        default=(),
        max_length=16,
        description="Most GPUs of a class that it may use above its entitlement. A class not named has no limit.",
    )
    lending_limits: Annotated[tuple[ClassGpus, ...], ListOf(key="class")] = Field(
        default=(),
        max_length=16,
        description="Most of its own unlevied GPUs of a class that others may borrow. A class not named has no limit.",
    )
    caps: Annotated[tuple[Cap, ...], ListOf(key="name")] = Field(
        default=(), max_length=32, description="Hard limits on use."
    )
    zones: Annotated[tuple[Name, ...], ListOf()] = Field(
        default=(),
        max_length=32,
        description="Residency: its jobs run only in clusters that lie in one of these zones. Empty: anywhere.",
    )
    subjects: tuple[Subject, ...] = Field(
        default=(), max_length=64, description="Who acts for the member; hanse member add binds their roles."
    )
    keys: MemberKeys = Field(description="Public keys of the member.")


class MilliGpus(Model):
    """An amount of one class."""

    accelerator_class: Name = Field(alias="class", description="Name of an AcceleratorClass.")
    milli_gpus: int = Field(ge=0, description="Thousandths of a GPU.")


class MemberStatus(Status):
    """What Hanse has made of the spec."""

    phase: Literal["Active", "Suspended", "Misconfigured"] | None = Field(
        default=None, description="Whether jobs of the member are admitted."
    )
    entitlements: Annotated[tuple[MilliGpus, ...], ListOf(key="class")] = Field(
        default=(), max_length=16, description="What it may use now and not lose, by class."
    )


class Member(Resource):
    """A party of the alliance: what it may use and lend, its caps, organisations, people and keys."""

    rules: ClassVar[tuple[Rule, ...]] = (named_like_a_label("Member"),)
    definition: ClassVar[Definition] = Definition(
        plural="members",
        short_name="hm",
        scope="Cluster",
        columns=(
            Column("Display Name", ".spec.displayName"),
            Column("Phase", ".status.phase"),
            Column("Levy", ".spec.levyThousandths", "integer"),
            AGE,
            Column("Parent", ".spec.parentOrganisation", wide=True),
        ),
    )
    kind: str = "Member"
    spec: MemberSpec = Field(description="What the coordinator has agreed with the member.")
    status: MemberStatus = Field(default_factory=MemberStatus, description="What Hanse has made of the spec.")
