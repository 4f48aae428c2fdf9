"""What a check finds wrong."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A check's number, where in the export (file and line), and what is wrong there."""

    check: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.check} {self.where}: {self.message}"
