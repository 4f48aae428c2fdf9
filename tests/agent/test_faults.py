"""Whose fault a failed pod is: a table of what kubelets and nodes report."""

import pytest

from hanse.agent import faults
from hanse.resources.protocol import Outcome

POOL, JOB = Outcome.POOL_FAULT, Outcome.FAILED


def failed(reason="", message="", **more):
    return {"phase": "Failed", "reason": reason, "message": message, **more}


def exited(code, reason="Error", kind="containerStatuses"):
    return {kind: [{"state": {"terminated": {"exitCode": code, "reason": reason}}}]}


def waiting(reason, message=""):
    return {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param(failed("OutOfcpu", "Pod was rejected"), POOL, id="the kubelet has no CPU left"),
        pytest.param(failed("OutOfnvidia.com/gpu"), POOL, id="the kubelet has no GPU left"),
        pytest.param(failed("UnexpectedAdmissionError"), POOL, id="a device plugin refused"),
        pytest.param(failed("TopologyAffinityError"), POOL, id="no NUMA fit"),
        pytest.param(failed("NodeAffinity"), POOL, id="the node's labels changed"),
        pytest.param(
            failed("Terminated", "Pod was terminated in response to imminent node shutdown."), POOL, id="shutdown"
        ),
        pytest.param(failed("Evicted", "The node was low on resource: memory."), POOL, id="node pressure"),
        pytest.param(failed("Evicted", "Pod ephemeral local storage usage exceeds"), JOB, id="its own scratch limit"),
        pytest.param(
            {**exited(143), **failed(conditions=[{"type": "DisruptionTarget", "status": "True"}])}, POOL, id="disrupted"
        ),
        pytest.param({**exited(137, "ContainerStatusUnknown"), **failed()}, POOL, id="the kubelet lost the container"),
        pytest.param({**exited(1), **failed()}, JOB, id="exit status 1"),
        pytest.param({**exited(137, "OOMKilled"), **failed()}, JOB, id="its own memory limit"),
        pytest.param({**exited(128, "StartError"), **failed()}, JOB, id="no such command"),
        pytest.param({**exited(2, kind="initContainerStatuses"), **failed()}, JOB, id="an init container failed"),
        pytest.param({"phase": "Running", **exited(3)}, JOB, id="one container failed, another runs on"),
        pytest.param(failed("DeadlineExceeded"), JOB, id="any other reason"),
        pytest.param(waiting("InvalidImageName"), JOB, id="an image that nobody can pull"),
        pytest.param(
            waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root (pod: p)"),
            JOB,
            id="an image that runs as root",
        ),
    ],
)
def test_a_failed_pod_is_somebodys_fault(status, outcome):
    assert outcome == faults.classify({"status": status}).outcome


@pytest.mark.parametrize(
    "status",
    [
        {},
        waiting("ImagePullBackOff"),
        waiting("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition"),
        {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]},
        {"phase": "Succeeded", **exited(0, "Completed")},
    ],
    ids=["new", "waits for its image", "waits for its Secret", "runs", "ended well"],
)
def test_a_pod_that_waits_runs_or_ended_well_is_nobodys_fault(status):
    assert faults.classify({"status": status}) is None


def test_a_message_is_kept_and_bounded():
    fault = faults.classify({"status": failed("OutOfcpu", "x" * 1000)})
    assert fault.detail.startswith("OutOfcpu: x")
    assert faults.DETAIL_MAX == len(fault.detail)
