"""`hanse logs`: what a job's workers print, wherever they run; opened here, with the member's own key.

In: sealed tails from the API service, and private keys from files. Out: lines, each once. What a job prints is made
harmless before a terminal gets it: it could otherwise rewrite what stands there, or type.
"""

import base64
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

import typer
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.cli.errors import CommandError
from hanse.cli.hub import ApiUrl, Namespace, ask
from hanse.evidence import sealing, tails
from hanse.evidence.errors import EvidenceError
from hanse.evidence.tails import Tail, Worker

POLL_SECONDS = 2.0
PAGE_TAILS = 64
LAST_WORDS_SECONDS = 20.0
"""How long after an attempt's end its last lines may still come."""
_TERMINAL_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def logs(
    name: Annotated[str, typer.Argument(help="The job.")],
    namespace: Namespace,
    key: Annotated[
        list[Path],
        typer.Option(
            envvar="HANSE_KEY",
            help="The member's private sealing key, the other half of spec.keys.encrypt. May be repeated: after a"
            " change of keys the old one opens what was sealed before.",
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the attempt has ended.")] = False,
    worker: Annotated[int | None, typer.Option(min=0, help="One worker's rank.")] = None,
    attempt: Annotated[int | None, typer.Option(min=1, help="An attempt's fence, as hanse explain shows it.")] = None,
    api: ApiUrl = "",
) -> None:
    """Print the last lines of a job's workers: up to 200 each, of the newest attempt."""
    printer = Printer([_private(file) for file in key], is_terminal=sys.stdout.isatty())
    path = f"/v1/jobs/{quote(namespace, safe='')}/{quote(name, safe='')}/logs"
    asked = {"worker": worker, "attempt": attempt}
    cursor, said, ended_at = "", "", None
    while True:
        answer = _changed(api, path, asked, cursor)
        if answer["problem"] and answer["problem"] != said:
            said = answer["problem"]
            typer.echo(f"hanse: {said}", err=True)
        for line in printer.lines(answer):
            # In colour: without, what goes into a file or a pipe would be changed.
            typer.echo(line, color=True)
        cursor = answer["next"]
        if not follow:
            break
        if answer["fence"] is not None:
            # What comes later is of the same attempt, whichever is then the newest.
            asked["attempt"] = answer["fence"]
        if answer["ended"] and not answer["items"]:
            ended_at = ended_at or time.monotonic()
            if time.monotonic() - ended_at > LAST_WORDS_SECONDS:
                break
        time.sleep(POLL_SECONDS)
    _conclude(printer, answer)


def _conclude(printer: "Printer", answer: dict[str, Any]) -> None:
    """Say why there was less than expected."""
    if printer.unopened:
        raise CommandError(
            f"{printer.unopened} workers' lines are sealed to another key: name the private half of the"
            " spec.keys.encrypt that the Member had when they were written, with --key"
        )
    if answer["fence"] is not None and not printer.printed and not answer["problem"]:
        typer.echo(
            f"hanse: nothing is kept of attempt {answer['fence']} ({answer['state']}): its workers have printed"
            " nothing yet, or it is older than a week; --attempt shows another one",
            err=True,
        )


def _changed(api: str, path: str, asked: dict[str, int | None], cursor: str) -> dict[str, Any]:
    """Return all that has changed since *cursor*, as one answer."""
    items: list[Any] = []
    query = {name: value for name, value in asked.items() if value is not None}
    while True:
        answer: dict[str, Any] = ask(api, f"{path}?{urlencode({**query, 'limit': PAGE_TAILS, 'cursor': cursor})}")
        items += answer["items"]
        # All pages are of one attempt, even if a new one begins meanwhile.
        query |= {"attempt": answer["fence"]} if answer["fence"] is not None else {}
        cursor = answer["next"]
        if not answer["items"]:
            return {**answer, "items": items}


def _private(file: Path) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(base64.b64decode(file.read_text().strip(), validate=True))
    except OSError as error:
        raise CommandError(f"--key {file}: {error.strerror}; name the member's private sealing key") from error
    except ValueError as error:
        raise CommandError(f"--key {file}: this is no X25519 private key in base64") from error


@dataclass
class Printer:
    """Opens tails, and tells what is new in them."""

    keys: Sequence[X25519PrivateKey]
    is_terminal: bool
    printed: bool = False
    _last_by_rank: dict[int, str] = field(default_factory=dict)
    _unopened: set[int] = field(default_factory=set)

    @property
    def unopened(self) -> int:
        """Of how many workers there are lines that no key opens."""
        return len(self._unopened)

    def lines(self, answer: dict[str, Any]) -> Iterator[str]:
        """Yield the lines of an answer that were not there before, in the order of their times."""
        found: list[tuple[str, int, str]] = []
        for item in answer["items"]:
            rank = int(item["rank"])
            tail = self._opened(item, Worker(UUID(answer["attempt"]), answer["fence"], rank))
            if tail is not None:
                found += [(line.partition(" ")[0], rank, line) for line in self._new(rank, tail)]
        # Sorted by time and rank alone: lines of one worker stay in their order.
        for _, rank, line in sorted(found, key=lambda each: each[:2]):
            self.printed = True
            yield f"w-{rank} {self._harmless(line.partition(' ')[2])}"

    def _opened(self, item: dict[str, Any], worker: Worker) -> Tail | None:
        blind, recipient, sealed = (base64.urlsafe_b64decode(item[name]) for name in ("blind", "key", "sealed"))
        for key in self.keys:
            if sealing.blinded(key.public_key().public_bytes_raw(), blind) != recipient:
                continue
            try:
                return tails.unseal(key, blind, worker, sealed)
            except EvidenceError as error:
                raise CommandError(f"what is kept of worker {worker.rank} was changed on its way: {error}") from error
        self._unopened.add(worker.rank)
        return None

    def _new(self, rank: int, tail: Tail) -> Iterable[str]:
        """Return the lines, times before them, that come after the last one of this worker; say if some are lost."""
        lines = tail.text.decode(errors="replace").split("\n")
        lines = lines[:-1] if not lines[-1] else lines
        last = self._last_by_rank.get(rank)
        if lines:
            self._last_by_rank[rank] = lines[-1]
        if last is None:
            return lines
        if last in lines:
            return lines[len(lines) - lines[::-1].index(last) :]
        lost = [f"{lines[0].partition(' ')[0]} [lines of this worker were lost here]"] if tail.is_cut and lines else []
        return lost + lines

    def _harmless(self, text: str) -> str:
        """Return a line as a terminal may have it; what goes elsewhere, into a file say, stays as it is."""
        return harmless(text) if self.is_terminal else text


def harmless(text: str) -> str:
    """Return a line without what steers a terminal. Of one that was written over with returns, the last state stays."""
    plain = _TERMINAL_SEQUENCE.sub("", text).rstrip("\r").rpartition("\r")[2]
    return "".join(each if each.isprintable() or each == "\t" else "" for each in plain)
