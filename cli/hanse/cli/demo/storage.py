"""An S3 server for checkpoints, from PyPI (moto), where pods reach it; and the Secrets that say how.

In: a hub, and members who store. Out: a server that ends with the cluster, a bucket of each, and a Secret of each in
its own namespace. What is in a Secret goes through standard input, never through arguments, which others would see.
"""

import importlib.util
import json
import os
from collections.abc import Iterable

import urllib3

from hanse.cli.demo.hub import Hub
from hanse.devcluster import ports, processes
from hanse.devcluster.errors import DevclusterError

PART = "s3"
READY_SECONDS = 120.0


def start(hub: Hub, members: Iterable[str]) -> None:
    """Start the server, and hand each member its bucket and its Secret, called as its jobs name it.

    Raises:
        DevclusterError: it does not come up.

    """
    if importlib.util.find_spec("moto") is None:
        raise DevclusterError("the S3 server of the demonstration is not installed: `make demo` installs it")
    port = ports.free(hub.address)
    processes.start_module(hub.own.folder, PART, "moto.server", "--host", hub.address, "--port", str(port))
    url = f"http://{hub.address}:{port}"
    processes.wait_until_ready(hub.own.folder, PART, lambda: _puts(url), READY_SECONDS)
    for member in members:
        _puts(f"{url}/{member}")
        content = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": member, "AWS_SECRET_ACCESS_KEY": os.urandom(16).hex()}
        metadata = {"name": f"{member}-s3", "namespace": member}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": content}
        hub.own.kubectl("apply", "-f", "-", stdin=json.dumps(secret))


def _puts(url: str) -> bool:
    """Make a bucket, or ask the server's root whether it answers at all."""
    try:
        with urllib3.PoolManager(retries=False, timeout=5) as http:
            return http.request("PUT" if url.count("/") > len("//") else "GET", url).status < 500  # noqa: PLR2004
    except urllib3.exceptions.HTTPError:
        return False
