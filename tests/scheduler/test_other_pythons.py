"""Same input, same bytes: what this Python plans, the newest other one on the machine plans too, with its own numpy."""

import itertools
import os
import random
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import sharers
import worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.scheduler import code_digest, frames, framing, reading, state_digest
from hanse.scheduler.pool import NodeState

ROOT = Path(__file__).parents[2]
SNAPSHOTS = 1000
WORLDS, CYCLES = 300, 5
NUMPY = "numpy>=2.2,<3"
"""As `hanse[scheduler]` asks for it: which one it is depends on the Python."""


def installed():
    """Yield what may be a Python: on PATH, or where pyenv and uv keep those that they installed."""
    folders = [Path(each) for each in os.get_exec_path()]
    folders += Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin")
    folders += (Path.home() / ".local/share/uv/python").glob("*/bin")
    for folder in folders:
        yield from (path for path in folder.glob("python3.*") if re.fullmatch(r"python3\.\d+", path.name))


def version(path):
    """Return the version of an interpreter, or None if it is none (a shim of one that is not there)."""
    asked = [str(path), "-I", "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=600).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(map(int, said.split()))


@pytest.fixture(name="other")
def _other():
    """The newest Python beside the one that runs the tests, as a command that has numpy."""
    by_version = {found: path for path in installed() if (found := version(path))}
    others = {found: path for found, path in by_version.items() if found >= (3, 11) and found != sys.version_info[:2]}
    if not others:
        pytest.skip(f"there is no Python beside {sys.version.split()[0]}: install a newer one, by pyenv for example")
    uv = os.environ.get("HANSE_UV") or pytest.fail("run the tests with `make test`: it brings uv")
    with_numpy = ["--no-project", "--no-config", "--python", str(others[max(others)]), "--with", NUMPY, "python"]
    for offline in (["--offline"], []):  # from the cache if it is there: then no registry need be in reach
        command = [uv, "run", "--quiet", *offline, *with_numpy]
        tried = subprocess.run([*command, "-c", "import numpy"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return command
    return pytest.fail(f"numpy could not be installed for {others[max(others)]}: {tried.stderr}")


def ample(made):
    """Caps that let jobs begin, so that what runs can be refused later."""
    more = 10_000_000
    return worlds.windows(made).map(lambda drawn: tuple(replace(each, left=each.left + more) for each in drawn))


def happen(world, chance):
    """Let time pass, so that funding ends, and victims leave; then let a cap, a node and jobs change."""
    if chance.random() < 0.2:
        world.tell(caps=tuple(replace(each, left=0) for each in world.snapshot.caps))
    world.tell(seconds=chance.choice([1, 300, 900, 2000]))
    if chance.random() < 0.7:
        world.release()
    if (nodes := reading.nodes(world.snapshot)) and chance.random() < 0.5:
        node = chance.choice(nodes)
        state = chance.choice([NodeState.READY, NodeState.READY, *NodeState])
        world.tell(nodes=(replace(node, state=state),), ended=world._on(node) if state == NodeState.DOWN else ())
    if (jobs := reading.jobs(world.snapshot)) and chance.random() < 0.5:
        again = replace(chance.choice(jobs), uid=f"again{len(world.history)}", attempts=0, suspended=False)
        world.tell(jobs=(again,), jobs_gone=(chance.choice(jobs).uid,))


def planned():
    """Return snapshots of random pools as key frames, what is planned for each, and whether anybody asks for parts of
    GPUs there; the same ones each time.

    Of all that are drawn, those in whose plans the rarest kinds of decisions are: most pools decide little in a cycle.
    """
    found = {}
    limits = {"caps": ample, "caps_at_once": worlds.at_once, "policy": worlds.short_funding}

    @settings(max_examples=WORLDS, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(world=st.one_of(worlds.worlds(**limits), sharers.sharing_worlds(**limits)))
    def live(world):
        chance = random.Random(len(found))  # noqa: S311  # the same each time is the point
        for _ in range(CYCLES):
            before, plan, _ = world.step()
            state = state_digest(before)
            frame = framing.Writer().frame(before, state, plan, range(len(plan.decisions)))
            shares = any(each.shape.slices for each in reading.jobs(before))
            found[frame.data] = f"{state.hex()} {plan.digest()} {code_digest().hex()}", plan, shares
            happen(world, chance)

    live()
    drawn = [(frame, *expected) for frame, expected in found.items()]
    kinds = [{type(decision) for decision in plan.decisions} for _, _, plan, _ in drawn]
    often = Counter(itertools.chain.from_iterable(kinds))
    rarity = [sum(Fraction(1, often[kind]) for kind in each) for each in kinds]
    return [drawn[place] for place in sorted(range(len(drawn)), key=lambda place: -rarity[place])[:SNAPSHOTS]]


def test_another_python_plans_the_same_bytes(other):
    found = planned()
    assert SNAPSHOTS == len(found)
    kinds = {type(each).__name__ for _, _, plan, _ in found for each in plan.decisions}
    assert {"Admit", "Rise", "Fall", "Renew", "Refuse", "Reserve", "Resize"} <= kinds
    assert 0.2 < sum(shares for *_, shares in found) / SNAPSHOTS < 0.8
    roots = os.pathsep.join(str(ROOT / root) for root in ("scheduler", "quota"))
    answer = subprocess.run(
        [*other, str(Path(__file__).with_name("planning_again.py"))],
        input="".join(f"{frame.hex()}\n" for frame, *_ in found), env={**os.environ, "PYTHONPATH": roots},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    differing = [
        (number, frames.decode(frame)["asOf"], expected, said)
        for number, ((frame, expected, *_), said) in enumerate(
            itertools.zip_longest(found, answer.stdout.splitlines(), fillvalue=(b"", "", None, False))
        )
        if said != expected
    ]
    assert [] == differing[:3]
