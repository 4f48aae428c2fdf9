"""The pod template of a job: a typed allow-list.

A worker runs in another party's cluster under Pod Security `restricted`. What is not an attribute here does not reach
the pod; what people often write there is refused by name in `template_forbidden`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hanse.resources import template_forbidden
from hanse.resources.forbidden import Forbidden
from hanse.resources.model import Model
from hanse.resources.quantities import Quantity, parse_quantity
from hanse.resources.rules import ListOf, Rule
from hanse.resources.scalars import Image, LabelValue, Name, matches

TRAINER = "trainer"
RDMA = "rdma/hca"
RESOURCES = ("cpu", "memory", "ephemeral-storage", RDMA)
CPU_MOST = "10k"
# Those that the container runtime, the linker or the driver read would undo what the node agent hands out; the agent
# sets the memory fractions as hints, and torchrun's own for each worker.
RESERVED_VARIABLES = (
    "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES",
    "NVIDIA_DISABLE_REQUIRE",
    "NVIDIA_IMEX_CHANNELS",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_DEVICE_ORDER",
    "CUDA_DISABLE_CONTROL",
    "ASCEND_VISIBLE_DEVICES",
    "ASCEND_RT_VISIBLE_DEVICES",
    "ASCEND_RUNTIME_OPTIONS",
    "ASCEND_VNPU_SPECS",
    "LD_PRELOAD",
    "LD_AUDIT",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_NPU_ALLOC_CONF",
    "XLA_CLIENT_MEM_FRACTION",
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "MASTER_ADDR",
    "MASTER_PORT",
    "WORLD_SIZE",
    "RANK",
    "NODE_RANK",
    "GROUP_RANK",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
)
RESERVED_PREFIXES = ("CUDA_MPS_", "HANSE_", "NVIDIA_MIG_", "NVIDIA_REQUIRE_")
SIMULATION_ANNOTATIONS = ("hanse.dev/simulated-runtime", "hanse.dev/simulated-exit")
_ID_MAX = 2**31 - 1
# Keys with a domain, and dotted ones such as io.kubernetes.cri-o.Devices, steer the host's runtimes and controllers.
_PLAIN_KEY = "^[A-Za-z0-9]([-A-Za-z0-9_]{0,61}[A-Za-z0-9])?$"
_PLAIN = "have plain keys here, of letters, digits, - and _: those with a domain or dots steer the host's machinery"
_PATH_SHAPE = "^(/[^/:]+)+/?$"
_DOT_SEGMENTS = "/[.]{1,2}(/|$)"
_SYSTEM_PATHS = "^(/proc|/sys|/dev|(/var)?/run/(hanse[^/]*|nvidia[^/]*|secrets))(/|$)"
_SHARED_MEMORY = "^/dev/shm(/|$)"


def _literals(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def _reserved(variable: str) -> bool:
    return variable in RESERVED_VARIABLES or variable.startswith(RESERVED_PREFIXES)


class EnvVar(Model):
    """A variable of the container."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"!(self.name in {_literals(RESERVED_VARIABLES)})"
            + "".join(f" && !self.name.startsWith('{prefix}')" for prefix in RESERVED_PREFIXES),
            "this variable is set by Hanse: remove it",
            expression="'the variable ' + self.name + ' is set by Hanse: remove it'",
            field=".name",
            reason="FieldValueForbidden",
            holds=lambda variable: not _reserved(variable.name),
        ),
    )
    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.ENV_FIELDS
    name: Annotated[
        str,
        Field(max_length=128),
        matches("^[A-Za-z_][A-Za-z0-9_]*$", "not the name of a variable: use letters, digits and _"),
    ] = Field(description="Name of the variable.")
    value: str = Field(default="", max_length=4096, description="Its value, as it is.")


