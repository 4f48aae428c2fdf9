"""Whose fault it is that a pod failed: the job's, which counts against its restart limit, or the pool's.

In: a pod as the API server returns it. Out: a :class:`Fault` or nothing. What the kubelet refuses (OutOfcpu,
UnexpectedAdmissionError) is the pool's: the scheduler believed in room that was not there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hanse.resources.protocol import Outcome

DETAIL_MAX = 300
# Reasons in status.reason of a pod that its node, not the job, ended. Kubelet: pkg/kubelet/lifecycle, nodeshutdown.
_POOL_REASONS = frozenset(
    {
        "UnexpectedAdmissionError",
        "TopologyAffinityError",
        "NodeAffinity",
        "NodeShutdown",
        "NodeLost",
        "Shutdown",
        "Terminated",
        "Preempting",
        "PodFeatureUnsupported",
        "PodOSNotSupported",
    }
)
# A kubelet that lost a container says so in place of an exit status that it does not know.
_POOL_CONTAINER_REASONS = frozenset({"ContainerStatusUnknown"})
# What the kubelet cannot ever start, whatever node it is on: why a container waits, and what its message says then. It
# tries again what else it calls an error of the configuration: on a busy node its copy of a new Secret is not there
# within its second ("failed to sync secret cache"). The start deadline bounds that. Kubelet: pkg/kubelet/kuberuntime
# (security_context.go) and pkg/kubelet/util/manager (watch_based_manager.go).
_HOPELESS_WAITING = {
    "InvalidImageName": ("",),
    "CreateContainerConfigError": ("runAsNonRoot", "non-root policy"),
}
_OWN_LIMITS = ("ephemeral local storage", "EmptyDir", "emptyDir")


@dataclass(frozen=True)
class Fault:
    """*outcome* is Failed (the job's) or PoolFault; *detail* tells why, without a name of anybody."""

    outcome: Outcome
    detail: str


def classify(pod: Mapping[str, Any]) -> Fault | None:
    """Return why the pod failed, or None while it waits, runs or has succeeded."""
    status = pod.get("status") or {}
    if status.get("phase") == "Failed":
        return _of_failed(status)
    for state in _states(status):
        waiting = state.get("waiting") or {}
        if _is_hopeless(waiting):
            return _fault(Outcome.FAILED, waiting["reason"], waiting.get("message"))
        terminated = state.get("terminated")
        if terminated and terminated.get("exitCode"):
            return _of_container(terminated)
    return None


def _is_hopeless(waiting: Mapping[str, Any]) -> bool:
    message = waiting.get("message") or ""
    return any(words in message for words in _HOPELESS_WAITING.get(waiting.get("reason") or "", ()))


def _of_failed(status: Mapping[str, Any]) -> Fault:
    reason, message = status.get("reason") or "", status.get("message")
    if reason.startswith("OutOf") or reason in _POOL_REASONS:
        return _fault(Outcome.POOL_FAULT, reason, message)
    if reason == "Evicted":
        own = any(limit in (message or "") for limit in _OWN_LIMITS)
        return _fault(Outcome.FAILED if own else Outcome.POOL_FAULT, reason, message)
    if any(c["type"] == "DisruptionTarget" and c["status"] == "True" for c in status.get("conditions") or []):
        return _fault(Outcome.POOL_FAULT, "Disrupted", message)
    for state in _states(status):
        terminated = state.get("terminated")
        if terminated and terminated.get("exitCode"):
            return _of_container(terminated)
    return _fault(Outcome.FAILED, reason or "Failed", message)


def _of_container(terminated: Mapping[str, Any]) -> Fault:
    reason = terminated.get("reason") or "Error"
    outcome = Outcome.POOL_FAULT if reason in _POOL_CONTAINER_REASONS else Outcome.FAILED
    return _fault(outcome, f"{reason}, exit status {terminated['exitCode']}", terminated.get("message"))


def _states(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind) or []:
            yield container.get("state") or {}


def _fault(outcome: Outcome, reason: str, message: str | None) -> Fault:
    return Fault(outcome, (f"{reason}: {message}" if message else reason)[:DETAIL_MAX])
