"""Runs `hanse` in processes that have loaded it already: to load most commands takes far longer than their work.

In: a command's arguments, its environment, its folder, and where its output goes. Out: a process of its own that runs
:func:`hanse.cli.main.main`, forked from one that has imported modules and done nothing else. Next is what the test does
with that process, as with one of :class:`subprocess.Popen`. This must not stand in for a process whose very start is
tested, nor for one that is found by the environment that the kernel shows of it, which is that of the first one.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading

COMMANDS = (
    "hanse.cli.capacity", "hanse.cli.cluster", "hanse.cli.doctor", "hanse.cli.enrolling", "hanse.cli.logs",
    "hanse.cli.member", "hanse.cli.queue", "hanse.cli.standing", "hanse.cli.whatif", "kubernetes.client",
    "kubernetes.config",
)  # fmt: skip
OPERATOR = ("hanse.cli.operator", "hanse.operator.election", "hanse.operator.process")
REQUEST_BYTES_MAX = 1 << 17


class Process:
    """One command."""

    def __init__(self, connection):
        self._connection, self._said = connection, connection.makefile("rb")
        self.pid = int(self._said.readline())
        self.returncode = None

    def poll(self):
        """Return the exit status, None while it runs."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout=None):
        """Return the exit status, that of a signal negative, as soon as there is one."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("hanse", timeout)
            self.returncode = int(self._said.readline())
            # From here on its number may be given to another.
            self._said.close()
            self._connection.close()
        return self.returncode

    def send_signal(self, number):
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Starter:
    """The process that has loaded *modules*; what is started lives on when it ends."""

    def __init__(self, modules):
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Nothing of what is read when modules are imported may differ from command to command.
        environment = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
        argv = [sys.executable, "-P", __file__, str(theirs.fileno()), *modules]
        self._process = subprocess.Popen(
            argv, env=environment | {"OPENBLAS_NUM_THREADS": "1"}, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._control.close()
        self._process.wait()

    def start(self, argv, *, env, cwd, stdout, stderr):
        """Start `hanse` with *argv*; the output goes into files that are open."""
        ours, theirs = socket.socketpair()
        request = json.dumps([list(argv), dict(env), str(cwd)]).encode()
        socket.send_fds(self._control, [request], [theirs.fileno(), stdout.fileno(), stderr.fileno()])
        theirs.close()
        return Process(ours)

    def run(self, argv, *, env, cwd):
        """Run `hanse` with *argv*; return its exit status, and what it said on both outputs."""
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            status = self.start(argv, env=env, cwd=cwd, stdout=stdout, stderr=stderr).wait()
            stdout.seek(0)
            stderr.seek(0)
            return status, stdout.read(), stderr.read()


def _become():
    """Load modules, and return in a child for each command asked for, as that command; end when nobody can ask."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    assert threading.active_count() == 1, threading.enumerate()
    gc.freeze()  # a collection would write into what children share
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, files, *_ = socket.recv_fds(control, REQUEST_BYTES_MAX, 3)
        if not message:
            sys.exit()
        if not os.fork():
            control.close()
            return _start(files, *json.loads(message))
        for each in files:
            os.close(each)


def _start(files, argv, environment, folder):
    """Return in the child that is to be the command; its parent tells how it ends, and ends as well."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection, *outputs = files
    child = os.fork()
    if child:
        with contextlib.suppress(OSError), socket.socket(fileno=connection) as told:
            told.sendall(b"%d\n" % child)
            # It keeps its number until who asked has heard of its end.
            ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
            status = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
            told.sendall(b"%d\n" % status)
            told.recv(1)
        os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for place, each in enumerate(outputs, 1):
        os.dup2(each, place)
    for each in files:
        os.close(each)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["hanse", *argv]


if __name__ == "__main__":
    _become()
    importlib.import_module("hanse.cli.main").main()
