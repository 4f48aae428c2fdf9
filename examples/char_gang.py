"""A gang that trains a small model: which character comes next in this file, learned by several workers together.

Each worker computes gradients on texts of its own, rank 0 averages them over plain sockets, and all take the same step.
On a GPU that it shares, a worker takes its guaranteed memory at its start, and while memory is short it makes do with
smaller batches. When it is asked to, the gang saves itself to S3 and ends; the next run goes on from there. PyTorch is
used on a GPU where there is one, else numpy. Run each worker with `python3 char_gang.py STEPS`, beside `cpu_gang.py`,
under Hanse or with torchrun's variables set by hand.
"""

import array
import base64
import json
import random
import sys
import time
from pathlib import Path

from cpu_gang import RANK, WORLD, connect, load, save

from hanse import training

try:
    import torch as xp

    if xp.cuda.is_available():
        xp.set_default_device("cuda")
except ImportError:
    import numpy as xp  # noqa: ICN001  # what is used of both has the same names

TEXT = Path(__file__).read_text()
ALPHABET = sorted(set(TEXT))
CODES = {letter: number for number, letter in enumerate(ALPHABET)}
CONTEXT, HIDDEN, BATCH, SMALL_BATCH, RATE = 4, 32, 32, 8, 0.5
SHAPES = ((CONTEXT * len(ALPHABET), HIDDEN), (HIDDEN,), (HIDDEN, len(ALPHABET)), (len(ALPHABET),))
SAVE_EVERY, SAY_EVERY, PAUSE_SECONDS = 20, 20, 0.05


def first_weights():
    """Return all weights in one row; every worker begins with the same."""
    chance = random.Random(7)  # noqa: S311  # no secret
    return [chance.gauss(0, 0.1) if len(shape) > 1 else 0.0 for shape in SHAPES for _ in range(size(shape))]


def size(shape):
    """Return how many numbers have this shape."""
    return shape[0] * (shape[1] if len(shape) > 1 else 1)


def split(row):
    """Return the parts of a row, each in its shape."""
    parts, at = [], 0
    for shape in SHAPES:
        parts.append(row[at : at + size(shape)].reshape(shape))
        at += size(shape)
    return parts


def numbers(values):
    """Return values as an array of PyTorch or numpy."""
    return xp.asarray(values, dtype=xp.float32)


def gradient(row, examples):
    """Return the loss on some examples, and its gradient as one row."""
    inner, inner_bias, outer, outer_bias = split(row)
    letters = xp.eye(len(ALPHABET), dtype=xp.float32)
    seen = letters[xp.asarray([before for before, _ in examples])].reshape(len(examples), -1)
    wanted = letters[xp.asarray([after for _, after in examples])]
    hidden = xp.tanh(seen @ inner + inner_bias)
    scores = hidden @ outer + outer_bias
    likely = xp.exp(scores - xp.amax(scores, 1)[:, None])
    likely = likely / likely.sum(1)[:, None]
    loss = -xp.log((likely * wanted).sum(1)).sum() / len(examples)
    wrong = (likely - wanted) / len(examples)
    back = (wrong @ outer.T) * (1 - hidden * hidden)
    parts = (seen.T @ back, back.sum(0), hidden.T @ wrong, wrong.sum(0))
    return float(loss), xp.concatenate([part.reshape(-1) for part in parts])


def examples_of(chance, count):
    """Return places in the text: the characters before, and the one that comes."""
    starts = [chance.randrange(len(TEXT) - CONTEXT) for _ in range(count)]
    return [([CODES[each] for each in TEXT[at : at + CONTEXT]], CODES[TEXT[at + CONTEXT]]) for at in starts]


def packed(row):
    """Return a row as text."""
    return base64.b64encode(array.array("f", row.tolist()).tobytes()).decode()


def unpacked(text):
    """Return the row that a text says."""
    return numbers(array.array("f", base64.b64decode(text)).tolist())


def agree(peers, mine):
    """Return the average of what all workers say: rank 0 hears everybody, then tells everybody."""
    if RANK == 0:
        heard = [mine, *(json.loads(peer.readline()) for peer in peers)]
        mine = {
            "row": packed(sum(unpacked(each["row"]) for each in heard) / WORLD),
            "loss": sum(each["loss"] for each in heard) / WORLD,
            "stop": any(each["stop"] for each in heard),
        }
    for peer in peers:
        print(json.dumps(mine), file=peer, flush=True)
    return mine if RANK == 0 else json.loads(peers[0].readline())


def main(steps):
    """Train, from the last checkpoint of record on."""
    training.should_stop()  # from here on SIGTERM is a wish, and no end
    state = load() or {"step": 0, "row": packed(numbers(first_weights()))}
    training.take_guarantee()
    peers, step, row, stop, pressure = connect(), state["step"], unpacked(state["row"]), False, "ok"
    print(f"rank {RANK} of {WORLD} begins at step {step}", flush=True)
    while step < steps and not stop:
        time.sleep(PAUSE_SECONDS)
        if (now := training.keep_to_memory()) != pressure:
            pressure = now
            print(f"rank {RANK} hears at step {step} that memory is {pressure}", flush=True)
        batch = BATCH if pressure == "ok" else SMALL_BATCH
        chance = random.Random(step * WORLD + RANK)  # noqa: S311  # no secret
        loss, slope = gradient(row, examples_of(chance, batch))
        agreed = agree(peers, {"row": packed(slope), "loss": loss, "stop": training.should_stop()})
        row, step, stop = row - RATE * unpacked(agreed["row"]), step + 1, agreed["stop"]
        training.report_progress(step, steps)
        if RANK == 0 and step % SAY_EVERY == 1:
            print(f"step {step} loss {agreed['loss']:.3f}", flush=True)
        if RANK == 0 and (step % SAVE_EVERY == 0 or step == steps or stop):
            save(step, {"row": packed(row), "loss": agreed["loss"]})
    print(f"rank {RANK} ends at step {step} with loss {agreed['loss'] if step > state['step'] else None}", flush=True)


main(int(sys.argv[1]))
