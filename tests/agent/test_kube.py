"""Requests to an API server: a token that was renewed is taken up without a restart."""

import asyncio
import json

from hanse.agent.kube import Kube, KubeError

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
