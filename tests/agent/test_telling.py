"""Telling the hub: nobody waits for it, and what is told last is what the placement says."""

import asyncio
from uuid import UUID

from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio import client

from hanse.agent.copies import Copies
from hanse.agent.decide import Report
from hanse.agent.kube import Kube
from hanse.agent.settings import Settings
from hanse.agent.telling import Teller
from hanse.resources.protocol import Phase


class SlowHub:
    """A hub that takes statuses, and answers none before it is *let*."""

    def __init__(self, document):
        self.document, self.told, self.let, self.asked = document, asyncio.Queue(), asyncio.Event(), asyncio.Event()

    async def take(self, request):
        body = await request.json()
        self.asked.set()
        await self.let.wait()
        self.told.put_nowait(body["status"]["phase"])
        version = str(int(self.document["metadata"]["resourceVersion"]) + 1)
        metadata = {**self.document["metadata"], "resourceVersion": version}
        self.document = {**self.document, "metadata": metadata, "status": body["status"]}
        return web.json_response(self.document)


async def tell(document, report, folder):
    hub = SlowHub(document)
    app = web.Application()
    app.router.add_patch("/{path:.*}", hub.take)
    async with TestServer(app) as server:
        kube = Kube(client.Configuration(host=str(server.make_url("")).rstrip("/")))
        settings = Settings(
            cluster="one",
            hub_kubeconfig=folder,
            api_url="",
            api_token_file=folder,
            state_folder=folder,
            signing_key_file=folder,
            sealing_key_file=folder,
        )
        copies = Copies(settings, kube, kube)
        copies.placement_feed.put(document)
        teller = Teller(kube, settings.hub_namespace, copies)
        task = asyncio.create_task(teller.run())
        try:
            teller.tell([report(Phase.STARTING)])
            await hub.asked.wait()
            for phase in (Phase.RUNNING, Phase.DRAINING):
                teller.tell([report(phase)])
            assert hub.told.empty(), "the hub has not answered yet, and nobody waits for it"
            hub.let.set()
            return [await hub.told.get() for _ in range(2)]
        finally:
            task.cancel()
            await kube.close()


def test_nobody_waits_for_a_hub_that_does_not_answer_and_it_hears_the_newest(make_placement, tmp_path):
    placement = make_placement()
    document = placement.model_dump(by_alias=True, mode="json", exclude_none=True)
    document["metadata"] |= {"uid": "u", "resourceVersion": "1"}

    def report(phase):
        return Report(UUID(placement.spec.attempt), 1, phase)

    assert ["Starting", "Draining"] == asyncio.run(asyncio.wait_for(tell(document, report, tmp_path), 30))
