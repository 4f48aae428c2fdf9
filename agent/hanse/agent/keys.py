"""The agent's keys, those of the nodes that it meters, and the tokens by which the workers of an attempt are known.

In: key files. Out: keys, tokens, a gang's storage. A token follows from the signing key, the attempt and its fence: it
needs no memory, outlives a restart, and is worth nothing under the next fence. A node's keys follow from the signing
key too, by the node's name and a number: what its member enrols it with, the agent can make again.
"""

import base64
import hashlib
import hmac
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.agent.gangs import Gang
from hanse.evidence import sealing, signatures

NODE_KEYS_MAX = 64
"""So many keys a node can have in its life under one signing key."""
_TOKEN = b"hanse.dev/attempt-token/v1\n"
_NODE_KEY = b"hanse.dev/node-key/v1\n"


class Keys:
    """The signing and the sealing key."""

    def __init__(self, signing_key: bytes, sealing_key: bytes) -> None:
        self.signing = Ed25519PrivateKey.from_private_bytes(signing_key)
        self._sealing = X25519PrivateKey.from_private_bytes(sealing_key)
        self._token_key = hashlib.sha256(_TOKEN + signing_key).digest()
        self._nodes_key = hashlib.sha256(_NODE_KEY + signing_key).digest()

    @classmethod
    def load(cls, signing_key: Path, sealing_key: Path) -> "Keys":
        """Read both files: 32 bytes in base64 each."""
        return cls(*(base64.b64decode(file.read_text().strip()) for file in (signing_key, sealing_key)))

    def of_node(self, node: str, number: int = 0) -> Ed25519PrivateKey:
        """Return a node's signing key of that number."""
        named = f"{node}/{number}".encode()
        return Ed25519PrivateKey.from_private_bytes(hmac.new(self._nodes_key, named, hashlib.sha256).digest())

    def number(self, node: str, public_key: bytes) -> int | None:
        """Return which of a node's keys the one with this public half is, or None if it is none of them."""
        numbers = range(NODE_KEYS_MAX)
        return next((each for each in numbers if signatures.public_bytes(self.of_node(node, each)) == public_key), None)

    def token(self, gang: Gang) -> str:
        """Return the token of a gang's workers."""
        return hmac.new(self._token_key, f"{gang.attempt}/{gang.fence}".encode(), hashlib.sha256).hexdigest()

    def is_token(self, gang: Gang, token: str) -> bool:
        """Whether it is the token of this gang's workers."""
        return hmac.compare_digest(self.token(gang).encode(), token.encode())

    def storage(self, sealed: str) -> dict[str, str]:
        """Return the variables by which workers reach their storage.

        Raises:
            EvidenceError: they were not sealed for this agent.

        """
        variables = json.loads(sealing.unseal(self._sealing, sealing.STORAGE, base64.b64decode(sealed)))
        return {str(name): str(value) for name, value in variables.items()}
