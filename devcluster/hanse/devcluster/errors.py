"""The one error of this package: a sentence that says what is wrong and what to do about it."""


class DevclusterError(Exception):
    """The development cluster cannot do what was asked; the message is meant for the person who asked."""
