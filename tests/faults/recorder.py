"""The recorder: every version of each pod, Placement and job of a cluster, in the order in which they came to be.

In: a development cluster. Out: a list of plain dicts, one a change, in the order of etcd's revisions. It watches etcd
itself: what is tested must not be the witness, and an API server that restarts would leave a gap in its own watches.
Revisions number all changes of all kinds, so that no clock decides what came first. `seen` is when a change came in
(Unix time in microseconds), which is later than it happened. Nothing is judged here.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator

import urllib3

KINDS = {"Pod": "/registry/pods/", "Placement": "/registry/hanse.dev/placements/"}
KINDS["TrainingJob"] = "/registry/hanse.dev/trainingjobs/"
CATCH_UP_SECONDS = 120.0
_PROTOBUF = b"k8s\0"


class Recorder:
    """Records in a thread for each kind from the moment it is made until :meth:`finish`."""

    def __init__(self, folder):
        port = json.loads((folder / "ports.json").read_text())["etcd"]
        pki = folder / "pki" / "etcd"
        self._url = f"https://127.0.0.1:{port}/v3"
        self._http = urllib3.PoolManager(
            ca_certs=str(pki / "ca.crt"), cert_file=str(pki / "client.crt"), key_file=str(pki / "client.key"),
            retries=False, maxsize=len(KINDS) + 1,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._events = []
        self._ends = threading.Event()
        start = int(self._range("/registry/")["header"]["revision"])
        self._threads = [threading.Thread(target=self._watch, args=(kind, start), daemon=True) for kind in KINDS]
        for thread in self._threads:
            thread.start()

    def events(self):
        """Return all changes so far."""
        with self._lock:
            return sorted(self._events, key=lambda event: event["revision"])

    def latest(self, kind):
        """Return the last known version of each object of a kind that is there, by key."""
        found = {}
        for event in self.events():
            if event["kind"] == kind:
                found[event["key"]] = event
        return {key: event for key, event in found.items() if event["type"] == "PUT"}

    def finish(self):
        """Return all changes, once they lead to just what etcd holds now."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while not all(self._is_whole(kind) for kind in KINDS):
            assert time.monotonic() < deadline, "what was recorded does not lead to what etcd holds"
            time.sleep(0.2)
        self._ends.set()
        return self.events()

    def _is_whole(self, kind):
        held = self._range(KINDS[kind]).get("kvs", [])
        now = {base64.b64decode(each["key"]).decode(): int(each["mod_revision"]) for each in held}
        return now == {key: event["revision"] for key, event in self.latest(kind).items()}

    def _range(self, prefix):
        body = _prefix(prefix) | {"keys_only": True}
        return json.loads(self._http.request("POST", f"{self._url}/kv/range", json=body, timeout=60).data)

    def _watch(self, kind, after):
        while not self._ends.is_set():
            try:
                for event in self._stream(KINDS[kind], after + 1):
                    after = int(event["kv"]["mod_revision"])
                    read = _read(kind, event) | {"seen": time.time_ns() // 1000}
                    with self._lock:
                        self._events.append(read)
            except urllib3.exceptions.HTTPError:
                self._ends.wait(0.2)

    def _stream(self, prefix, revision) -> Iterator[dict]:
        body = {"create_request": _prefix(prefix) | {"start_revision": str(revision)}}
        timeout = urllib3.Timeout(connect=5, read=None)
        answer = self._http.request("POST", f"{self._url}/watch", json=body, preload_content=False, timeout=timeout)
        rest = b""
        for chunk in answer.stream(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield from json.loads(line)["result"].get("events", [])


def _prefix(prefix):
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return {"key": base64.b64encode(prefix.encode()).decode(), "range_end": base64.b64encode(end.encode()).decode()}


def _read(kind, event):
    kv = event["kv"]
    key = base64.b64decode(kv["key"]).decode()
    said = {"kind": kind, "key": key, "name": key.rpartition("/")[2], "revision": int(kv["mod_revision"])}
    if event.get("type") == "DELETE":
        return said | {"type": "DELETE"}
    value = base64.b64decode(kv["value"])
    return said | {"type": "PUT"} | {"Pod": _pod, "Placement": _placement, "TrainingJob": _job}[kind](value)


def _placement(value):
    document = json.loads(value)
    spec, status = document["spec"], document.get("status", {})
    return {
        "uid": document["metadata"]["uid"],
        **{name: spec[name] for name in ("attempt", "fence", "sequence", "wanted", "workers")},
        "status": {name: status.get(name) for name in ("fence", "phase")},
    }


def _job(value):
    document = json.loads(value)
    status = document.get("status", {})
    return {"uid": document["metadata"]["uid"]} | {
        name: status.get(name) for name in ("phase", "reason", "fence", "attempts", "preemptions")
    }


def _pod(value):
    """Read a pod as etcd has it: the fields' numbers are those of Kubernetes' API, which never change."""
    assert value.startswith(_PROTOBUF)
    (pod,) = _fields(value[len(_PROTOBUF) :])[2]
    metadata, spec, status = (_fields(_fields(pod).get(number, [b""])[0]) for number in (1, 2, 3))
    labels = dict(_pair(entry) for entry in metadata.get(11, []))
    return {
        "uid": metadata[5][0].decode(),
        "attempt": labels.get("hanse.dev/attempt"),
        "fence": int(labels.get("hanse.dev/fence", 0)),
        "rank": int(labels.get("hanse.dev/rank", 0)),
        "node": spec.get(10, [b""])[0].decode(),
        "phase": status.get(1, [b""])[0].decode(),
    }


def _pair(entry):
    fields = _fields(entry)
    return fields[1][0].decode(), fields.get(2, [b""])[0].decode()


def _fields(data):
    """Return the length-delimited fields of a protobuf message by number; numbers in it are passed over."""
    found, at = {}, 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            _, at = _varint(data, at)
        elif kind == 2:
            length, at = _varint(data, at)
            found.setdefault(tag >> 3, []).append(data[at : at + length])
            at += length
        else:
            at += 8 if kind == 1 else 4
    return found


def _varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at
