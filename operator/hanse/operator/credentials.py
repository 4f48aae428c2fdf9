"""Storage credentials: from a member's Secret to what only one cluster's agent can read.

In: a job's `spec.storage` and the Secret that it names. Out: the variables of its workers, sealed to the agent's key;
or what is wrong with the Secret, by the names of its keys and never by a value. Pure, but for the seal's own key.
"""

import base64
import binascii
import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from hanse.evidence import sealing
from hanse.resources.training_job import Storage

REQUIRED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
VALUE_LENGTH_MAX = 4096
VALUES_LENGTH_MAX = 16_384
"""All values together: with the places and the seal they fit into a Placement."""
# Other variables could change what a worker runs (LD_PRELOAD) or whom it takes itself for (HANSE_TOKEN).
_VARIABLE = re.compile(r"AWS_[A-Z0-9_]{1,60}")


class UnusableError(Exception):
    """The credentials cannot be handed on; the message names the key and says what to do, without any value."""


def read(secret: Mapping[str, Any]) -> dict[str, str]:
    """Return the credentials in a Secret, by variable.

    Raises:
        UnusableError: it lacks something, or holds what is no credential.

    """
    data = secret.get("data") or {}
    for name in REQUIRED:
        if name not in data:
            raise UnusableError(f"it has no key {name}: add it")
    found = {}
    for name, encoded in sorted(data.items()):
        if not _VARIABLE.fullmatch(name):
            raise UnusableError(f"its key {name[:100]!r} is no AWS_* variable: keep only those in this Secret")
        found[name] = _value(name, encoded)
    if sum(len(value) for value in found.values()) > VALUES_LENGTH_MAX:
        raise UnusableError(f"its values are longer than {VALUES_LENGTH_MAX} characters together: shorten them")
    return found


def variables(storage: Storage, given: Mapping[str, str]) -> dict[str, str]:
    """Return what workers need to reach their storage; *given* are the credentials that :func:`read` returned."""
    found = dict(given)
    if storage.checkpoint is not None:
        found["HANSE_STORAGE_CHECKPOINT"] = storage.checkpoint
    if storage.data:
        found["HANSE_STORAGE_DATA"] = " ".join(storage.data)  # the API's rules allow no blank in a place
    return found


def seal(agent_key: bytes, values: Mapping[str, str]) -> str:
    """Return the variables as only the agent with this X25519 key reads them, in base64; each time another text.

    Raises:
        UnusableError: the key is none.

    """
    try:
        sealed = sealing.seal(agent_key, sealing.STORAGE, json.dumps(dict(values)).encode())
    except ValueError as error:
        raise UnusableError("the cluster's agentKey cannot be sealed to: its owner must join it anew") from error
    return base64.b64encode(sealed).decode()


@functools.lru_cache(maxsize=4096)
def is_usable(agent_key: str) -> bool:
    """Return whether anything can be sealed to a cluster's key, in base64; to some that look like one nothing can."""
    try:
        seal(base64.b64decode(agent_key), {})
    except (UnusableError, binascii.Error):
        return False
    return True


def _value(name: str, encoded: str) -> str:
    try:
        value = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise UnusableError(f"the value of {name} is no text: write it anew") from None
    if not value or not value.isprintable() or value != value.strip():
        # Most often the line break that echo adds; the store would answer with a riddle about signatures.
        raise UnusableError(
            f"the value of {name} is empty, or has a line break, a control character or a blank at an end:"
            " write it anew, for example with kubectl create secret generic --from-literal"
        )
    if len(value) > VALUE_LENGTH_MAX:
        raise UnusableError(f"the value of {name} is longer than {VALUE_LENGTH_MAX} characters: shorten it")
    return value
