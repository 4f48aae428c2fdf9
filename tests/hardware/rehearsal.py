"""The run on hardware without the hardware: all parts are the real ones, but for the GPU, PyTorch and MPS's daemon.

    python tests/hardware/rehearsal.py FOLDER [SECONDS]

It needs root, and no network. Each worker's stand-in for PyTorch writes down what memory it has, and this writes the
script of the simulated GPU from that. For whom that computes goes by what part of its time each is to.
"""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path

import yaml

from hanse.agent.node.simulated import Simulated
from hanse.cli.hardware import command
from hanse.cli.hardware.machine import Machine

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WRITTEN = Path("/tmp/hanse-standin")  # noqa: S108
MEMORY_MIB = 81_559
PATIENCE = 6


def write(script):
    """Write what the processes that live have."""
    live = [
        file for file in sorted(WRITTEN.glob("[0-9]*")) if file.name.isdigit() and Path(f"/proc/{file.name}").exists()
    ]
    parts = {file.name: part_of(file.name) for file in live}
    taken = [
        {
            "gpu": 0, "pid": int(file.name), "memoryMiB": [[0, int(file.read_text())]],
            "utilizationPercent": [[0, int(90 * parts[file.name] / sum(parts.values()))]],
        }
        for file in live
    ]  # fmt: skip
    text = yaml.safe_dump({"gpus": [{"uuid": "GPU-0", "memoryMiB": MEMORY_MIB}], "processes": taken})
    if not script.exists() or script.read_text() != text:
        aside = script.with_suffix(".new")
        aside.write_text(text)
        aside.replace(script)


def part_of(pid):
    """Return the part of its time in which a worker is told to compute."""
    with contextlib.suppress(OSError):  # it has just ended
        for argument in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            if argument.startswith("--part="):
                return float(argument.partition("=")[2])
    return 1.0


def keep_writing(script):
    while True:
        write(script)
        time.sleep(0.1)


def main():
    out, seconds = Path(sys.argv[1]).resolve(), int((sys.argv[2:] or ["15"])[0])
    out.mkdir(parents=True, exist_ok=True)
    WRITTEN.mkdir(exist_ok=True)
    WRITTEN.chmod(0o777)
    for file in WRITTEN.iterdir():
        file.unlink()
    script = out / "script.yaml"
    write(script)
    threading.Thread(target=keep_writing, args=(script,), daemon=True).start()
    os.environ["PATH"] = f"{HERE / 'standin'}:{os.environ['PATH']}"
    settings = {"provider": "simulated", "script": str(script)}
    python = Path(os.environ.get(command.WORKERS_PYTHON, sys.executable)).absolute()
    machine = Machine(Simulated(script), settings, python, (ROOT / "training", HERE / "standin"))
    sys.exit(0 if command.play(machine, out, seconds, PATIENCE) else 1)


if __name__ == "__main__":
    main()
