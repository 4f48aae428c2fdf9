"""An elastic gang that needs no GPU: workers come and go while it runs, and rank 0 keeps them together.

Rank 0 is of the gang's core, so it is there from the first step to the last. Before each step it asks who is in the
gang, lets newcomers in and those that were taken away go; then all who are in compute a step. Run each worker with
`python3 elastic_gang.py STEPS`, under Hanse or with torchrun's variables set by hand. `cpu_gang.py` shows checkpoints.
"""

import json
import os
import socket
import sys
import time

from hanse import training

RANK, STEP_SECONDS = int(os.environ["RANK"]), 0.1
MASTER = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))


def newcomers(server):
    """Return who has come to the door, by rank."""
    found = {}
    while True:
        try:
            peer = server.accept()[0]
        except BlockingIOError:
            return found
        peer.settimeout(30)
        lines = peer.makefile("rw")
        found[int(lines.readline())] = lines


def ask(peer, question):
    """Return what a worker answers, or None if it has gone."""
    try:
        print(json.dumps(question), file=peer, flush=True)
        return json.loads(peer.readline())
    except (OSError, ValueError):
        return None


def lead(steps):
    """Lead the others through all steps."""
    server = socket.create_server(("", MASTER[1]))
    server.settimeout(0)
    peers, step, x, size = {}, 0, 0.0, 0
    while step < steps and not training.should_stop():
        time.sleep(STEP_SECONDS)
        peers |= newcomers(server)
        gang = training.gang(every_seconds=1.0)
        ranks = gang.ranks if gang else range(int(os.environ["WORLD_SIZE"]))
        for rank in sorted(peers.keys() - set(ranks)):
            ask(peers.pop(rank), {"end": True})
        heard = {rank: ask(peer, {"end": False, "x": x}) for rank, peer in peers.items()}
        peers = {rank: peer for rank, peer in peers.items() if heard[rank] is not None}
        step, x = step + 1, (x + 1 + sum(heard[rank] for rank in peers)) / (1 + len(peers))
        if size != 1 + len(peers):
            size = 1 + len(peers)
            print(f"{size} workers from step {step} on: ranks {[0, *sorted(peers)]}", flush=True)
    for peer in peers.values():
        ask(peer, {"end": True})
    print(f"ends at step {step} with {x}", flush=True)


def follow():
    """Do what rank 0 says, until it says that it is over; who comes too late has nothing left to do."""
    while True:
        try:
            peer = socket.create_connection(MASTER, timeout=30).makefile("rw")
            break
        except OSError:
            time.sleep(0.2)
            gang = training.gang(every_seconds=1.0)
            if gang and 0 in gang.ended:
                return
    print(RANK, file=peer, flush=True)
    while not training.should_stop():
        said = json.loads(peer.readline() or '{"end": true}')
        print(json.dumps(said.get("x", 0) + RANK + 1), file=peer, flush=True)
        if said["end"]:
            break
    print(f"rank {RANK} ends", flush=True)


training.should_stop()  # from here on SIGTERM is a wish, and no end
lead(int(sys.argv[1])) if RANK == 0 else follow()
