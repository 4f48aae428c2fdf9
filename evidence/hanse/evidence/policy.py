"""A log's policy (C2SP tlog-policy): whose signatures make a checkpoint count.

In: the policy's text, and checkpoints. Out: the checkpoint, if a log of the policy has signed it and witnesses that are
a quorum have cosigned it. The text is what members and auditors agree on once; everybody keeps a copy of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hanse.evidence import checkpoints, notes
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Key

NONE = "none"


@dataclass(frozen=True)
class Party:
    """A log or a witness: its key, and where it is reached, if that is said."""

    key: Key
    url: str = ""


@dataclass(frozen=True)
class Group:
    """So many of its members have to cosign; a member is a witness or a group."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Accepted:
    """A checkpoint that counts, and when (Unix time) each witness by name has cosigned it."""

    checkpoint: Checkpoint
    cosigned_at: dict[str, int]


@dataclass
class Policy:
    """The logs, the witnesses and groups by name, and the name of the one that is the quorum."""

    logs: list[Party] = field(default_factory=list)
    witnesses: dict[str, Party] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""

    def accept(self, data: bytes) -> Accepted:
        """Return the checkpoint in a note.

        Raises:
            EvidenceError: no log of the policy has signed it, or too few witnesses have.

        """
        note = notes.parse(data)
        checkpoint = checkpoints.parse(note.text)
        own = [log.key for log in self.logs if log.key.name == checkpoint.origin]
        if not own:
            raise EvidenceError(f"{checkpoint.origin} is no log of this policy")
        cosigners = {party.key: name for name, party in self.witnesses.items()}
        found = checkpoints.verified(note, [*own, *cosigners])
        if not any(key in found for key in own):
            raise EvidenceError(f"no key of the log {checkpoint.origin} has signed the checkpoint")
        cosigned = {name: found[key].at_seconds for key, name in cosigners.items() if key in found}
        if not self.is_quorum(cosigned):
            said = ", ".join(sorted(cosigned)) or "nobody"
            raise EvidenceError(f"the quorum {self.quorum!r} has not cosigned the checkpoint: {said} has")
        return Accepted(checkpoint, cosigned)

    def is_quorum(self, names: "set[str] | dict[str, int]") -> bool:
        """Whether these witnesses are a quorum."""
        return self.quorum == NONE or self._has(self.quorum, names)

    def _has(self, name: str, cosigned: "set[str] | dict[str, int]") -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._has(member, cosigned) for member in group.members) >= group.threshold


def parse(text: str) -> Policy:
    """Return the policy that a text says.

    Raises:
        EvidenceError: a line is wrong, which is named, or there is no quorum.

    """
    policy = Policy()
    taken: set[str] = set()  # names that are a member of some group
    for number, words in _lines(text):
        try:
            _add(policy, taken, words)
        except EvidenceError as error:
            raise EvidenceError(f"policy, line {number}: {error}") from error
    if not policy.quorum:
        raise EvidenceError("the policy has no line `quorum NAME`; write `quorum none` if no witness is needed")
    return policy


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if any(each < " " and each != "\t" for each in line):
            raise EvidenceError(f"policy, line {number}: a policy has no control characters but tab and newline")
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            yield number, words


def _add(policy: Policy, taken: set[str], words: list[str]) -> None:
    match words:
        case ["log", key, *url] if len(url) <= 1:
            _add_log(policy, Party(notes.parse_key(key), *url))
        case ["witness", name, key, *url] if len(url) <= 1:
            _check_new(policy, name)
            _add_witness(policy, name, Party(notes.parse_key(key), *url))
        case ["group", name, threshold, *members] if members:
            _check_new(policy, name)
            for member in members:
                _check_known(policy, member)
                if member in taken:
                    raise EvidenceError(f"{member!r} is in a group already")
                taken.add(member)
            policy.groups[name] = Group(_threshold(threshold, len(members)), tuple(members))
        case ["quorum", name]:
            if policy.quorum:
                raise EvidenceError("a policy has one quorum")
            if name != NONE:
                _check_known(policy, name)
            policy.quorum = name
        case _:
            raise EvidenceError(f"write log, witness, group or quorum with what belongs to it, not {' '.join(words)!r}")


def _add_log(policy: Policy, party: Party) -> None:
    if any(party.key.public == other.key.public for other in policy.logs):
        raise EvidenceError(f"the key of the log {party.key.name} is there already")
    if party.key.type == notes.COSIGNATURE:
        raise EvidenceError(f"the key of the log {party.key.name} is a witness's: its type is {party.key.type}")
    policy.logs.append(party)


def _add_witness(policy: Policy, name: str, party: Party) -> None:
    if any(party.key.public == other.key.public for other in policy.witnesses.values()):
        raise EvidenceError(f"the key of the witness {name} is there already: each has one of its own")
    if party.key.type == notes.ED25519:
        raise EvidenceError(f"the key of the witness {name} is a log's: its type is {party.key.type}, without a time")
    policy.witnesses[name] = party


def _threshold(word: str, members: int) -> int:
    if word in {"any", "all"}:
        return members if word == "all" else 1
    if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= members:
        raise EvidenceError(f"a threshold is all, any, or from 1 to {members}, not {word!r}")
    return int(word)


def _check_new(policy: Policy, name: str) -> None:
    if name == NONE or name in policy.witnesses or name in policy.groups:
        raise EvidenceError(f"the name {name!r} is taken")


def _check_known(policy: Policy, name: str) -> None:
    if name not in policy.witnesses and name not in policy.groups:
        raise EvidenceError(f"{name!r} is no witness or group of a line before")
