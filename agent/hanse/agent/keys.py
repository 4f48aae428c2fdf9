"""The agent's keys, and the tokens by which the workers of an attempt are known to it.

In: key files. Out: keys, tokens, a gang's storage. A token follows from the signing key, the attempt and its fence: it
needs no memory, outlives a restart, and is worth nothing under the next fence.
"""

import base64
import hashlib
import hmac
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.agent.gangs import Gang
from hanse.evidence import sealing

_TOKEN = b"hanse.dev/attempt-token/v1\n"


class Keys:
    """The signing and the sealing key."""

    def __init__(self, signing_key: bytes, sealing_key: bytes) -> None:
        self.signing = Ed25519PrivateKey.from_private_bytes(signing_key)
        self._sealing = X25519PrivateKey.from_private_bytes(sealing_key)
        self._token_key = hashlib.sha256(_TOKEN + signing_key).digest()

    @classmethod
    def load(cls, signing_key: Path, sealing_key: Path) -> "Keys":
        """Read both files: 32 bytes in base64 each."""
        return cls(*(base64.b64decode(file.read_text().strip()) for file in (signing_key, sealing_key)))

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
