"""The workers' port says whether the agent lives; what workers ask there is tested with real gangs."""

import asyncio
import dataclasses
import uuid

import aiohttp
import pytest

from hanse.agent.bindings import NodeStatement
from hanse.agent.gangs import Gang, Seat
from hanse.agent.keys import Keys
from hanse.agent.loop import HANGS_SECONDS, Agent
from hanse.agent.nodes import Nodes
from hanse.agent.server import Server
from hanse.resources.protocol import NodeReport, Progress, SharedGpus

NODES = Nodes(None, "", None)
"""Of a cluster without node agents."""


@pytest.mark.parametrize(("lives", "status"), [(True, 200), (False, 503)])
def test_a_probe_is_told_whether_the_agent_lives(lives, status):
    async def ask():
        server = Server(None, None, dict, lambda: lives, NODES)
        port = await server.start("127.0.0.1", 0)
        try:
            async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as answer:
                return answer.status
        finally:
            await server.stop()

    assert status == asyncio.run(ask())


@pytest.mark.parametrize(
    ("looked_at", "lives"),
    [(None, True), (1000.0, True), (1001.0 - HANGS_SECONDS, True), (999.0 - HANGS_SECONDS, False)],
)
def test_an_agent_lives_that_looks_at_its_gangs_or_waits_for_others(monkeypatch, looked_at, lives):
    monkeypatch.setattr("hanse.agent.clock.boottime", lambda: 1000.0)
    agent = Agent.__new__(Agent)
    agent._looked_at = looked_at
    assert lives == agent._lives()


def test_how_far_a_gang_has_come_is_kept_for_as_long_as_the_gang_and_taken_from_its_own_workers_only():
    gang, theirs = (Gang(uuid.UUID(int=number), 1, "p", 0, 0, 0) for number in (1, 2))
    gangs, keys = {each.attempt: each for each in (gang, theirs)}, Keys(bytes(32), bytes(32))

    async def say():
        server = Server(None, keys, lambda: gangs, lambda: True, NODES)
        port = await server.start("127.0.0.1", 0)

        async def said(whose, by, **what):
            body, headers = {"attempt": str(whose.attempt), **what}, {"Authorization": f"Bearer {keys.token(by)}"}
            async with http.post(f"http://127.0.0.1:{port}/v1/progress", json=body, headers=headers) as answer:
                return answer.status

        try:
            async with aiohttp.ClientSession() as http:
                told = [
                    await said(gang, gang, step=7, steps=10),
                    await said(gang, theirs, step=9),
                    await said(gang, gang, step=-1),
                ]
                before = dict(server.progress)
                del gangs[gang.attempt]
                told.append(await said(theirs, theirs, step=1))
                return told, before, server.progress
        finally:
            await server.stop()

    assert (
        [200, 401, 422, 200],
        {gang.attempt: Progress(step=7, steps=10)},
        {theirs.attempt: Progress(step=1)},
    ) == asyncio.run(say())


def test_the_hub_hears_how_memory_is_kept_apart_where_gpus_are_shared_and_a_node_agent_has_said_so():
    nodes, nil = Nodes(None, "", None), uuid.UUID(int=0)
    for name in ("shares", "whole"):
        nodes.stated[name] = NodeStatement(boot_id=nil, process=nil, enforcer="advisory", gpus=())
    share = SharedGpus(gpus=(0,), mem_gib=78, limit_gib=78, tenants=4)
    made = {
        name: NodeReport(
            name=name, accelerator_class="h100-80g", gpus=1, cpu_milli=0, memory_mib=0, ready=True, shared=of
        )
        for name, of in {"shares": share, "new": share, "whole": None}.items()
    }
    told = {name: report.enforcer for name, report in nodes.reported(made).items()}
    assert {"shares": "advisory", "new": "", "whole": ""} == told


def test_a_worker_is_told_who_is_in_its_gang_and_of_no_other():
    attempt, other = uuid.UUID(int=1), uuid.UUID(int=2)
    seats = (Seat(0, "n", (0,)), Seat(1, "n", (1,), leaving=True), Seat(4, "n", (2,)))
    gang = Gang(attempt, 1, "p", 0, 0, 0, seats=seats, sequence=9, succeeded=frozenset({4}))
    keys = Keys(bytes(32), bytes(32))
    theirs = dataclasses.replace(gang, attempt=other)

    async def ask(whose):
        server = Server(None, keys, lambda: {attempt: gang, other: theirs}, lambda: True, NODES)
        port = await server.start("127.0.0.1", 0)
        headers = {"Authorization": f"Bearer {keys.token(whose)}"}
        try:
            async with aiohttp.ClientSession() as http:
                url = f"http://127.0.0.1:{port}/v1/gangs/{attempt}"
                async with http.get(url, headers=headers) as answer:
                    return answer.status, await answer.json()
        finally:
            await server.stop()

    assert (200, {"sequence": 9, "ranks": [0, 4], "ended": [4]}) == asyncio.run(ask(gang))
    assert 401 == asyncio.run(ask(theirs))[0]
