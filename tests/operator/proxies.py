"""Proxies that fail on purpose: one between the operator and the API server, one between it and PostgreSQL."""

import asyncio
import contextlib
import json
import re
import ssl
import threading

import aiohttp
from aiohttp import web


class _Thread:
    """Runs an event loop in a thread for the time of a `with` block."""

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.port = self._run(self.start())
        return self

    def __exit__(self, *_):
        self._run(self.stop())
        self._run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(240)


async def _cancel_others():
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class ApiProxy(_Thread):
    """Plain HTTP in front of an API server; `drop` swallows watch events, `inject` puts an ERROR into all watches."""

    def __init__(self, kubeconfig):
        self._cluster = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]
        self.drop = lambda _event: False
        self.dropped = []
        self._watches = []

    async def start(self):
        context = ssl.create_default_context(cafile=self._cluster["certificate-authority"])
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0), auto_decompress=False, read_bufsize=2**21
        )
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return self._runner.addresses[0][1]

    async def stop(self):
        await self._runner.cleanup()
        await self._session.close()

    def kubeconfig(self, original, folder):
        """Write a kubeconfig that leads through the proxy; return its file."""
        content = json.loads(original.read_text())
        content["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self.port}"}
        file = folder / "proxied-kubeconfig"
        file.write_text(json.dumps(content))
        return file

    def inject(self, code):
        """Let every open watch say that it failed with this code, as an API server does."""
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": "injected"}
        line = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
        self._run(self._write_all(line))

    async def _write_all(self, line):
        watches, self._watches = self._watches, []
        for answer in watches:
            with contextlib.suppress(ConnectionError):
                await answer.write(line)

    async def _pass_on(self, request):
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        url = self._cluster["server"] + request.path_qs
        body = await request.read()
        forever = aiohttp.ClientTimeout(total=None)
        async with self._session.request(
            request.method, url, headers=headers, data=body or None, timeout=forever
        ) as upstream:
            kept = {name: value for name, value in upstream.headers.items() if name.lower() == "content-type"}
            if upstream.headers.get("Content-Encoding"):
                kept["Content-Encoding"] = upstream.headers["Content-Encoding"]
            answer = web.StreamResponse(status=upstream.status, headers=kept)
            await answer.prepare(request)
            is_watch = request.query.get("watch") == "true"
            if is_watch:
                self._watches.append(answer)
            await self._stream(upstream, answer, is_watch=is_watch)
            return answer

    async def _stream(self, upstream, answer, *, is_watch):
        rest = b""
        async for chunk in upstream.content.iter_any():
            if not is_watch:
                await answer.write(chunk)
                continue
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                event = json.loads(line)
                if self.drop(event):
                    self.dropped.append(event)
                else:
                    await answer.write(line + b"\n")


class CommitCutter(_Thread):
    """A TCP proxy to PostgreSQL that cuts the first connection that commits a recorded cycle, once armed.

    The COMMIT reaches the server and its answer does not come back, or, if *drops*, it does not reach the server: to
    the client both look the same. *marker*, one of *markers*, is in a statement of that transaction.
    """

    def __init__(self, host, port, *markers):
        self._server = host, port
        self.markers = markers or (b"record_cycle",)
        self.marker = self.markers[0]
        # A client that repeats a statement sends only the name that it gave it.
        self._named = re.compile(rb"(_pg3_[0-9]+)\0[^\0]*(" + b"|".join(map(re.escape, self.markers)) + rb")")
        self.is_armed = self.drops = False
        self.cuts = self.dropped = 0

    async def start(self):
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self._listener.sockets[0].getsockname()[1]

    async def stop(self):
        self._listener.close()
        await _cancel_others()  # each closes its connection
        await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(*self._server)
        except ConnectionError:  # the server is being restarted
            writer.close()
            return
        forward = asyncio.create_task(self._forward(reader, upstream_writer, writer))
        back = asyncio.create_task(_copy(upstream_reader, writer))
        try:
            await asyncio.wait([forward, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (forward, back):
                task.cancel()
            for each in (writer, upstream_writer):
                each.close()

    async def _forward(self, reader, upstream, client):
        recorded, names = set(), {}
        while data := await reader.read(65_536):
            names |= dict(self._named.findall(data))
            recorded |= {marker for marker in self.markers if marker in data}
            recorded |= {marker for name, marker in names.items() if b"\0%b\0" % name in data}
            if self.is_armed and self.marker in recorded and b"COMMIT" in data:
                self.is_armed = False
                self.cuts += 1
                client.transport.abort()
                if self.drops:
                    self.dropped += 1
                    return
                upstream.write(data)
                await upstream.drain()
                await asyncio.sleep(0.5)
                return
            if b"COMMIT" in data or b"ROLLBACK" in data:
                recorded.clear()  # the connection goes back to its pool, and carries other transactions next
            upstream.write(data)
            await upstream.drain()


async def _copy(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
