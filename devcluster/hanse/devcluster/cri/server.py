"""What the kubelet asks of its container runtime, answered for plain processes.

In: a socket's path, the address that pods have, a control group. Out: a gRPC server on it, until it is ended. What is
not here (exec, attach, statistics of containers, metrics) is answered as not implemented, which kubelets live with.
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from hanse.devcluster.cri import starting
from hanse.devcluster.cri.containers import Container, Containers, Sandbox, UnknownError
from hanse.devcluster.cri.protos import runtime_pb2 as messages
from hanse.devcluster.cri.starting import CannotStartError

NAME, VERSION = "hanse-processes", "1.0.0"
SERVICES = ("runtime.v1.RuntimeService", "runtime.v1.ImageService")
CALLS_AT_ONCE = 16
Answer = Callable[[Any], Any]


class Server:
    """Answers for *containers*, whose pods all have the machine's *address*; *folder* is on the node's file system."""

    def __init__(self, containers: Containers, address: str, folder: Path) -> None:
        self._containers, self._address, self._folder = containers, address, folder

    def serve(self, socket: Path) -> grpc.Server:
        """Listen on *socket*, in place of what was there."""
        socket.unlink(missing_ok=True)
        server = grpc.server(ThreadPoolExecutor(CALLS_AT_ONCE))
        methods = {name: _method(answer, request) for name, (request, answer) in self._answers().items()}
        for service in SERVICES:
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        socket.chmod(0o600)
        return server

    def _answers(self) -> dict[str, tuple[Any, Answer]]:
        """Return by the name of each call its request and who answers it; both services have calls of other names."""
        empty, sandbox, container = messages.Empty, messages.SandboxRequest, messages.ContainerRequest
        return {
            "Version": (empty, _version),
            "Status": (empty, _status),
            "RuntimeConfig": (empty, _runtime_config),
            "UpdateRuntimeConfig": (empty, _nothing),
            "RunPodSandbox": (messages.RunPodSandboxRequest, self._run_sandbox),
            "StopPodSandbox": (sandbox, self._stop_sandbox),
            "RemovePodSandbox": (sandbox, self._remove_sandbox),
            "PodSandboxStatus": (sandbox, self._sandbox_status),
            "ListPodSandbox": (messages.ListPodSandboxRequest, self._list_sandboxes),
            "CreateContainer": (messages.CreateContainerRequest, self._create),
            "StartContainer": (container, self._start),
            "StopContainer": (container, self._stop),
            "RemoveContainer": (container, self._remove),
            "ListContainers": (messages.ListContainersRequest, self._list_containers),
            "ContainerStatus": (container, self._container_status),
            "UpdateContainerResources": (empty, _nothing),
            "ReopenContainerLog": (empty, _nothing),
            "ListContainerStats": (empty, _nothing),
            "ListImages": (empty, _nothing),
            "ImageStatus": (messages.ImageRequest, _image_status),
            "PullImage": (messages.ImageRequest, lambda asked: messages.PullImageResponse(image_ref=asked.image.image)),
            "RemoveImage": (empty, _nothing),
            "ImageFsInfo": (empty, self._file_system),
        }

    def _run_sandbox(self, asked: messages.RunPodSandboxRequest) -> messages.RunPodSandboxResponse:
        return messages.RunPodSandboxResponse(pod_sandbox_id=self._containers.run(asked.config).id)

    def _stop_sandbox(self, asked: messages.SandboxRequest) -> messages.Empty:
        self._containers.stop_sandbox(asked.pod_sandbox_id)
        return messages.Empty()

    def _remove_sandbox(self, asked: messages.SandboxRequest) -> messages.Empty:
        self._containers.remove_sandbox(asked.pod_sandbox_id)
        return messages.Empty()

    def _sandbox_status(self, asked: messages.SandboxRequest) -> messages.PodSandboxStatusResponse:
        status = messages.PodSandboxStatus(**_sandbox(self._containers.sandbox(asked.pod_sandbox_id)))
        status.network.ip = self._address
        return messages.PodSandboxStatusResponse(status=status)

    def _list_sandboxes(self, asked: messages.ListPodSandboxRequest) -> messages.ListPodSandboxResponse:
        found = self._containers.list_sandboxes(asked.filter)
        return messages.ListPodSandboxResponse(items=[messages.PodSandbox(**_sandbox(each)) for each in found])

    def _create(self, asked: messages.CreateContainerRequest) -> messages.CreateContainerResponse:
        container = self._containers.create(asked.pod_sandbox_id, asked.config)
        return messages.CreateContainerResponse(container_id=container.id)

    def _start(self, asked: messages.ContainerRequest) -> messages.Empty:
        self._containers.start(self._containers.container(asked.container_id))
        return messages.Empty()

    def _stop(self, asked: messages.ContainerRequest) -> messages.Empty:
        self._containers.stop(self._containers.container(asked.container_id), asked.timeout)
        return messages.Empty()

    def _remove(self, asked: messages.ContainerRequest) -> messages.Empty:
        self._containers.remove(asked.container_id)
        return messages.Empty()

    def _list_containers(self, asked: messages.ListContainersRequest) -> messages.ListContainersResponse:
        found = self._containers.list_containers(asked.filter)
        items = [messages.Container(pod_sandbox_id=each.sandbox.id, **_container(each)) for each in found]
        return messages.ListContainersResponse(containers=items)

    def _container_status(self, asked: messages.ContainerRequest) -> messages.ContainerStatusResponse:
        found = self._containers.container(asked.container_id)
        has_ended = found.state == messages.CONTAINER_EXITED
        status = messages.ContainerStatus(
            **_container(found),
            started_at=found.started_at,
            finished_at=found.finished_at,
            exit_code=found.exit_code,
            reason=("Error" if found.exit_code else "Completed") if has_ended else "",
            mounts=found.config.mounts,
            log_path=str(found.log),
        )
        return messages.ContainerStatusResponse(status=status)

    def _file_system(self, _: messages.Empty) -> messages.ImageFsInfoResponse:
        usage = messages.FilesystemUsage(
            timestamp=time.time_ns(),
            fs_id=messages.FilesystemIdentifier(mountpoint=str(self._folder)),
            used_bytes=messages.UInt64Value(value=0),
            inodes_used=messages.UInt64Value(value=0),
        )
        return messages.ImageFsInfoResponse(image_filesystems=[usage], container_filesystems=[usage])


def _nothing(_: messages.Empty) -> messages.Empty:
    """Answer with a message that has nothing in it, whatever its name is."""
    return messages.Empty()


def _version(_: messages.Empty) -> messages.VersionResponse:
    return messages.VersionResponse(
        version="0.1.0", runtime_name=NAME, runtime_version=VERSION, runtime_api_version="v1"
    )


def _status(_: messages.Empty) -> messages.StatusResponse:
    conditions = [messages.RuntimeCondition(type=name, status=True) for name in ("RuntimeReady", "NetworkReady")]
    return messages.StatusResponse(status=messages.RuntimeStatus(conditions=conditions))


def _runtime_config(_: messages.Empty) -> messages.RuntimeConfigResponse:
    linux = messages.LinuxRuntimeConfiguration(cgroup_driver=messages.CGROUPFS)
    return messages.RuntimeConfigResponse(linux=linux)


def _image_status(asked: messages.ImageRequest) -> messages.ImageStatusResponse:
    """Say of every image that it is there, and that its user is nobody, which is whom containers run as."""
    name = asked.image.image
    image = messages.Image(id=name, repo_digests=[name], size=1, uid=messages.Int64Value(value=starting.USER))
    return messages.ImageStatusResponse(image=image)


def _sandbox(found: Sandbox) -> dict[str, Any]:
    config = found.config
    return {
        "id": found.id,
        "metadata": config.metadata,
        "state": messages.SANDBOX_READY if found.is_ready else messages.SANDBOX_NOTREADY,
        "created_at": found.created_at,
        "labels": dict(config.labels),
        "annotations": dict(config.annotations),
    }


def _container(found: Container) -> dict[str, Any]:
    config = found.config
    return {
        "id": found.id,
        "metadata": config.metadata,
        "image": config.image,
        "image_ref": config.image.image,
        "state": found.state,
        "created_at": found.created_at,
        "labels": dict(config.labels),
        "annotations": dict(config.annotations),
    }


def _method(answer: Answer, request: Any) -> "grpc.RpcMethodHandler[Any, Any]":
    def called(asked: Any, context: grpc.ServicerContext) -> Any:
        try:
            return answer(asked)
        except UnknownError as error:
            context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except (CannotStartError, OSError) as error:
            logging.getLogger(__name__).warning("%s: %s", request.DESCRIPTOR.name, error)
            context.abort(grpc.StatusCode.INTERNAL, str(error))

    return grpc.unary_unary_rpc_method_handler(called, request.FromString, lambda message: message.SerializeToString())


def main() -> None:
    """Serve on the socket, with the pods' address and the control group that the command line names, until ended."""
    logging.basicConfig(format="%(asctime)s %(message)s")
    socket, address, group = sys.argv[1:]
    Server(Containers(group), address, Path.cwd()).serve(Path(socket)).wait_for_termination()


if __name__ == "__main__":
    os.umask(0o022)
    main()
