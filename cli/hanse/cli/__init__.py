"""The `hanse` command, which is also `kubectl hanse`.

In: arguments. Out: text for people on standard output, progress and errors on standard error, and an exit status.
:mod:`~hanse.cli.main` gathers the commands; each other module is one command or group and calls one package of Hanse.
It must not decide anything: what a command does is in the package that it calls.
"""
