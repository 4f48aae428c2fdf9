"""A worker that trains a small model on its part of a GPU, and says each second what it has of the GPU's memory.

It takes its guarantee, trains, grows to its limit for a while, and tries to go past it, which has to be refused. With
`--part` it rests after each step, so that it computes in that part of its time. With `--mps FOLDER` it runs through the
MPS server whose pipes are there, lifts PyTorch's own limit, and so finds MPS's. Each line that it prints is a JSON
object.
"""

import argparse
import json
import os
import sys
import time

STEP_MIB = 4096
"""What a step needs for a moment, at most."""
PAST_MIB = 512
"""By how much a worker tries to go past its limit: far less than is free, so that only the limit can refuse it."""
RATE = 1e-4


def say(event, **values):
    print(json.dumps({"at": time.time(), "event": event, **values}), flush=True)


def mib(count):
    return round(count / 2**20, 1)


def memory(torch):
    free, total = torch.cuda.mem_get_info()
    return {
        "reservedMiB": mib(torch.cuda.memory_reserved()),
        "allocatedMiB": mib(torch.cuda.memory_allocated()),
        "freeMiB": mib(free),
        "totalMiB": mib(total),
    }


def take(torch, wanted_mib):
    """Take memory as one tensor; return it, or why it was refused."""
    try:
        return torch.empty(int(wanted_mib) * 2**20, dtype=torch.uint8, device="cuda"), ""
    except torch.OutOfMemoryError as error:
        return None, str(error)


def grow(torch, until_mib):
    """Take memory bit by bit, as a program does; return what was taken, and why it was refused if it was."""
    held, why = [], ""
    while not why and mib(torch.cuda.memory_allocated()) < until_mib:
        some, why = take(torch, 512)
        held.append(some)
    return held, why


class Model:
    """A small network of residual blocks that learns to copy a rotated input."""

    def __init__(self, torch, width, depth, batch):
        self.torch = torch
        torch.manual_seed(0)
        linear = torch.nn.Linear
        blocks = [
            torch.nn.Sequential(linear(width, width), torch.nn.GELU(), linear(width, width)) for _ in range(depth)
        ]
        self.blocks = torch.nn.ModuleList(blocks).cuda().to(torch.bfloat16)
        self.optimizer = torch.optim.AdamW(self.blocks.parameters(), lr=RATE)
        self.input = torch.randn(batch, width, device="cuda", dtype=torch.bfloat16)
        self.wanted = self.input.roll(1, dims=1)

    def step(self, left):
        """Take one step, the smaller the less of the time is *left*; return the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * max(left, 0.01)
        found = self.input
        for block in self.blocks:
            found = found + block(found)
        loss = (found - self.wanted).float().square().mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss


def rest(torch, before, part):
    """Wait until the GPU has done a step, which was asked for in *before* seconds, and then for as long as it rests."""
    asked = time.monotonic()
    torch.cuda.synchronize()
    time.sleep((before + time.monotonic() - asked) * (1 - part) / part)


def train(torch, training, options):
    said = training.memory_hints()
    say("hints", **({} if said is None else vars(said)), takes=training.take_guarantee(), **memory(torch))
    model = Model(torch, options.width, options.depth, options.batch)
    began, told, steps, first = time.monotonic(), 0.0, 0, None
    held = None
    while (passed := time.monotonic() - began) < options.seconds and not training.should_stop():
        training.keep_to_memory()
        loss = model.step(1 - passed / options.seconds)
        if options.part < 1:
            rest(torch, time.monotonic() - began - passed, options.part)
        first = round(loss.item(), 4) if first is None else first
        steps += 1
        if passed - told >= 1:
            told = passed
            say("training", steps=steps, loss=round(loss.item(), 4), **memory(torch))
        if said and held is None and passed > options.seconds * 0.5:
            held, why = grow(torch, said.limit_mib - training.memory.CONTEXT_MIB - STEP_MIB)
            say("grown", refused=why, **memory(torch))
    torch.cuda.synchronize()
    say("trained", steps=steps, firstLoss=first, lastLoss=round(loss.item(), 4), **memory(torch))
    if said:
        had = memory(torch)
        asked_mib = said.limit_mib - had["allocatedMiB"] + PAST_MIB
        past, why = take(torch, asked_mib)
        say("past the limit", askedMiB=asked_mib, wasFreeMiB=had["freeMiB"], refused=why, taken=past is not None)


def behind_mps(torch, options):
    """Find the limit that MPS sets, which is the whole GPU as far as the process sees it."""
    limit = os.environ.get("CUDA_MPS_PINNED_DEVICE_MEM_LIMIT", "")
    limit_mib = int(limit.partition("=")[2].rstrip("M") or 0)
    torch.cuda.set_per_process_memory_fraction(1.0)
    say("mps", limit=limit, **memory(torch))
    some, why = take(torch, limit_mib // 2)
    say("within the limit", taken=some is not None, refused=why, **memory(torch))
    began = time.monotonic()
    while time.monotonic() - began < options.seconds:
        some.add_(1)
        torch.cuda.synchronize()
        time.sleep(0.2)
    # With what it has this is all of the limit, of which its context has some.
    past, why = take(torch, limit_mib // 2)
    say("past the limit", askedMiB=limit_mib // 2, taken=past is not None, refused=why, **memory(torch))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--part", type=float, default=1)
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--linger", type=float, default=5)
    parser.add_argument("--mps", default="")
    options = parser.parse_args()
    if options.mps:
        # Read by the driver when it starts; no job may set it by its manifest.
        os.environ["CUDA_MPS_PIPE_DIRECTORY"] = options.mps
    import torch  # noqa: PLC0415  # after that

    from hanse import training  # noqa: PLC0415  # beside PyTorch, which it finds

    told = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("HANSE_GPU", "HANSE_HINTS", "PYTORCH_CUDA", "CUDA_MPS_PINNED", "NVIDIA_VISIBLE"))
    }
    say(
        "started",
        pid=os.getpid(),
        user=os.getuid(),
        torch=torch.__version__,
        variables=told,
        python=sys.version.split()[0],
    )
    torch.cuda.init()
    if options.mps:
        behind_mps(torch, options)
    else:
        train(torch, training, options)
    say("ended")
    # With its pod a worker's log goes: who follows it has time to read the end.
    time.sleep(options.linger)


if __name__ == "__main__":
    main()
