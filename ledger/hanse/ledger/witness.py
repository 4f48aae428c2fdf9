"""A witness as a process: it keeps the last checkpoint of each log, and cosigns what continues it (C2SP tlog-witness).

In: requests over HTTP. Out: cosignatures, each only after what was cosigned is on disk; what does not continue is kept
as evidence, with the log's own signature under it. An auditor or a member runs it, with `hanse[audit]` alone, on a
machine that is not the coordinator's. What it decides is in :mod:`hanse.evidence.witnessing`.
"""

import hashlib
import http.server
import os
import threading
import time
from http import HTTPStatus
from pathlib import Path

from hanse.evidence import checkpoints, notes, witnessing
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Signer
from hanse.evidence.policy import Policy
from hanse.evidence.witnessing import Answer

REQUEST_BYTES_MAX = 2**18
EVIDENCE_MAX = 1000
"""So many refused checkpoints are kept; somebody who sends more has been found out already."""
_SECONDS_MAX = 30


class Witness:
    """One witness; its *folder* is what must never be lost, nor brought back from a backup."""

    def __init__(self, folder: Path, policy: Policy, signer: Signer) -> None:
        self._folder, self._policy, self._signer = folder, policy, signer
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def add(self, request: bytes) -> Answer:
        """Answer a request; what is cosigned is on disk when this returns."""
        try:
            origin = witnessing.origin(request)
        except EvidenceError as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        if not any(log.key.name == origin for log in self._policy.logs):
            return witnessing.answer(request, None, self._policy, self._signer, 0)
        file = self._folder / hashlib.sha256(origin.encode()).hexdigest()
        with self._lock:  # compare, keep and answer as one
            answer = witnessing.answer(request, self._seen(file, origin), self._policy, self._signer, int(time.time()))
            if answer.cosigned is not None:
                write(file, witnessing.decode(request).note.encode())
                _evidence(file, request).unlink(missing_ok=True)
            elif answer.status is HTTPStatus.UNPROCESSABLE_ENTITY:
                self._keep(file, request)
        return answer

    def _seen(self, file: Path, origin: str) -> Checkpoint | None:
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return None
        seen = checkpoints.parse(notes.parse(data).text)
        if seen.origin != origin:
            raise EvidenceError(f"{file} is about the log {seen.origin}")
        return seen

    def _keep(self, file: Path, request: bytes) -> None:
        """Keep what a log signed and did not continue what it had signed before, beside what it continues.

        Once for each checkpoint, and only until that one is cosigned after all: anybody can send a good checkpoint with
        proofs that are none, and would leave no room for what is evidence.

        """
        kept = _evidence(file, request)
        kept.parent.mkdir(exist_ok=True)
        if sum(1 for _ in kept.parent.iterdir()) < EVIDENCE_MAX and not kept.exists():
            seen = file.read_bytes() if file.exists() else b""
            write(kept, seen + b"\n--\n" + request)


def _evidence(file: Path, request: bytes) -> Path:
    """Return where a request's checkpoint would be kept that does not continue what is in *file*."""
    text = witnessing.decode(request).note.text
    return file.with_suffix(".evidence") / hashlib.sha256(text).hexdigest()


def write(file: Path, data: bytes) -> None:
    """Write a file whole, so that it is there after a power cut."""
    aside = file.with_suffix(".part")
    with aside.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    aside.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def server(witness: Witness, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """Return a server that answers `POST /add-checkpoint`; it listens already."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = _SECONDS_MAX

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                answer = Answer(HTTPStatus.NOT_FOUND, "POST to /add-checkpoint\n")
            elif not length.isascii() or not length.isdigit() or int(length) > REQUEST_BYTES_MAX:
                answer = Answer(HTTPStatus.BAD_REQUEST, f"send up to {REQUEST_BYTES_MAX} bytes, and say how many\n")
            else:
                answer = witness.add(self.rfile.read(int(length)))
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the standard library
            """Say nothing: what matters is kept as evidence."""

    return http.server.ThreadingHTTPServer((host, port), Handler)
