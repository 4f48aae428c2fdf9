"""The pod template of a job: a typed allow-list.

A worker runs in another party's cluster under Pod Security `restricted`. What is not an attribute here does not reach
the pod; what people often write there is refused by name in `template_forbidden`.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hanse.resources import template_forbidden
from hanse.resources.forbidden import Forbidden
from hanse.resources.model import Model
from hanse.resources.quantities import Quantity
from hanse.resources.rules import ListOf, Rule
from hanse.resources.scalars import Name, matches

TRAINER = "trainer"
RESOURCES = ("cpu", "memory", "ephemeral-storage", "rdma/hca")
# Those that the container runtime reads would undo what the node agent hands out; torchrun's own are set per worker.
RESERVED_VARIABLES = (
    "NVIDIA_VISIBLE_DEVICES",
    "ASCEND_VISIBLE_DEVICES",
    "LD_PRELOAD",
    "CUDA_DISABLE_CONTROL",
    "MASTER_ADDR",
    "MASTER_PORT",
    "WORLD_SIZE",
    "RANK",
    "NODE_RANK",
    "GROUP_RANK",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
)
RESERVED_PREFIXES = ("CUDA_MPS_", "HANSE_")
SIMULATION_ANNOTATIONS = ("hanse.dev/simulated-runtime", "hanse.dev/simulated-exit")
_ID_MAX = 2**31 - 1
_RESERVED_DOMAINS = r"^([^/]*[.])?(hanse[.]dev|kubernetes[.]io|k8s[.]io)/"


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
        Field(min_length=1, max_length=128),
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
    ),
]


class Resources(Model):
    """What a container needs beside its GPUs."""

    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.RESOURCE_FIELDS
    requests: ResourceMap = Field(default={}, description="What is set aside on the node.")
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


class VolumeMount(Model):
    """Where a volume appears in the container."""

    name: Name = Field(description="Name of a volume of the template.")
    mount_path: Annotated[
        str,
        Field(min_length=1, max_length=512),
        matches("^/[^:]*$", "not a path to mount at: write an absolute path without a colon"),
    ] = Field(description="Absolute path in the container.")
    read_only: bool = Field(default=False, description="Whether the container may only read it.")


class Container(Model):
    """One container of a worker."""

    forbidden: ClassVar[Mapping[str, Forbidden]] = template_forbidden.CONTAINER_FIELDS
    name: Name = Field(description="Unique in the template. The container named trainer gets the GPUs.")
    image: Annotated[
        str,
        Field(min_length=1, max_length=512),
        matches(
            "^[^@ ]+@sha256:[0-9a-f]{64}$",
            "not an image by its digest: write <registry>/<name>@sha256:<64 hexadecimal digits>",
        ),
    ] = Field(description="Image by digest, so that every cluster runs the same bytes.")
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
            "has(self.emptyDir)",
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
            f"self.containers.exists(c, c.name == '{TRAINER}')",
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
        dict[str, Annotated[str, Field(max_length=63)]],
        Field(max_length=16),
        Rule(
            f"self.all(k, !k.matches('{_RESERVED_DOMAINS}'))",
            "labels of hanse.dev, kubernetes.io and k8s.io are set by Hanse: remove them",
            reason="FieldValueForbidden",
        ),
    ] = Field(default={}, description="Labels of the pods, seen by whoever hosts them.")
    annotations: Annotated[
        dict[str, Annotated[str, Field(max_length=1024)]],
        Field(max_length=16),
        Rule(
            f"self.all(k, k in {_literals(SIMULATION_ANNOTATIONS)} || !k.matches('{_RESERVED_DOMAINS}'))",
            "annotations of hanse.dev, kubernetes.io and k8s.io are set by Hanse: remove them",
            reason="FieldValueForbidden",
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
