"""Hosts that never answer cost the gang that names them two seconds, and nobody else anything."""

import asyncio
import socket
import threading
from types import SimpleNamespace
from uuid import UUID

import pytest

from hanse.agent import decide, egress, hands, leases
from hanse.agent.gangs import Worker
from hanse.agent.logs import Logs
from hanse.agent.manifests import Site
from hanse.agent.rules import OwnRules
from hanse.resources.protocol import Lease, SyncAnswer


class Kube:
    """Takes everything, and knows what was asked."""

    def __init__(self):
        self.asked = []

    async def request(self, method, path, body=None):
        self.asked.append((method, path.rpartition("/")[2], body))
        return {**(body or {}), "metadata": {"uid": "u", "name": "n", **(body or {}).get("metadata", {})}}


@pytest.fixture(name="silence")
def _silence(monkeypatch):
    """Let names of slow.example never be answered, as long as the test runs; all others at once."""
    ends = threading.Event()

    def answer(host, port, type):  # noqa: A002  # as the real one
        if host.endswith("slow.example"):
            ends.wait(30)
        return [(socket.AF_INET, type, 6, "", ("8.8.8.8", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(egress, "ANSWER_SECONDS_MAX", 3)  # in which a slow machine too hears of all others
    yield
    ends.set()


@pytest.mark.usefixtures("silence")
def test_a_host_that_is_not_answered_for_is_left_out_and_the_others_are_found():
    async def look():
        lookups = egress.Lookups(changed := asyncio.Event())
        targets = {("quick.example", 443), *((f"{n}.slow.example", 443) for n in range(16))}
        one, two = UUID(int=1), UUID(int=2)
        assert lookups.found(one, targets) is None
        assert lookups.found(two, {("other.example", 80)}) is None
        await changed.wait()
        assert lookups.found(one, targets) is None, "the second is over first"
        assert [("other.example", 80)] == list(lookups.found(two, ()))
        changed.clear()
        await changed.wait()
        assert [("quick.example", 443)] == list(lookups.found(one, targets))

    asyncio.run(look())


@pytest.mark.usefixtures("silence")
def test_no_stop_waits_for_a_name_server(make_placement):
    """And no worker is made before the policy that says what it may reach."""
    placement = make_placement(egress=[{"host": "a.slow.example", "port": 443}])
    attempt = UUID(placement.spec.attempt)
    lease = Lease(attempt=attempt, fence=1, lease_seconds=300, funded_seconds=None, first=True)
    (gang,) = leases.answered({}, {"p": placement}, SyncAnswer(leases=[lease], slot_seconds=300), 0.0).values()
    other = Worker("w", "u", UUID(int=9), 1, "q", 0, "n")
    kube, feed = Kube(), SimpleNamespace(put=lambda _: None, drop=lambda _: None)

    async def play():
        copies = SimpleNamespace(
            changed=asyncio.Event(), placements_by_attempt=lambda: {attempt: placement}, service_feed=feed,
            pod_feed=feed, nodes=lambda: {seat.node: {"status": {}} for seat in gang.seats},
            device_resource=lambda _: "nvidia.com/gpu",
        )  # fmt: skip
        site = Site("workers", "cluster.local", "http://10.0.0.1:80", ())
        keys = SimpleNamespace(token=lambda _: "token")
        doing = hands.Hands(kube, site, OwnRules(), keys, copies, logs=Logs(None, kube, "n", copies, dict), stated={})
        starts = [decide.CreateGang(gang), *(decide.CreateWorker(gang, seat) for seat in gang.seats)]
        await doing.carry_out([decide.DeleteWorker(other, 1), *starts])
        first = [(method, what) for method, what, _ in kube.asked]
        await copies.changed.wait()
        await doing.carry_out(starts)
        return first, [(method, what) for method, what, _ in kube.asked[len(first) :]]

    first, second = asyncio.run(play())
    assert [("DELETE", "w")] == first
    made = ["services", "secrets", "networkpolicies", *("pods" for _ in gang.seats)]
    assert [("POST", each) for each in made] == second
