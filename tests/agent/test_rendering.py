"""What reaches the member's cluster and the hub: pods, policies, inventory, the member's own rules."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.agent import frameworks, inventory, manifests, nodes, rules
from hanse.agent.bindings import GpuThere
from hanse.agent.gangs import Gang, Seat, Worker
from hanse.agent.rules import OwnRules
from hanse.evidence import sealing
from hanse.evidence.errors import EvidenceError
from hanse.resources import AcceleratorClass, template
from hanse.resources.protocol import CheckpointOfRecord, Outcome
from hanse.resources.training_job import GpuMemory
from hanse.training.memory import CONTEXT_MIB

SITE = manifests.Site(namespace="workers", cluster_domain="cluster.local", agent_url="http://10.0.0.1:8380")
VENDOR = "nvidia.com/gpu"
SEATS = (Seat(0, "node-0", (0, 1)), Seat(1, "node-1", (0, 1)))


def gang(placement, **more):
    from uuid import UUID

    return Gang(UUID(placement.spec.attempt), 1, "job-a", 0, 0, 0, grace_seconds=30, seats=SEATS, **more)


def pod_of(placement, seat=SEATS[1], allocatable=None, **more):
    devices = manifests.devices(placement, seat, allocatable or {}, VENDOR)
    return manifests.pod(SITE, placement, gang(placement, **more), seat, devices, {})


def test_a_worker_finds_the_others_by_torchruns_variables(make_placement):
    placement = make_placement(seats=[("node-0", (0, 1)), ("node-1", (0, 1))])
    env = {each["name"]: each["value"] for each in pod_of(placement)["spec"]["containers"][0]["env"]}
    master = f"w-0.g-{placement.spec.attempt}.workers.svc.cluster.local"
    assert (master, "4", "2", "1", "2") == tuple(
        env[name] for name in ("MASTER_ADDR", "WORLD_SIZE", "RANK", "NODE_RANK", "LOCAL_WORLD_SIZE")
    )
    assert ("2", "1", "2") == tuple(env[name] for name in ("PET_NNODES", "PET_NODE_RANK", "PET_NPROC_PER_NODE"))
    assert "HANSE_RESUME_URI" not in env


def test_a_later_attempt_is_told_where_to_go_on(make_placement):
    pod = pod_of(make_placement(), checkpoint=CheckpointOfRecord(step=7, uri="s3://b/7"))
    env = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    assert ("7", "s3://b/7") == (env["HANSE_RESUME_STEP"], env["HANSE_RESUME_URI"])


def test_whole_gpus_are_asked_for_by_the_vendors_name_or_one_by_one(make_placement):
    placement = make_placement(seats=[("node-0", (0, 1)), ("node-1", (0, 1))])
    assert {VENDOR: "2"} == manifests.devices(placement, SEATS[0], {VENDOR: "8"}, VENDOR)
    own = {
        f"gpu{gpu}.hanse.dev/{part}": count for gpu in (0, 1) for part, count in (("mem-gib", "78"), ("tenant", "4"))
    }
    asked = manifests.devices(placement, SEATS[0], own, VENDOR)
    assert {"78"} == {asked[f"gpu{gpu}.hanse.dev/{part}"] for gpu in (0, 1) for part in ("mem-gib", "limit-gib")}


def test_a_share_of_a_gpu_asks_for_its_guarantee_and_its_limit(make_placement):
    placement = make_placement(gpuMemory={"guaranteedMiB": 20480, "limitMiB": 40960})
    own = {"gpu0.hanse.dev/mem-gib": "78", "gpu0.hanse.dev/tenant": "4"}
    asked = manifests.devices(placement, Seat(0, "node-0", (0,)), own, VENDOR)
    assert {"gpu0.hanse.dev/mem-gib": "20", "gpu0.hanse.dev/limit-gib": "40", "gpu0.hanse.dev/tenant": "1"} == asked
    assert asked == manifests.devices(placement, Seat(0, "node-0", (0,)), {VENDOR: "8"}, VENDOR)


def test_only_the_trainer_sees_a_gpu_whatever_the_images_beside_it_ask_for(make_placement):
    image = f"registry.example/i@sha256:{64 * '0'}"
    named = {"containers": [{"name": each, "image": image} for each in ("logs", "trainer")]}
    first = [{"name": "fetch", "image": image}]
    placement = make_placement(template={"spec": {**named, "initContainers": first}})
    own = {"gpu0.hanse.dev/mem-gib": "78", "gpu0.hanse.dev/tenant": "4"}
    hints = {"NVIDIA_VISIBLE_DEVICES": "GPU-0", "HANSE_HINTS": "/run/hanse/gpu0/hints.json"}
    seat = Seat(0, "node-0", (0,))
    devices = manifests.devices(placement, seat, own, VENDOR)
    spec = manifests.pod(SITE, placement, gang(placement), seat, devices, hints)["spec"]
    found = {
        each["name"]: (
            {one["name"]: one["value"] for one in each["env"] if one["name"] in hints}, bool(each["resources"])
        )
        for each in (*spec["containers"], *spec["initContainers"])
    }  # fmt: skip
    nothing = ({"NVIDIA_VISIBLE_DEVICES": "void"}, False)
    assert {"trainer": (hints, True), "logs": nothing, "fetch": nothing} == found


def test_a_policy_lets_out_to_what_was_declared_and_no_further(make_placement):
    placement = make_placement()
    owner = {"metadata": {"name": "g", "uid": "u"}}
    policy = manifests.network_policy(SITE, gang(placement), owner, [("192.0.2.1/32", 443)])
    peers, names, declared = (rule["to"] for rule in policy["spec"]["egress"])
    assert [["podSelector"], ["namespaceSelector"]] == [[*each] for (each,) in (peers, names)]
    assert [{"ipBlock": {"cidr": "192.0.2.1/32"}}] == declared
    site = replace(SITE, name_servers=("192.0.2.53/32",))
    own = manifests.network_policy(site, gang(placement), owner, [])["spec"]["egress"][1]["to"]
    assert [{"ipBlock": {"cidr": "192.0.2.53/32"}}] == own
    assert [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}] == policy["spec"]["egress"][1]["ports"]


@pytest.mark.parametrize("own", [{}, {"egressNetworks": ["10.1.0.0/16", "fd00::/8", "0.0.0.0/0", "::/0"]}])
@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "febf::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_no_name_leads_workers_to_the_node_or_to_metadata(own, address):
    assert not rules.is_outside(OwnRules.model_validate(own), ip_address(address))


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fd12::1"])
def test_a_members_own_network_is_reached_only_as_far_as_it_says(address):
    assert not rules.is_outside(OwnRules(), ip_address(address))
    assert not rules.is_outside(OwnRules.model_validate({"egressNetworks": ["10.0.0.0/16"]}), ip_address(address))
    own = OwnRules.model_validate({"egressNetworks": [f"{address}/{ip_address(address).max_prefixlen}"]})
    assert rules.is_outside(own, ip_address(address))


@pytest.mark.parametrize("address", ["192.0.2.1", "223.5.5.5", "2001:db8::1", "100.63.255.255", "100.128.0.0"])
def test_what_is_outside_may_be_declared(address):
    assert rules.is_outside(OwnRules(), ip_address(address))


@pytest.mark.parametrize(
    ("own", "spec", "sentence"),
    [
        ({}, {}, None),
        ({"registries": ["registry.example"]}, {}, None),
        ({"registries": ["other.example"]}, {}, "images from registry.example are not allowed"),
        ({"trustLevels": ["none"]}, {"trust": "kata"}, "does not offer trust kata"),
        ({}, {"seats": [("nowhere", (0,))]}, "has no node nowhere"),
    ],
    ids=["nothing", "registry", "another registry", "trust", "no such node"],
)
def test_the_members_rules(make_placement, own, spec, sentence):
    refusal = rules.refusal(OwnRules.model_validate(own), make_placement(**spec), {"node-0", "node-1"})
    assert (refusal is None) if sentence is None else sentence in refusal


def node(name, gpus="8", **labels):
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "labels": {"class": "h100", "hanse.dev/rack": "r1", "x": "y", **labels},
        },
        "spec": {},
        "status": {
            "allocatable": {VENDOR: gpus, "cpu": "63500m", "memory": "1000Gi"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


CLASS = AcceleratorClass.parse({
    "metadata": {"name": "h100-80g"},
    "spec": {
        "vendor": "nvidia", "memoryMiB": 81920, "h100Equivalent": {"bf16": 1000}, "watts": 700,
        "deviceResources": [VENDOR], "nodeSelector": {"class": "h100"},
    },
})  # fmt: skip


def test_nodes_are_reported_with_what_others_use_of_them():
    asks = {"resources": {"requests": {"cpu": "1500m", "memory": "1e9", VENDOR: "2"}}}
    foreign = {"metadata": {}, "spec": {"nodeName": "a", "containers": [asks, asks], "initContainers": [asks]}}
    over = {**foreign, "status": {"phase": "Succeeded"}}
    found = inventory.reports([node("a"), node("b", **{"class": "other"})], [foreign, over], [CLASS])
    (report,) = found.values()
    assert ("a", 8, 63500, 1024000, True) == (
        report.name,
        report.gpus,
        report.cpu_milli,
        report.memory_mib,
        report.ready,
    )
    assert (4, 3000, 1908) == (report.foreign.gpus, report.foreign.cpu_milli, report.foreign.memory_mib)
    assert {"hanse.dev/rack": "r1"} == report.labels


def test_rdma_devices_are_counted_and_those_that_others_have():
    has = node("a")
    has["status"]["allocatable"]["rdma/hca"] = "8"
    uses = {"resources": {"requests": {"rdma/hca": "3"}, "limits": {"rdma/hca": "3"}}}
    foreign = {"metadata": {}, "spec": {"nodeName": "a", "containers": [uses]}}
    found = inventory.reports([has, node("b")], [foreign], [CLASS])
    assert {"a": (8, 3), "b": (0, 0)} == {name: (each.rdma, each.foreign.rdma) for name, each in found.items()}


@pytest.mark.parametrize(
    ("has", "gpus", "shared"),
    [
        pytest.param({VENDOR: "8"}, 8, None, id="the vendor's plugin"),
        pytest.param(
            dict.fromkeys((0, 1, 2), ("78", "118", "4")), 3,
            {"gpus": (0, 1, 2), "memGib": 78, "limitGib": 118, "tenants": 4}, id="the pool's own",
        ),
        pytest.param(
            {0: ("77", "118", "4"), 1: ("0", "0", "0"), 10: ("78", "90", "4")}, 11,
            {"gpus": (0, 10), "memGib": 77, "limitGib": 90, "tenants": 4}, id="one is lost, and the least counts",
        ),
        pytest.param(
            {0: ("0", "0", "0")}, 1, {"gpus": (), "memGib": 0, "limitGib": 0, "tenants": 0}, id="its agent is away"
        ),
    ],
)  # fmt: skip
def test_what_a_node_has_to_share_is_reported(has, gpus, shared):
    made = node("a")
    parts = ("mem-gib", "limit-gib", "tenant")
    made["status"]["allocatable"] = {
        name: count
        for gpu, counts in has.items()
        for name, count in (
            [(gpu, counts)]
            if gpu == VENDOR
            else zip((f"gpu{gpu}.hanse.dev/{part}" for part in parts), counts, strict=True)
        )
    }
    report = inventory.reports([made], [], [CLASS])["a"]
    assert (gpus, shared) == (report.gpus, report.shared and report.shared.model_dump())


def test_a_node_whose_gpus_are_offered_twice_takes_no_more_work(caplog):
    made = node("twice")
    made["status"]["allocatable"]["gpu0.hanse.dev/mem-gib"] = "78"
    for _ in range(2):
        report = inventory.reports([made], [], [CLASS])["twice"]
    assert (8, 8, 63500, None) == (report.gpus, report.foreign.gpus, report.foreign.cpu_milli, report.shared)
    [said] = caplog.messages
    assert f"their maker's plugin ({VENDOR}); take that one off" in said


def test_an_odd_node_is_left_out_and_an_odd_pod_has_its_whole_node(caplog):
    shared = node("shared", gpus="80")
    labelled = node("labelled", **{f"hanse.dev/l{number}": "" for number in range(70)})

    def pod(name, memory):
        requests = {"resources": {"requests": {"memory": memory}}}
        return {"metadata": {"name": name}, "spec": {"nodeName": name, "containers": [requests, requests]}}

    pods = [pod("a", "1Ei"), pod("b", "1e999"), pod("c", "900Gi"), pod("d", "1Gi")]
    nodes = [shared, labelled, *map(node, "abcd")]
    for _ in range(2):
        found = inventory.reports(nodes, pods, [CLASS])
    assert {"a": (8, 1024000), "b": (8, 1024000), "c": (0, 1024000), "d": (0, 2048)} == {
        name: (report.foreign.gpus, report.foreign.memory_mib) for name, report in found.items()
    }
    assert ["node shared", "node labelled", "pod None/a", "pod None/b"] == [
        " ".join(said.split()[:2]) for said in caplog.messages
    ]


def test_labels_are_reported_if_they_are_known_or_named():
    more = {"kubernetes.io/arch": "amd64", "member.example/pool": "a", "member.example/customer": "secret"}
    (report,) = inventory.reports([node("a", **more)], [], [CLASS], ["member.example/pool"]).values()
    assert {"hanse.dev/rack", "kubernetes.io/arch", "member.example/pool"} == report.labels.keys()


def test_only_what_changed_is_sent():
    before = inventory.reports([node("a"), node("b")], [], [CLASS])
    after = inventory.reports([node("a", gpus="7")], [], [CLASS])
    changed = inventory.changes(before, after)
    assert (False, ["a"], ("b",)) == (changed.whole, [each.name for each in changed.nodes], changed.gone)
    assert inventory.changes(None, after).whole


def test_what_is_sealed_is_opened_by_its_recipient_as_what_it_was_sealed():
    key = X25519PrivateKey.generate()
    sealed = sealing.seal(key.public_key().public_bytes_raw(), sealing.STORAGE, b"secret")
    assert b"secret" == sealing.unseal(key, sealing.STORAGE, sealed)
    for wrong in (
        lambda: sealing.unseal(X25519PrivateKey.generate(), sealing.STORAGE, sealed),
        lambda: sealing.unseal(key, b"something else", sealed),
        lambda: sealing.unseal(key, sealing.STORAGE, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        lambda: sealing.unseal(key, sealing.STORAGE, b"short"),
    ):
        with pytest.raises(EvidenceError):
            wrong()


THERE = [GpuThere(index=3, uuid="GPU-3", memory_mib=81_559), GpuThere(index=5, uuid="GPU-5", memory_mib=81_559)]


def test_frameworks_are_told_a_fraction_of_the_whole_gpu_that_is_not_more_than_the_limit():
    share = GpuMemory(guaranteed_mib=20_480, limit_mib=30_720)
    told = frameworks.variables("nvidia", share, THERE[:1])
    assert {
        "HANSE_HINTS": "/run/hanse/gpu3/hints.json",
        "NVIDIA_VISIBLE_DEVICES": "GPU-3",
        "PYTORCH_CUDA_ALLOC_CONF": "per_process_memory_fraction:0.3672",
        "XLA_CLIENT_MEM_FRACTION": "0.3672",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.3672",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT": "0=30720M",
    } == told
    # Tensors and the context, which is beside the fraction, are not more together.
    assert float(told["XLA_CLIENT_MEM_FRACTION"]) * 81_559 + CONTEXT_MIB <= 30_720
    fixed = frameworks.variables("nvidia", GpuMemory(guaranteed_mib=20_480, limit_mib=20_480), THERE[:1])
    assert "XLA_PYTHON_CLIENT_PREALLOCATE" not in fixed
    # No job sets by itself what bounds it; how JAX begins is no bound.
    assert ["XLA_PYTHON_CLIENT_PREALLOCATE"] == [name for name in told if not template._reserved(name)]


def test_whole_gpus_are_named_and_nothing_is_held_back_of_them():
    told = frameworks.variables("nvidia", None, THERE)
    assert {"HANSE_HINTS": "/run/hanse/gpu3/hints.json", "NVIDIA_VISIBLE_DEVICES": "GPU-3,GPU-5"} == told
    assert ["HANSE_HINTS"] == list(frameworks.variables("huawei", None, THERE))


def test_a_node_has_what_is_placed_there_and_knows_what_is_to_stop(make_placement):
    placement = make_placement(gpuMemory={"guaranteedMiB": 4096, "limitMiB": 6144}, seats=[("node-0", (1,))])
    here = replace(gang(placement), seats=(Seat(0, "node-0", (1,)), Seat(1, "node-1", (1,))), guaranteed_mib=4096)
    pods = [worker_of(here, 0)]

    def of(node, gang, placement=placement):
        return nodes.bindings(node, [gang], {gang.attempt: placement} if placement else {}, pods, "workers")

    [binding] = of("node-0", here)
    assert ("workers", f"g-{here.attempt}-0", "uid-0", 1, (1,), 4, 6, False) == (
        binding.namespace, binding.pod, binding.uid, binding.fence, binding.gpus, binding.guaranteed_gib,
        binding.limit_gib, binding.stopping,
    )  # fmt: skip
    assert [""] == [each.uid for each in of("node-1", here)]
    newer = placement.model_copy(update={"spec": placement.spec.model_copy(update={"fence": 2})})
    stopped = here.stopping(Outcome.STOPPED)
    for found in (of("node-0", stopped), of("node-0", stopped, None), of("node-0", stopped, newer)):
        assert [(4, True)] == [(each.guaranteed_gib, each.stopping) for each in found]
    # That a placement is gone asks nobody to end, and lets nobody begin.
    assert () == of("node-0", here, None) == of("node-0", here, newer)
    assert () == of("node-0", replace(here, released=True)) == of("node-2", here)


def worker_of(gang, rank):
    name = manifests.worker_name(gang, rank)
    return Worker(name, f"uid-{rank}", gang.attempt, gang.fence, gang.placement, rank, f"node-{rank}")
