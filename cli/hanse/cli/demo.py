"""`hanse demo`: a pool on this machine, shown step by step."""


def demo() -> None:
    """Show a pool on this machine."""