ResourceMap = Annotated[
    dict[str, Quantity],
    Field(max_length=8),
    Rule(
        f"self.all(r, r in {_literals(RESOURCES)})",
        f"a container may ask for {', '.join(RESOURCES)} only: GPUs are asked for with spec.gpusPerWorker",
        reason="FieldValueForbidden",
        holds=lambda resources: set(resources) <= set(RESOURCES),
    ),
    Rule(
        "!('cpu' in self) || !isQuantity(string(self['cpu'])) || quantity(string(self['cpu'])).compareTo("
        f"quantity('1Pi')) > 0 || quantity(string(self['cpu'])).compareTo(quantity('{CPU_MOST}')) <= 0",
        f"cpu is more than {CPU_MOST}: ask for what one worker needs on one node",
        holds=lambda resources: parse_quantity(resources.get("cpu", "0")) <= parse_quantity(CPU_MOST),
    ),
    Rule(
        f"!('{RDMA}' in self) || !isQuantity(string(self['{RDMA}']))"
        f" || string(self['{RDMA}']).matches('^[0-9]{{1,3}}$')",
        f"{RDMA} counts devices: write a whole number below 1000",
        holds=lambda resources: re.fullmatch("[0-9]{1,3}", resources.get(RDMA, "0")) is not None,
    ),
]


def _quantity(value: str) -> str:
    return f"quantity(string({value}))"


_COMPARABLE = "isQuantity(string(self.requests[r])) && isQuantity(string(self.limits[r]))"


def _within_limits(resources: "Resources") -> bool:
    return all(
        parse_quantity(request) <= parse_quantity(resources.limits[name])
        for name, request in resources.requests.items()
        if name in resources.limits and name != RDMA
    )


