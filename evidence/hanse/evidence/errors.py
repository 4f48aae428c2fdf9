"""What can be wrong with evidence."""


class EvidenceError(ValueError):
    """A document is not what it should be; the message says what is wrong, for a person."""


class SignatureError(EvidenceError):
    """A signature does not belong to the document, or to the key."""
