"""A feed's copy, of a real API server: no list that comes late takes away what was written meanwhile."""

import asyncio

from hanse.agent.feed import Feed
from hanse.agent.kube import Kube

PATH = "/api/v1/namespaces/default/configmaps"
LABELS = {"test": "feed"}


class Late(Kube):
    """Its lists are made at once, and handed over when they are let through."""

    def __init__(self, configuration):
        super().__init__(configuration)
        self.made, self.let_through = asyncio.Event(), asyncio.Event()

    async def listed(self, path, query=None):
        found = await super().listed(path, query)
        self.made.set()
        await self.let_through.wait()
        return found


def named(name):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": LABELS}}


def test_a_late_list_takes_nothing_away_and_a_late_answer_brings_nothing_back(hub):
    async def names():
        kube = await Late.open(hub.kubeconfig)
        feed = Feed(kube, PATH, asyncio.Event(), {"labelSelector": "test=feed"})
        running = None
        try:
            gone = await kube.request("POST", PATH, named("gone"))
            await kube.request("DELETE", f"{PATH}/gone")
            await kube.request("POST", PATH, named("old"))
            running = asyncio.create_task(feed.run())
            await kube.made.wait()
            feed.put(await kube.request("POST", PATH, named("new")))
            kube.let_through.set()
            await feed.listed.wait()
            feed.put(gone)
            return {name for _, name in feed.objects}
        finally:
            if running:
                running.cancel()
            await kube.request("DELETE", PATH, query={"labelSelector": "test=feed"})
            await kube.close()

    assert {"old", "new"} == asyncio.run(names())