class Resources(Model):
    """What a container needs beside its GPUs."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"self.requests.all(r, r == '{RDMA}' || !(r in self.limits) || !({_COMPARABLE})"
            f" || {_quantity('self.requests[r]')}.compareTo({_quantity('self.limits[r]')}) <= 0)",
            "a request is larger than its limit: raise the limit, or lower the request",
            field=".requests",
            holds=_within_limits,
        ),
        Rule(
            f"!('{RDMA}' in self.requests) || ('{RDMA}' in self.limits"
            f" && string(self.requests['{RDMA}']) == string(self.limits['{RDMA}']))",
            f"{RDMA} is not shared: ask for it in limits, and in requests for the same or not at all",
            field=".requests",
            holds=lambda resources: resources.requests.get(RDMA) in (None, resources.limits.get(RDMA)),
        ),
    )
    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.RESOURCE_FIELDS
    requests: ResourceMap = Field(
        default={}, description='What is set aside on the node. Half a CPU is 500m, or "0.5" in quotes.'
    )
    limits: ResourceMap = Field(default={}, description="What the container may not exceed.")


class SeccompProfile(Model):
    """Filter of system calls."""

    type: Literal["RuntimeDefault"] = Field(description="The runtime's own filter; no other is allowed.")


_ROOT = "Hanse's pods never run as root"
RunAsNonRoot = Annotated[
    bool, Rule("self", f"{_ROOT}: set runAsNonRoot to true, or remove it", reason="FieldValueForbidden")
]
RunAsUser = Annotated[int, Field(ge=1, le=_ID_MAX)]


class PodSecurityContext(Model):
    """Identity of all containers. What Pod Security restricted asks for is set by the cluster agent in any case."""

    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.POD_SECURITY_FIELDS
    run_as_non_root: RunAsNonRoot | None = Field(default=None, description="Always true; may be left out.")
    run_as_user: RunAsUser | None = Field(default=None, description="User id of the processes; never 0.")
    run_as_group: RunAsUser | None = Field(default=None, description="Primary group id of the processes.")
    fs_group: RunAsUser | None = Field(default=None, description="Group id that owns the volumes.")
    supplemental_groups: tuple[RunAsUser, ...] | None = Field(
        default=None, max_length=16, description="Further group ids of the processes."
    )
    seccomp_profile: SeccompProfile | None = Field(default=None, description="Filter of system calls.")


class Capabilities(Model):
    """Linux capabilities. All of them are dropped in any case."""

    forbidden: ClassVar[Mapping[str, Forbidden]] = {
        "add": Forbidden([str], "pods run under Pod Security restricted; remove it")
    }
    drop: tuple[Literal["ALL"], ...] = Field(default=(), max_length=1, description="ALL, or left out.")


class ContainerSecurityContext(Model):
    """Identity and rights of one container, within Pod Security restricted."""

    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.CONTAINER_SECURITY_FIELDS
    allow_privilege_escalation: (
        Annotated[
            bool,
            Rule(
                "!self",
                "no process gains privileges here: set allowPrivilegeEscalation to false, or remove it",
                reason="FieldValueForbidden",
            ),
        ]
        | None
    ) = Field(default=None, description="Always false; may be left out.")
    capabilities: Capabilities | None = Field(default=None, description="Linux capabilities; all are dropped.")
    read_only_root_filesystem: bool | None = Field(
        default=None, description="Whether the container may write to emptyDir volumes only."
    )
    run_as_non_root: RunAsNonRoot | None = Field(default=None, description="Always true; may be left out.")
    run_as_user: RunAsUser | None = Field(default=None, description="User id of the processes; never 0.")
    run_as_group: RunAsUser | None = Field(default=None, description="Primary group id of the processes.")
    seccomp_profile: SeccompProfile | None = Field(default=None, description="Filter of system calls.")


def _is_path(path: str) -> bool:
    return re.fullmatch(_PATH_SHAPE, path) is not None and re.search(_DOT_SEGMENTS, path) is None


def _is_free(path: str) -> bool:
    return re.search(_SYSTEM_PATHS, path) is None or re.search(_SHARED_MEMORY, path) is not None


class VolumeMount(Model):
    """Where a volume appears in the container."""

    name: Name = Field(description="Name of a volume of the template.")
    mount_path: Annotated[
        str,
        Field(max_length=512),
        Rule(
            f"self.matches('{_PATH_SHAPE}') && !self.matches('{_DOT_SEGMENTS}')",
            "not a path to mount at: write an absolute path below /, without colons, empty parts, . or ..",
            holds=_is_path,
        ),
        Rule(
            f"!self.matches('{_SYSTEM_PATHS}') || self.matches('{_SHARED_MEMORY}') || self.matches('{_DOT_SEGMENTS}')",
            "Hanse and the system mount here: choose another path",
            reason="FieldValueForbidden",
            holds=_is_free,
        ),
    ] = Field(description="Absolute path in the container.")
    read_only: bool = Field(default=False, description="Whether the container may only read it.")


class Container(Model):
    """One container of a worker."""

    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.CONTAINER_FIELDS
    name: Name = Field(description="Unique in the template. The container named trainer gets the GPUs.")
    image: Image = Field(
        description="Image by digest, such as harbor.example:5000/llm/trainer@sha256:..., so that every cluster runs"
        " the same bytes."
    )
    command: tuple[Annotated[str, Field(max_length=4096)], ...] = Field(
        default=(), max_length=64, description="Program and arguments; the image's own if empty."
    )
    args: tuple[Annotated[str, Field(max_length=4096)], ...] = Field(
        default=(), max_length=64, description="Arguments to the command."
    )
    working_dir: str | None = Field(default=None, max_length=512, description="Directory that the command starts in.")
    env: Annotated[tuple[EnvVar, ...], ListOf(key="name")] = Field(
        default=(), max_length=64, description="Variables. Everybody who can read the worker's pod sees them."
    )
    resources: Resources = Field(default=Resources(), description="CPU, memory, scratch space and RDMA devices.")
    volume_mounts: Annotated[tuple[VolumeMount, ...], ListOf(key="mountPath")] = Field(
        default=(), max_length=16, description="Volumes that the container sees."
    )
    security_context: ContainerSecurityContext | None = Field(
        default=None, description="Identity and rights, within Pod Security restricted."
    )


class EmptyDir(Model):
    """Scratch space that goes when the worker goes."""

    medium: Literal["", "Memory"] = Field(default="", description="Memory for a tmpfs, such as /dev/shm.")
    size_limit: Quantity | None = Field(default=None, description="Most that it may hold.")


class Volume(Model):
    """Scratch space shared by the containers of a worker."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            # What else it is says its own sentence.
            " || ".join(f"has(self.{source})" for source in ("emptyDir", *template_forbidden.VOLUME_FIELDS)),
            "only emptyDir volumes are allowed: write emptyDir: {}",
            field=".emptyDir",
            holds=lambda volume: volume.empty_dir is not None,
        ),
    )
    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.VOLUME_FIELDS
    name: Name = Field(description="Unique in the template.")
    empty_dir: EmptyDir | None = Field(default=None, description="Scratch space that goes when the worker goes.")


