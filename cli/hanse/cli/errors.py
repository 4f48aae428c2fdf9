"""What goes wrong in a command: a sentence for whoever typed it."""


class CommandError(Exception):
    """A command could not do what it was asked to; *status* is the server's, 0 if there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
