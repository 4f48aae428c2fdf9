"""What a check finds wrong, and the numbers and sentences of the checks."""

from collections.abc import Iterable
from dataclasses import dataclass

SENTENCES = {
    "C1": "the log has signed the checkpoint, and the policy's quorum has cosigned it",
    "C2": "the files are those of the manifest, and those of the log lead to its root",
    "C3": "each row has the id and the hash of what it says, in its order; rows and leaves of the log are the same",
    "C4": "every effect has its decision, every decision its effect",
    "C5": "who was stopped for another was weaker",
    "C6": "the slots of every enrolled node came in",
    "C7": "every slot is signed by an enrolled node with a key of its own, every enrolment by its member",
    "C8": "each second of each GPU is attributed exactly once",
    "C9": "what was posted is what the slots come to",
    "C10": "debits equal credits; balances are what transfers add up to; rates were published",
    "C11": "no cap was crossed; overruns are on record",
    "C12": "each node's slots continue one another; what consumers say of their use is what was posted, or on record",
    "C13": "nothing is backdated",
    "C14": "what was settled is what the books came to then, in its time; disputes took their course",
    "C15": "nothing is left out of what is counted on: cycles, runs, leaves, and what each node signed",
}
FINDINGS_MAX = 100


@dataclass(frozen=True)
class Finding:
    """A check's number, where in the export (file and line), and what is wrong there."""

    check: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.check} {self.where}: {self.message}"


def keep(found: list[Finding], more: Iterable[Finding]) -> None:
    """Keep so many findings as are shown at most; what is beyond them is looked at all the same."""
    for each in more:
        if len(found) < FINDINGS_MAX:
            found.append(each)


@dataclass(frozen=True)
class Remark:
    """What is not wrong, and has to be known: a figure of a check, and where it shows first."""

    check: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.check} {self.where}: {self.message}"
