"""`node-agent`: how long the kubelet waits for slices, and how much of a core the agent of a full node takes.

In: a part of the requests and of the time. Out: a :class:`~hanse.bench.reports.Report`. The agent is the real process,
asked over its own sockets; its GPUs are simulated, with a process for each pod. The kubelet and the cluster agent are
stand-ins here: they take registrations, listen to all lists, and say of 32 pods that they run. What a real kubelet
makes of it is what the tests are about, not what this measures.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import yaml

from hanse.agent.bindings import Binding, NodeAnswer
from hanse.agent.node import slices
from hanse.agent.node.gpus import Gpu
from hanse.agent.node.protos import deviceplugin_pb2, podresources_pb2
from hanse.agent.node.slices import LIMIT, MEMORY, PARTS, TENANT, Rule
from hanse.bench import reports
from hanse.bench.reports import Report
from hanse.devcluster.errors import DevclusterError

NAME = "node-agent"
GPUS, PODS_OF_EACH = 8, 4
MEMORY_MIB = 81_559
RULE = Rule(1500, 2048, PODS_OF_EACH)
GUARANTEED, LIMITED = 16, 24
REQUESTS, SECONDS = 4000, 60.0
READY_SECONDS = 60.0
P99_MS_MAX, CORE_PERCENT_MAX = 5.0, 2.0
ALLOCATE = "/v1beta1.DevicePlugin/Allocate"
LIST_AND_WATCH = "/v1beta1.DevicePlugin/ListAndWatch"
_OPTIONS = (("grpc.default_authority", "localhost"),)
_GPUS = tuple(Gpu(index, f"GPU-{uuid.UUID(int=index)}", MEMORY_MIB) for index in range(GPUS))


def run(scale: float) -> Report:
    """Run the bench; *scale* is the part of the requests and of the time."""
    place = reports.Place()
    requests, seconds = max(8, int(REQUESTS * scale)), max(1.0, SECONDS * scale)
    with tempfile.TemporaryDirectory(prefix="hn") as name, ExitStack() as stack:
        folder = Path(name)
        kubelet = stack.enter_context(_kubelet(folder))
        url = stack.enter_context(_cluster_agent())
        users = [stack.enter_context(_sleeper()) for _ in range(GPUS * PODS_OF_EACH)]
        agent = stack.enter_context(_agent(folder, url, users))
        kubelet.wait(agent)
        stack.enter_context(kubelet.listening())
        calls = [stack.enter_context(_allocating(folder, gpu)) for gpu in _GPUS]
        took_ms = sorted(_allocate(calls[number % GPUS], _GPUS[number % GPUS]) for number in range(requests))
        used = _core_percent(agent.pid, seconds)
        peak = reports.peak_rss_bytes(agent.pid)
    figures = {
        "allocate_ms_p50": round(reports.percentile(took_ms, 50), 3),
        "allocate_ms_p99": round(reports.percentile(took_ms, 99), 3),
        "allocate_ms_max": round(took_ms[-1], 3),
        "core_percent": round(used, 2),
        "memory_mib": round(peak / 2**20, 1),
    }
    gates = {
        f"p99 of Allocate is below {P99_MS_MAX:.0f} ms": figures["allocate_ms_p99"] < P99_MS_MAX,
        f"it takes less than {CORE_PERCENT_MAX:.0f} % of a core": figures["core_percent"] < CORE_PERCENT_MAX,
    }
    inputs = {"gpus": GPUS, "pods": GPUS * PODS_OF_EACH, "requests": requests, "seconds": seconds}
    return Report(NAME, figures, {}, inputs, 0, gates, place)


class _Kubelet:
    """What registers the agent's resources, and who has them: of each GPU as many pods as may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._endpoints: dict[str, str] = {}

    def register(self, request: Any, _: grpc.ServicerContext) -> Any:
        self._endpoints[request.resource_name] = request.endpoint
        return deviceplugin_pb2.Empty()

    def list(self, _: Any, __: grpc.ServicerContext) -> Any:
        answer = podresources_pb2.ListPodResourcesResponse()
        for number in range(GPUS * PODS_OF_EACH):
            pod = answer.pod_resources.add(name=f"g-{number}", namespace="workers")
            container = pod.containers.add(name="trainer")
            gpu, nth = divmod(number, PODS_OF_EACH)
            for part, count in ((MEMORY, GUARANTEED), (LIMIT, LIMITED), (TENANT, 1)):
                for each in range(nth * count, nth * count + count):
                    ids = [f"{_GPUS[gpu].uuid}::{part}::{each:04d}"]
                    container.devices.add(resource_name=slices.resource(gpu, part), device_ids=ids)
        return answer

    def wait(self, agent: "subprocess.Popen[bytes]") -> None:
        """Return when all resources are registered."""
        deadline = time.monotonic() + READY_SECONDS
        while len(self._endpoints) < GPUS * len(PARTS):
            if agent.poll() is not None or time.monotonic() > deadline:
                raise DevclusterError(f"the node agent has registered {len(self._endpoints)} resources and no more")
            time.sleep(0.05)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to the lists of all resources, as a kubelet does."""
        with ThreadPoolExecutor(GPUS * len(PARTS)) as threads, ExitStack() as stack:
            for endpoint in self._endpoints.values():
                channel = stack.enter_context(_channel(self._folder / "device-plugins" / endpoint))
                call = channel.unary_stream(
                    LIST_AND_WATCH,
                    request_serializer=deviceplugin_pb2.Empty.SerializeToString,
                    response_deserializer=deviceplugin_pb2.ListAndWatchResponse.FromString,
                )(deviceplugin_pb2.Empty())
                stack.callback(call.cancel)
                threads.submit(_read, call)
            yield


def _read(call: Any) -> None:
    try:
        for _ in call:
            pass
    except grpc.RpcError:
        return


@contextmanager
def _kubelet(folder: Path) -> Iterator[_Kubelet]:
    kubelet = _Kubelet(folder)
    with ExitStack() as stack:
        for sub, service, method, call, kind in (
            ("device-plugins", "v1beta1.Registration", "Register", kubelet.register, deviceplugin_pb2.RegisterRequest),
            (
                "pod-resources",
                "v1.PodResourcesLister",
                "List",
                kubelet.list,
                podresources_pb2.ListPodResourcesRequest,
            ),
        ):
            (folder / sub).mkdir()
            server = grpc.server(ThreadPoolExecutor(2))
            handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
                call, kind.FromString, lambda said: said.SerializeToString()
            )
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
            server.add_insecure_port(f"unix:{folder / sub / 'kubelet.sock'}")
            server.start()
            stack.callback(server.stop, None)
        yield kubelet


@contextmanager
def _cluster_agent() -> Iterator[str]:
    """Answer that all pods are placed as they are."""
    bindings = tuple(
        Binding(
            namespace="workers", pod=f"g-{number}", uid=str(uuid.UUID(int=number)), attempt=uuid.UUID(int=number),
            fence=1, rank=0, gpus=(number // PODS_OF_EACH,), guaranteed_gib=GUARANTEED, limit_gib=LIMITED,
        )
        for number in range(GPUS * PODS_OF_EACH)
    )  # fmt: skip
    answer = NodeAnswer(bindings=bindings).model_dump_json().encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the class calls
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the class's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _sleeper() -> Iterator[int]:
    """Run a process whose control group can be looked up; return its id."""
    with subprocess.Popen(["sleep", "3600"]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@contextmanager
def _agent(folder: Path, url: str, users: list[int]) -> "Iterator[subprocess.Popen[bytes]]":
    script = {
        "gpus": [{"uuid": gpu.uuid, "memoryMiB": gpu.memory_mib} for gpu in _GPUS],
        "processes": [
            {"gpu": number // PODS_OF_EACH, "pid": pid, "memoryMiB": [[0, 4096], [3600, 16_384]],
             "utilizationPercent": [[0, 10], [3600, 30]]}
            for number, pid in enumerate(users)
        ],
    }  # fmt: skip
    settings = {
        "agentUrl": url, "tokenFile": "token", "stateFolder": "state", "kubeletFolder": ".", "provider": "simulated",
        "script": "script.yaml",
        "memory": {"ratioThousandths": RULE.ratio_thousandths, "tenantsMax": RULE.tenants_max},
    }  # fmt: skip
    (folder / "token").write_text("none")
    (folder / "script.yaml").write_text(yaml.safe_dump(script))
    (folder / "node.yaml").write_text(json.dumps(settings))
    command = [sys.executable, "-P", "-m", "hanse.cli.main", "node-agent", f"--config={folder / 'node.yaml'}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _channel(socket: Path) -> grpc.Channel:
    return grpc.insecure_channel(f"unix:{socket}", options=_OPTIONS)


@contextmanager
def _allocating(folder: Path, gpu: Gpu) -> Iterator[Any]:
    """Give a call of a GPU's plugin, over one connection, as the kubelet has it."""
    with _channel(folder / "device-plugins" / f"hanse-gpu{gpu.index}-{MEMORY}.sock") as channel:
        yield channel.unary_unary(
            ALLOCATE,
            request_serializer=deviceplugin_pb2.AllocateRequest.SerializeToString,
            response_deserializer=deviceplugin_pb2.AllocateResponse.FromString,
        )


def _allocate(call: Any, gpu: Gpu) -> float:
    """Ask for slices of a GPU as the kubelet does for a pod; return the milliseconds that it took."""
    ids = [f"{gpu.uuid}::{MEMORY}::{each:04d}" for each in range(GUARANTEED)]
    asked = deviceplugin_pb2.ContainerAllocateRequest(devices_ids=ids)
    request = deviceplugin_pb2.AllocateRequest(container_requests=[asked])
    began = time.perf_counter()
    answer = call(request, timeout=10)
    took_ms = (time.perf_counter() - began) * 1000
    if not answer.container_responses[0].mounts:
        raise DevclusterError(f"GPU {gpu.index} was given out without its folder")
    return took_ms


def _core_percent(pid: int, seconds: float) -> float:
    """Return how much of a core a process takes for some time."""
    before, began = _cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (_cpu_seconds(pid) - before) * 100 / (time.monotonic() - began)


def _cpu_seconds(pid: int) -> float:
    # By thread, in nanoseconds: what /proc/PID/stat counts in hundredths of a second is too coarse for so little.
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e9
