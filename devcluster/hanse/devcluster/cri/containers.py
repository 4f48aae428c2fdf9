"""Pods and containers that the kubelet has asked for, as the server remembers them.

In: the kubelet's configurations. Out: records, filtered as it asks. They are in memory only: if the server ends, the
kubelet finds no pods and makes them again. The kubelet calls from several threads; one lock is held for each change.
"""

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from hanse.devcluster import cgroups
from hanse.devcluster.cri import starting
from hanse.devcluster.cri.protos import runtime_pb2 as messages

LINES_KEPT = 30
_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")


class UnknownError(Exception):
    """There is no pod or container with this id."""


@dataclass
class Sandbox:
    """A pod; *group* is its control group."""

    id: str
    config: messages.PodSandboxConfig
    group: str
    created_at: int = field(default_factory=time.time_ns)
    is_ready: bool = True


@dataclass
class Container:
    """A container of a pod; *process* is None before it is started."""

    id: str
    sandbox: Sandbox
    config: messages.ContainerConfig
    created_at: int = field(default_factory=time.time_ns)
    process: "subprocess.Popen[bytes] | None" = None
    started_at: int = 0
    finished_at: int = 0

    @property
    def log(self) -> Path:
        """The file of what it says."""
        return Path(self.sandbox.config.log_directory) / self.config.log_path

    @property
    def state(self) -> messages.ContainerState:
        """What it does now."""
        if self.process is None:
            return messages.CONTAINER_CREATED
        return messages.CONTAINER_EXITED if self.finished_at else messages.CONTAINER_RUNNING

    @property
    def exit_code(self) -> int:
        """The status that it ended with, as shells have it: 128 and the signal's number, if one ended it."""
        status = self.process.returncode if self.process and self.process.returncode is not None else 0
        return status if status >= 0 else 128 - status


class Containers:
    """All pods and containers; their control groups are below *group*."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._lock = threading.Lock()
        self._sandboxes: dict[str, Sandbox] = {}
        self._containers: dict[str, Container] = {}

    def run(self, config: messages.PodSandboxConfig) -> Sandbox:
        """Make a pod. Its control group is called as a kubelet would call it, so that it can be told whose it is."""
        sandbox = Sandbox(uuid4().hex, config, f"{self._group}/kubepods/pod{config.metadata.uid}")
        with self._lock:
            self._sandboxes[sandbox.id] = sandbox
        return sandbox

    def sandbox(self, number: str) -> Sandbox:
        """Return a pod; raise :class:`UnknownError` if there is none with this id."""
        with self._lock:
            return _found(self._sandboxes, number)

    def container(self, number: str) -> Container:
        """Return a container; raise :class:`UnknownError` if there is none with this id."""
        with self._lock:
            return _found(self._containers, number)

    def create(self, sandbox: str, config: messages.ContainerConfig) -> Container:
        """Make a container of a pod; it does not run yet."""
        container = Container(uuid4().hex, self.sandbox(sandbox), config)
        with self._lock:
            self._containers[container.id] = container
        return container

    def start(self, container: Container) -> None:
        """Start a container; raise :class:`~starting.CannotStartError` if it cannot be."""
        process = starting.start(container.config, f"{container.sandbox.group}/{container.id}", container.log)
        with self._lock:
            container.process, container.started_at = process, time.time_ns()
        threading.Thread(target=self._wait, args=(container, process), daemon=True).start()

    def stop(self, container: Container, patience_seconds: float) -> None:
        """End a container: it is asked to, and killed, with all that it started, if it does not in time."""
        for number, patience in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, 10.0)):
            if container.state != messages.CONTAINER_RUNNING or container.process is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(container.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                container.process.wait(patience)
        # The thread that waits for it writes down when it ended.
        while container.state == messages.CONTAINER_RUNNING:
            time.sleep(0.02)

    def stop_sandbox(self, number: str) -> None:
        """End all containers of a pod; one that is not there any more has none."""
        for container in self.list_containers(messages.ContainerFilter(pod_sandbox_id=number)):
            self.stop(container, 0)
        with self._lock:
            if number in self._sandboxes:
                self._sandboxes[number].is_ready = False

    def remove_sandbox(self, number: str) -> None:
        """Forget a pod and all that was its."""
        self.stop_sandbox(number)
        for container in self.list_containers(messages.ContainerFilter(pod_sandbox_id=number)):
            self.remove(container.id)
        with self._lock:
            gone = self._sandboxes.pop(number, None)
        if gone:
            cgroups.remove(gone.group)

    def remove(self, number: str) -> None:
        """Forget a container and its log."""
        with contextlib.suppress(UnknownError):
            container = self.container(number)
            self.stop(container, 0)
            container.log.unlink(missing_ok=True)
            with self._lock:
                self._containers.pop(number, None)

    def list_sandboxes(self, wanted: messages.PodSandboxFilter) -> list[Sandbox]:
        """Return the pods that the kubelet asks for."""
        with self._lock:
            return [
                each
                for each in self._sandboxes.values()
                if wanted.id in ("", each.id)
                and (not wanted.HasField("state") or each.is_ready == (wanted.state.state == messages.SANDBOX_READY))
                and _has(each.config.labels, wanted.label_selector)
            ]

    def list_containers(self, wanted: messages.ContainerFilter) -> list[Container]:
        """Return the containers that the kubelet asks for."""
        with self._lock:
            return [
                each
                for each in self._containers.values()
                if wanted.id in ("", each.id)
                and wanted.pod_sandbox_id in ("", each.sandbox.id)
                and (not wanted.HasField("state") or each.state == wanted.state.state)
                and _has(each.config.labels, wanted.label_selector)
            ]

    def _wait(self, container: Container, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
        # What it has started ends with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with self._lock:
            container.finished_at = time.time_ns()
        if container.exit_code:
            # The kubelet removes the log with the pod; who looks for why it ended finds it in ours.
            time.sleep(0.2)
            pod = container.sandbox.config.metadata
            said = "\n".join(_lines(container.log)[-LINES_KEPT:])
            _LOG.warning("a container of %s/%s ended with %d:\n%s", pod.namespace, pod.name, container.exit_code, said)


def _found(known: Mapping[str, _T], number: str) -> _T:
    if number not in known:
        raise UnknownError(f"nothing here has the id {number}")
    return known[number]


def _has(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in wanted.items())


def _lines(log: Path) -> list[str]:
    """Return a log's lines; it may be gone already."""
    try:
        return log.read_text(errors="replace").splitlines()
    except OSError:
        return []
