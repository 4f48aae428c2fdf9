"""Requests to an API server: renewed tokens are taken up, and an answer that is no JSON is a refusal like others."""

import asyncio
import json
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio import client

from hanse.agent.hub import Hub, HubError
from hanse.agent.kube import Kube, KubeError
from hanse.resources.protocol import SlotsRequest

PATH = "/api/v1/namespaces/default"


def test_a_renewed_token_is_taken_up_and_a_half_written_file_is_not(hub, tmp_path):
    file = tmp_path / "kubeconfig"

    def write(token):
        content = json.loads(hub.kubeconfig.read_text())
        content["users"][0]["user"] = {"token": token}
        file.write_text(json.dumps(content))

    async def ask():
        write("run-out")
        kube = await Kube.open(file)
        answers = []
        try:
            for renew in (lambda: None, lambda: write(hub.admin_token), lambda: file.write_text("{"), file.unlink):
                renew()
                try:
                    answers.append((await kube.request("GET", PATH))["metadata"]["name"])
                except KubeError as error:
                    answers.append(error.status)
        finally:
            await kube.close()
        return answers

    assert [401, "default", "default", "default"] == asyncio.run(ask())


PAGE = "<html>502 Bad Gateway</html>"


def answering(status, text):
    """Return a handler that answers everything in plain text, as a server under load or a proxy does."""

    async def answer(_request):
        return web.Response(status=status, text=text)

    return answer


def asked_of(handler, ask):
    """Return what *ask* makes of a server that answers by *handler*, given the server's URL."""

    async def run():
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        async with TestServer(app) as server:
            return await ask(str(server.make_url("")).rstrip("/"))

    return asyncio.run(run())


@pytest.mark.parametrize(("status", "text"), [(429, "Too many requests\n"), (502, PAGE), (200, PAGE), (200, "[]")])
def test_an_answer_in_plain_text_is_a_refusal(tmp_path, status, text):
    async def ask(url):
        kube = Kube(client.Configuration(host=url))
        hub = Hub(url, tmp_path / "token")
        refusals = []
        try:
            with pytest.raises(HubError, match="cannot be asked"):
                await hub.slots(SlotsRequest(slots=()))
            (tmp_path / "token").write_text("t")
            with pytest.raises(KubeError) as refused:
                await kube.request("GET", PATH)
            refusals.append(refused.value)
            with pytest.raises(KubeError) as refused:
                await anext(kube.watched(PATH, "1", {}))
            refusals.append(refused.value)
            with pytest.raises(HubError, match=re.escape(text.strip())):
                await hub.slots(SlotsRequest(slots=()))
        finally:
            await kube.close()
            await hub.close()
        return refusals

    refusals = asked_of(answering(status, text), ask)
    assert [status] * 2 == [each.status for each in refusals]
    assert all(text.strip() in str(each) for each in refusals)
