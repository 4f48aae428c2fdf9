"""What quota refuses."""


class QuotaError(ValueError):
    """A policy or a number that no arithmetic can honour; the message says which, and what to change."""
