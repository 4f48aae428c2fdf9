"""Asking the witnesses of a policy to cosign a checkpoint.

In: a signed checkpoint, and the log's tiles. Out: the cosignatures that came. A witness says itself what it has seen
last, so nothing about it is remembered. One that does not answer is asked again with the next checkpoint; one that
refuses is named, because that is what somebody must look at. All are asked at once.
"""

import http.client
import urllib.parse
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus

from hanse.evidence import checkpoints, merkle, tiles, witnessing
from hanse.evidence.errors import EvidenceError
from hanse.evidence.notes import Note, Signature
from hanse.evidence.policy import Party

SECONDS_MAX = 5
_ANSWER_BYTES_MAX = 2**18


@dataclass(frozen=True)
class Asked:
    """What the witnesses have answered: cosignatures, and by name why there is none."""

    signatures: tuple[Signature, ...]
    refused: Mapping[str, str]


def ask(note: Note, parties: Mapping[str, Party], read: tiles.Read) -> Asked:
    """Ask witnesses, each of which has a URL, by their names in the policy."""
    signatures: list[Signature] = []
    refused: dict[str, str] = {}
    if parties:
        with ThreadPoolExecutor(len(parties)) as pool:
            asked = {name: pool.submit(_ask, note, read, party) for name, party in parties.items()}
        for name, answer in asked.items():
            try:
                signatures += answer.result()
            except (OSError, http.client.HTTPException, EvidenceError) as error:
                refused[name] = f"{type(error).__name__}: {error}"
    return Asked(tuple(signatures), refused)


def _ask(note: Note, read: tiles.Read, party: Party) -> list[Signature]:
    size = checkpoints.parse(note.text).size
    node = tiles.node_reader(read, size)
    # A guess that is right for a witness that has just cosigned this one, and else makes it say what it has seen.
    status, body = _post(party.url, witnessing.encode(size, [], note))
    if status == HTTPStatus.CONFLICT and body.strip().isdigit():
        seen = int(body)
        if seen > size:
            raise EvidenceError(f"it has seen {seen} leaves, and this log has {size}: there is another one")
        status, body = _post(party.url, witnessing.encode(seen, merkle.consistency(node, seen, size), note))
    if status != HTTPStatus.OK:
        raise EvidenceError(f"it answers {status}: {body.decode(errors='replace').strip()[:200]}")
    return witnessing.cosignatures(body, note, party.key)


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    parts = urllib.parse.urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise EvidenceError(f"{url!r} is no URL of a witness: write http(s)://HOST")
    connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=SECONDS_MAX)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/add-checkpoint", body)
        answer = connection.getresponse()
        return answer.status, answer.read(_ANSWER_BYTES_MAX)
    finally:
        connection.close()
