"""A gang that needs no GPU: workers agree on a number step by step, over plain sockets, with checkpoints in S3.

Rank 0 averages what the others send and saves the state; a gang that was stopped goes on where it was. Run each worker
with `python3 cpu_gang.py STEPS`, under Hanse or with torchrun's variables.
"""

import datetime as dt
import hashlib
import hmac
import json
import os
import socket
import sys
import time
import urllib.parse
import urllib.request

from hanse import training

SAVE_EVERY = 10
RANK, WORLD = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
MASTER = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))


def s3(method, uri, body=b""):
    """Send one signed request (AWS Signature Version 4) to the store that the environment names."""
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    host, path = urllib.parse.urlsplit(endpoint).netloc, urllib.parse.quote("/" + uri.removeprefix("s3://"))
    now, digest = dt.datetime.now(dt.timezone.utc), hashlib.sha256(body).hexdigest()
    stamp, scope = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d/us-east-1/s3/aws4_request")
    signed = "host;x-amz-content-sha256;x-amz-date"
    headers = f"host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{stamp}\n"
    request = f"{method}\n{path}\n\n{headers}\n{signed}\n{digest}"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    for part in [*scope.split("/"), to_sign]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    who = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={signed}, Signature={key.hex()}"
    sent = {"Authorization": f"AWS4-HMAC-SHA256 {who}", "x-amz-content-sha256": digest, "x-amz-date": stamp}
    sent["Content-Type"] = "application/octet-stream"
    asked = urllib.request.Request(endpoint + path, body or None, sent, method=method)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read()


def connect():
    """Return the connections to the others (rank 0), or to rank 0."""
    if RANK == 0:
        server = socket.create_server(("", MASTER[1]))
        return [server.accept()[0].makefile("rw") for _ in range(WORLD - 1)]
    while True:
        try:
            return [socket.create_connection(MASTER, timeout=60).makefile("rw")]
        except OSError:
            time.sleep(0.2)


def exchange(peers, value):
    """Return what all have agreed on: rank 0 hears everybody, then tells everybody."""
    if RANK == 0:
        heard = [value, *(json.loads(peer.readline()) for peer in peers)]
        value = {"x": sum(each["x"] for each in heard) / WORLD, "stop": any(each["stop"] for each in heard)}
    for peer in peers:
        print(json.dumps(value), file=peer, flush=True)
    return value if RANK == 0 else json.loads(peers[0].readline())


def save(step, state):
    """Put the state into the store, and then on record."""
    uri = f"{os.environ['HANSE_STORAGE_CHECKPOINT']}/{step}.json"
    s3("PUT", uri, json.dumps({"step": step, **state}).encode())
    training.commit_checkpoint(step, uri)


def load():
    """Return the state of the last checkpoint of record, or None at the job's beginning."""
    begin = training.resume()
    return json.loads(s3("GET", begin.uri)) if begin else None


def main(steps):
    """Train, from the last checkpoint of record on."""
    state = load() or {"step": 0, "x": 0.0}
    peers, step, x, stop = connect(), state["step"], state["x"], False
    print(f"rank {RANK} of {WORLD} begins at step {step}", flush=True)
    while step < steps and not stop:
        time.sleep(0.05)
        agreed = exchange(peers, {"x": x + RANK + 1, "stop": training.should_stop()})
        step, x, stop = step + 1, agreed["x"], agreed["stop"]
        if RANK == 0 and (step % SAVE_EVERY == 0 or step == steps or stop):
            save(step, {"x": x})
    print(f"rank {RANK} ends at step {step} with {x}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
