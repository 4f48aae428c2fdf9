"""What a leaf of the log commits to: a row of the ledger, with the file of an export that it belongs to.

In: a line of an export, and a salt. Out: bytes. A row that concerns several parties has parts: the whole row, for who
may read everything, and what each party may see of it. A member is given its part of a transfer or a decision, and can
show that it is in the log, without learning who is on the other side. The sealer and the verifier share this; it needs
neither the database nor anything else of this package.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hanse.evidence import canonical, commitments
from hanse.evidence.canonical import Json

# The files of an export whose rows are sealed, each row in a leaf of its own.
SEALED = (
    "members", "keys", "enrolments", "levies", "rates", "entitlements", "cycles", "decisions", "effects", "facts",
    "violations", "slots", "cutoffs", "postings", "transfers", "usage", "acknowledgements", "settlements", "acts",
)  # fmt: skip
LEAF, SALT = "leaf", "salt"
"""What a line of an export says about its leaf: the number, and what opens it. A row that is not sealed has neither."""
# What a party sees of its decisions and of its side of a transfer, as the views `own_decision` and `own_transfer` do.
# Not a transfer's id, which follows from both accounts, so that a guess could be tried.
OF_DECISION = ("term", "cycle", "index", "kind", "effect", "verdict", "reason", "job", "attempt", "fence")
OF_TRANSFER = ("kind", "purpose", "amount", "hour", "period", "run", "attempt")
SIDES = ("debit", "credit")
# A ruling names what it gave back, by ids that follow from both accounts too.
OF_RULING = ("recorded", "id", "kind", "subject")
GIVEN_BACK = "transfers"
_WITH_PARTS = frozenset({"decisions", "transfers", "acts"})
_OF_THE_EXPORT = frozenset({"carried", LEAF, SALT})


@dataclass(frozen=True)
class Sealed:
    """The *entry* of a row's leaf, and the hashes of its *parts* if it has some."""

    entry: bytes
    parts: tuple[bytes, ...] = ()


def seal(kind: str, line: Mapping[str, Json], salt: bytes) -> Sealed:
    """Return the leaf of a row; what only an export says about the row is left out."""
    return _sealed(kind, line, salt, canonical.encode)


def seal_again(kind: str, line: Mapping[str, Json], salt: bytes) -> Sealed:
    """Return the leaf of a row that was decoded from canonical JSON: the same as :func:`seal`, and sooner."""
    return _sealed(kind, line, salt, canonical.again)


def _sealed(kind: str, line: Mapping[str, Json], salt: bytes, encode: Callable[[Json], bytes]) -> Sealed:
    shown = _parts(kind, line)
    if not shown:
        return Sealed(commitments.entry(salt, encode({"file": kind, "row": _own(line)})))
    hashes = commitments.parts(salt, [encode(each) for each in shown])
    return Sealed(commitments.of_parts(hashes), tuple(hashes))


def body(kind: str, line: Mapping[str, Json]) -> bytes:
    """Return what the leaf of a row without parts commits to."""
    return canonical.encode({"file": kind, "row": _own(line)})


def part_bodies(kind: str, line: Mapping[str, Json]) -> list[bytes]:
    """Return what the parts of a row's leaf commit to, the whole row first; nothing if it has no parts."""
    return [canonical.encode(each) for each in _parts(kind, line)]


def _parts(kind: str, line: Mapping[str, Json]) -> list[Json]:
    """Return the parts of a row; the keys of each are in order, if those of the row are."""
    if kind not in _WITH_PARTS:
        return []
    own = _own(line)
    said = own.get("body")
    if not isinstance(said, dict):
        return []
    if kind == "acts":
        return _of_ruling(own, said) if GIVEN_BACK in said else []
    if kind == "decisions":
        return _numbered(kind, own, {"id": own["id"], **_some(said, OF_DECISION), **_some(own, ("recorded",))})
    seen = {**_some(said, OF_TRANSFER), **_some(own, ("recorded",))}
    return _numbered(kind, own, *({**seen, "side": side, "account": said.get(side, "")} for side in SIDES))


def _of_ruling(own: dict[str, Json], said: Mapping[str, Json]) -> list[Json]:
    seen: dict[str, Json] = {name: each for name, each in said.items() if name != GIVEN_BACK}
    return _numbered("acts", own, {**_some(own, OF_RULING), "body": seen})


def opening(kind: str, line: Mapping[str, Json], salt: bytes) -> tuple[bytes, bytes]:
    """Return salt and what is shown to open a row's leaf as a whole."""
    bodies = part_bodies(kind, line)
    if not bodies:
        return salt, body(kind, line)
    return commitments.salt_of_part(salt, 0), commitments.shown(bodies[0], commitments.parts(salt, bodies))


def _numbered(kind: str, own: dict[str, Json], *seen: dict[str, Json]) -> list[Json]:
    """Return the whole row and what parties see of it as parts; the names of fields that they see are ASCII."""
    shown = (own, *(dict(sorted(each.items())) for each in seen))
    return [{"file": kind, "part": number, "row": row} for number, row in enumerate(shown)]


def _own(line: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in line.items() if name not in _OF_THE_EXPORT}


def _some(said: Mapping[str, Json], names: tuple[str, ...]) -> dict[str, Json]:
    return {name: said[name] for name in names if name in said}
