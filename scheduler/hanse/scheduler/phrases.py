"""What is said to people, as a code of a closed list and the words and figures that stand in its sentence.

In: a code, an English sentence with places in braces, what stands there. Out: a :class:`Phrase`. Whoever speaks another
language says it from the code and the values, and never takes the English apart. What is told is decided where a phrase
is made; it must hold nothing that its sentence does not say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence, or a part of one."""

    code: str
    english: str
    values: Mapping[str, str]

    @property
    def coded(self) -> dict[str, Any]:
        """What another language is spoken from, as plain data."""
        return {"code": self.code, "values": dict(self.values)}


def phrase(code: str, english: str, **values: object) -> Phrase:
    """Return a phrase; *values* stand in the braces of its *english*."""
    named = {name: str(value) for name, value in values.items()}
    return Phrase(code, english.format(**named), named)


def joined(phrases: Iterable[Phrase]) -> str:
    """Return several phrases as one English sentence."""
    return "; ".join(each.english for each in phrases)
