"""Who signs for the log: a key in a file, or a command that has one elsewhere. Never Postgres.

In: the text of a checkpoint. Out: the log's signatures on it. The command gets the text on its standard input and
prints lines of signatures, as in a signed note; the key may then be where no process of ours can read it. Whatever
signed, :mod:`hanse.ledger.sealer` checks it against the policy before anybody sees it.
"""

import os
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hanse.evidence import checkpoints, notes
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Signature, Signer
from hanse.ledger.errors import LedgerError

COMMAND_SECONDS_MAX = 30
_OF_NOBODY_ELSE = stat.S_IRWXG | stat.S_IRWXO
# A pod reads its Secrets by its group: root is their owner.
_OF_THE_GROUP = stat.S_IWGRP | stat.S_IRWXO


class SigningError(LedgerError):
    """Nothing was signed; the message says why, and never what the key is."""


class Signing(Protocol):
    """What signs."""

    def sign(self, checkpoint: Checkpoint, at_seconds: int) -> tuple[Signature, ...]:
        """Return the log's signatures on a checkpoint.

        Raises:
            SigningError: there are none.

        """


@dataclass(frozen=True)
class KeyFile:
    """Keys in a file, one a line, as `hanse log key` writes it."""

    signers: tuple[Signer, ...]

    def sign(self, checkpoint: Checkpoint, at_seconds: int) -> tuple[Signature, ...]:
        """Sign with each key."""
        return checkpoints.sign(checkpoint, self.signers, at_seconds).signatures


@dataclass(frozen=True)
class Command:
    """A command that signs."""

    arguments: Sequence[str]

    def sign(self, checkpoint: Checkpoint, at_seconds: int) -> tuple[Signature, ...]:  # noqa: ARG002  # its own clock
        """Have the command sign.

        Raises:
            SigningError: it failed, took too long, or printed something else.

        """
        name = self.arguments[0]
        try:
            done = subprocess.run(
                self.arguments, input=checkpoint.text, capture_output=True, check=False, timeout=COMMAND_SECONDS_MAX
            )
            lines = done.stdout.decode().splitlines()
            if done.returncode or not lines:
                raise SigningError(f"the command {name} signed nothing: it exited with {done.returncode}")
            return tuple(map(notes.parse_signature, lines))
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise SigningError(f"the command {name} signed nothing: {type(error).__name__}") from error


def load(file: Path) -> tuple[Signer, ...]:
    """Return the keys in a file that only its owner can read; if that is not us, as in a pod, our group may too.

    Raises:
        SigningError: it cannot be read, others can read it, or it holds something else.

    """
    try:
        found_as = file.stat()
        if found_as.st_mode & (_OF_NOBODY_ELSE if found_as.st_uid == os.geteuid() else _OF_THE_GROUP):
            raise SigningError(f"{file} can be read by others than its owner: chmod 600 it, and think about a new key")
        found = tuple(notes.parse_signer(line) for line in file.read_text().splitlines() if line)
    except OSError as error:
        raise SigningError(f"{file}: {error.strerror}; name a file that can be read") from error
    except EvidenceError as error:
        raise SigningError(f"{file}: {error}") from error
    if not found:
        raise SigningError(f"{file} holds no key; `hanse log key` makes one")
    return found
