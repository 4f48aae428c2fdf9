"""The feed in this process: what it does when Kopf fails, and does not come to an end."""

import asyncio
import contextlib
import time

import proxies

from hanse.operator import kube
from hanse.operator.cache import Cache
from hanse.operator.feed import Feed
from hanse.operator.hearing import Hearing
from hanse.operator.kinds import NAMESPACE, TRAINING_JOB

KINDS = (NAMESPACE, TRAINING_JOB)


class Lingering(Hearing):
    """Its first watches, once their stream has ended, do not end when they are cancelled."""

    def response_class(self):
        class Watch(super().response_class()):
            async def start(self, connection):
                await super().start(connection)
                if self.url.query.get("watch") == "true":
                    read = self.content.iter_chunked
                    self.content.iter_chunked = lambda size: _linger(read(size))
                return self

        return Watch


async def _linger(chunks):
    with contextlib.suppress(Exception):
        async for chunk in chunks:
            yield chunk
    while Lingering.wanted:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.5)


def test_a_kopf_that_fails_and_never_ends_is_replaced(kubeconfig, tmp_path):
    Lingering.wanted = True
    with proxies.ApiProxy(kubeconfig) as proxy:
        proxied = proxy.kubeconfig(kubeconfig, tmp_path)
        hearing = Lingering(KINDS)
        feed = Feed(KINDS, Cache(KINDS, lambda: None), hearing, lambda: kube.configuration(str(proxied)))
        feed.start()
        try:
            _wait(lambda: all(heard.opened for heard in hearing.feeds().values()))
            before = hearing.feeds()
            proxy.inject(500)
            _wait(lambda: all(heard.opened > before[kind].opened for kind, heard in hearing.feeds().items()))
            assert feed.restarts == 1
        finally:
            Lingering.wanted = False
            feed.stop()


def _wait(condition):
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
