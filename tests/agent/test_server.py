"""The workers' port says whether the agent lives; what workers ask there is tested with real gangs."""

import asyncio

import aiohttp
import pytest

from hanse.agent.loop import HANGS_SECONDS, Agent
from hanse.agent.server import Server


@pytest.mark.parametrize(("lives", "status"), [(True, 200), (False, 503)])
def test_a_probe_is_told_whether_the_agent_lives(lives, status):
    async def ask():
        server = Server(None, None, dict, lambda: lives)
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