class PodSpec(Model):
    """Containers and scratch space of a worker."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"size(self.containers) == 0 || self.containers.exists(c, c.name == '{TRAINER}')",
            f"one of the containers must be named {TRAINER}: it gets the GPUs",
            field=".containers",
            holds=lambda pod: any(container.name == TRAINER for container in pod.containers),
        ),
        Rule(
            "self.initContainers.all(i, !self.containers.exists(c, c.name == i.name))",
            "a container and an init container have the same name: rename one",
            field=".initContainers",
            holds=lambda pod: not {c.name for c in pod.containers} & {c.name for c in pod.init_containers},
        ),
        Rule(
            " && ".join(
                f"self.{containers}.all(c, c.volumeMounts.all(m, self.volumes.exists(v, v.name == m.name)))"
                for containers in ("containers", "initContainers")
            ),
            "a volumeMount names a volume that is not in volumes: add it there",
            field=".volumes",
            holds=lambda pod: (
                {mount.name for c in (*pod.containers, *pod.init_containers) for mount in c.volume_mounts}
                <= {volume.name for volume in pod.volumes}
            ),
        ),
    )
    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.POD_FIELDS
    containers: Annotated[tuple[Container, ...], ListOf(key="name")] = Field(
        min_length=1, max_length=4, description="Containers of a worker; one of them is named trainer."
    )
    init_containers: Annotated[tuple[Container, ...], ListOf(key="name")] = Field(
        default=(), max_length=4, description="Containers that run to their end, in order, before the others start."
    )
    volumes: Annotated[tuple[Volume, ...], ListOf(key="name")] = Field(
        default=(), max_length=8, description="Scratch space that containers can mount."
    )
    security_context: PodSecurityContext | None = Field(
        default=None, description="Identity of all containers, within Pod Security restricted."
    )


class PodMetadata(Model):
    """Labels and annotations of the pods."""

    labels: Annotated[
        dict[str, LabelValue],
        Field(max_length=16),
        Rule(
            f"self.all(k, k.matches('{_PLAIN_KEY}'))",
            f"labels {_PLAIN}",
            reason="FieldValueForbidden",
            holds=lambda labels: all(re.fullmatch(_PLAIN_KEY, key) for key in labels),
        ),
    ] = Field(default={}, description="Labels of the pods, seen by whoever hosts them.")
    annotations: Annotated[
        dict[str, Annotated[str, Field(max_length=1024)]],
        Field(max_length=16),
        Rule(
            f"self.all(k, k in {_literals(SIMULATION_ANNOTATIONS)} || k.matches('{_PLAIN_KEY}'))",
            f"annotations {_PLAIN}; of those {' and '.join(SIMULATION_ANNOTATIONS)} alone are allowed",
            reason="FieldValueForbidden",
            holds=lambda annotations: all(
                key in SIMULATION_ANNOTATIONS or re.fullmatch(_PLAIN_KEY, key) for key in annotations
            ),
        ),
    ] = Field(
        default={},
        description="Annotations of the pods, seen by whoever hosts them. On simulated nodes"
        " hanse.dev/simulated-runtime and hanse.dev/simulated-exit say how long a worker runs and how it ends.",
    )


class PodTemplate(Model):
    """What each worker runs."""

    metadata: PodMetadata = Field(default=PodMetadata(), description="Labels and annotations of the pods.")
    spec: PodSpec = Field(description="Containers and scratch space of a worker.")
