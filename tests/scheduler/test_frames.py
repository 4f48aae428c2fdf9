"""Frames: whoever follows them has the very snapshots that they were written of, and plans the same."""

import json
import zlib
from dataclasses import replace

import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st
from pools import job, nodes, pool, snapshot
from worlds import QUARTER

from hanse.scheduler import Delta, Planner, framing, plan, spelling, state_digest
from hanse.scheduler.frames import FrameError, Reader, decode, header
from hanse.scheduler.pool import Pool


def everything(**changes):
    return worlds.worlds(caps=worlds.windows, caps_at_once=worlds.at_once, policy=worlds.short_funding, **changes)


@QUARTER
@given(world=everything(), data=st.data())
def test_a_chain_of_frames_leads_to_the_snapshots_it_was_written_of(world, data):
    writer, reader = framing.Writer(), Reader()
    for _ in range(data.draw(st.integers(1, 4), label="cycles")):
        before, planned, _ = world.step()
        state = state_digest(before)
        frame = writer.frame(before, state, planned, range(len(planned.decisions)))
        if data.draw(st.integers(0, 3), label="recorded"):  # else the next frame follows the one before
            writer.written(frame)
            reader.take(frame.data)
            assert state == state_digest(reader.snapshot())
            assert planned.to_bytes() == plan(reader.snapshot()).to_bytes()
            assert header(frame.data) == frame.header
        world.happen(data)


@QUARTER
@given(world=worlds.worlds())
def test_a_pool_that_is_written_as_plain_values_is_read_back_the_same(world):
    assert world.pool == spelling.typed(Pool, json.loads(json.dumps(spelling.plain(world.pool))))


@pytest.fixture(name="chain")
def _chain():
    """A key frame and two others, with the digests of their snapshots."""
    planner = Planner(snapshot(pool("a", "b"), nodes("a", 4), [job("b1", "b"), job("b2", "b", gpus=2)]))
    writer, states = framing.Writer(), []
    frames = []
    for seconds in (0, 10, 20):
        planner.apply(Delta(as_of=seconds, jobs=(job(f"a{seconds}", "a", gpus=4),)))
        states.append(state_digest(planner.snapshot))
        decided = planner.plan()
        frames.append(writer.frame(planner.snapshot, states[-1], decided, (0,)))
        writer.written(frames[-1])
        planner.commit(decided)
    return [each.data for each in frames], states


def test_a_frame_holds_what_changed_and_names_what_it_follows(chain):
    frames, states = chain
    first, second, third = (decode(each) for each in frames)
    assert ("", states[0].hex(), states[1].hex()) == (first["basis"], second["basis"], third["basis"])
    assert ["a0", "b1", "b2"] == first["jobs"]["changed"]["uid"]
    assert {"nodes", "pool"}.isdisjoint(second)
    assert "a10" in second["jobs"]["changed"]["uid"]
    assert [header(each).is_key for each in frames] == [True, False, False]


def test_a_frame_without_the_one_it_follows_is_refused(chain):
    frames, states = chain
    with pytest.raises(FrameError, match="follows a frame that is not there"):
        Reader().take(frames[1])
    with pytest.raises(FrameError, match="no key frame"):
        Reader().snapshot()
    assert states[2] == state_digest(followed(*frames))
    assert states[2] != state_digest(followed(frames[0], frames[2]))


def followed(*frames):
    reader = Reader()
    for frame in frames:
        reader.take(frame)
    return reader.snapshot()


def changed(frame, **said):
    return zlib.compress(json.dumps(decode(frame) | said).encode())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda frame: frame[:-9], "cut off|cannot be read"),
        (lambda _: b"nothing", "cannot be read"),
        (lambda frame: changed(frame, v=2), "another Hanse"),
        (lambda frame: changed(frame, pool={"members": 7}), "fit together"),
        (lambda frame: changed(frame, jobs={"changed": {"uid": ["j"], "shape": [99]}, "gone": []}), "fit together"),
        (lambda frame: changed(frame, nodes={"changed": {"colour": [1]}, "gone": []}), "no column colour"),
        (lambda frame: changed(frame, nodes={"changed": {}, "gone": ["nobody"]}), "fit together"),
        (lambda frame: changed(frame, attempts={"changed": {"job": ["nobody"]}, "gone": []}), "nobody is not there"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_frame_or_does_not_fit_together_is_refused(chain, make, message):
    with pytest.raises(FrameError, match=message):
        followed(make(chain[0][0]))


def test_a_new_key_frame_comes_when_the_pool_changes_and_when_what_changed_has_grown(monkeypatch):
    made = pool("a", "b")
    planner = Planner(snapshot(made, nodes("a", 2), []))
    writer = framing.Writer()

    def is_key():
        state = state_digest(planner.snapshot)
        frame = writer.frame(planner.snapshot, state, planner.plan(), ())
        writer.written(frame)
        return frame.header.is_key

    assert [True, False] == [is_key(), is_key()]
    planner.apply(Delta(as_of=1, pool=replace(made, members=(*made.members[:1], replace(made.members[1], levy=9)))))
    assert [True, False] == [is_key(), is_key()]
    writer.restart()
    assert [True, False] == [is_key(), is_key()]
    monkeypatch.setattr(framing, "CHAIN_FRAMES_MAX", 3)
    assert [False, True] == [is_key(), is_key()]
    planner.apply(Delta(as_of=2, jobs=tuple(job(f"{index:036}", "b") for index in range(999))))
    assert [False, True] == [is_key(), is_key()]
