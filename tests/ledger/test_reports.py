"""What agents report: one agent a cluster, its nodes, checkpoints under the fence in force."""

import uuid
from dataclasses import replace

import psycopg
import pytest

from hanse.ledger import attempts, reports
from hanse.ledger.attempts import State

UID, FIRST, SECOND = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)


def speak(world, instance=FIRST, uid=UID):
    return reports.admit_agent(world.api, "alibaba-cluster", uid, instance, version="0", silence_seconds=30)


def facts(world, kind):
    return [row[0] for row in world.super.execute("SELECT detail FROM ledger.fact WHERE kind = %s", [kind])]


def test_a_second_agent_waits_until_the_first_is_silent(world):
    assert [None, "another agent", None] == [speak(world), speak(world, SECOND), speak(world)]
    assert ["another agent"] == facts(world, "AgentRefused")
    world.set_clock(world.now + 31)
    assert [None, "another agent"] == [speak(world, SECOND), speak(world, FIRST)]


def test_a_credential_that_is_carried_to_another_cluster_is_refused_for_good(world):
    assert speak(world) is None
    world.set_clock(world.now + 10**6)
    assert "another cluster" == speak(world, uid=uuid.UUID(int=9))


def test_nodes_are_the_newest_report(world):
    speak(world)
    assert not reports.has_inventory(world.api, "alibaba-cluster")
    reports.report_nodes(world.api, "alibaba-cluster", [{"name": "a", "gpus": 8}, {"name": "b", "gpus": 8}], whole=True)
    assert reports.has_inventory(world.api, "alibaba-cluster")
    reports.report_nodes(world.api, "alibaba-cluster", [{"name": "a", "gpus": 7}], gone=["b"])
    assert [("a", 7)] == [(node.name, node.body["gpus"]) for node in reports.nodes(world.operator)]
    reports.report_nodes(world.api, "alibaba-cluster", [{"name": "c"}], whole=True)
    assert ["c"] == [node.name for node in reports.nodes(world.operator)]


def test_a_new_process_is_asked_for_all_nodes(world):
    speak(world)
    reports.report_nodes(world.api, "alibaba-cluster", [], whole=True)
    world.set_clock(world.now + 31)
    speak(world, SECOND)
    assert not reports.has_inventory(world.api, "alibaba-cluster")


def commit(world, entry, **changed):
    said = {"cluster": "alibaba-cluster", "fence": entry.fence, "step": 100, "uri": "s3://b/1", **changed}
    return reports.commit_checkpoint(world.api, attempt=entry.attempt, **said)


def test_a_checkpoint_counts_only_under_the_fence_in_force(world):
    entry = world.admit()
    world.record(entry)
    assert State.ADMITTED == commit(world, entry)
    world.grant(entry)
    assert [None, None] == [commit(world, entry), commit(world, entry)]
    assert "another checkpoint of this step is committed" == commit(world, entry, uri="s3://b/other")
    assert "another fence" == commit(world, entry, step=200, fence=7)
    assert "another cluster" == commit(world, entry, step=200, cluster="tencent-cluster")
    attempts.release(world.api, "alibaba-cluster", entry.attempt, 1, "Succeeded")
    assert State.RELEASED == commit(world, entry, step=300)
    assert {"checkpoint: another fence", "checkpoint: released"} <= set(facts(world, "LeaseRefused"))


def test_the_next_attempt_begins_at_the_last_checkpoint_of_record(world):
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    commit(world, entry, step=100)
    commit(world, entry, step=200, uri="s3://b/2")
    attempts.release(world.api, "alibaba-cluster", entry.attempt, 1, "Stopped")
    again = replace(entry, fence=2)
    world.record(again)
    assert {again.attempt: reports.Checkpoint(200, "s3://b/2")} == reports.last_checkpoints(world.api, [again.attempt])


def test_a_checkpoint_is_never_changed(world):
    entry = world.admit()
    world.record(entry)
    world.grant(entry)
    commit(world, entry)
    with pytest.raises(psycopg.Error, match="never changed"):
        world.super.execute("UPDATE ledger.checkpoint SET uri = 'other'")


def test_how_far_an_attempt_has_come_is_what_its_own_cluster_said_last_while_it_ran(world):
    entry = world.admit()
    world.record(entry)
    world.grant(entry)

    def told(step, steps=None, fence=1, cluster="alibaba-cluster"):
        reports.report_progress(world.api, cluster, [(entry.attempt, fence, step, steps)])
        kept = "SELECT step, steps, told_at_seconds FROM ledger.progress WHERE attempt = %s"
        return world.super.execute(kept, [entry.attempt]).fetchall()

    began = world.now
    assert [(7, 10, began)] == told(7, 10)
    assert [(7, 10, began)] == told(8, 10, fence=2) == told(8, 10, cluster="tencent-cluster")
    world.set_clock(began + 5)
    assert [(7, 10, began)] == told(7, 10)  # nothing new
    assert [(9, None, began + 5)] == told(9)
    # An agent that says something twice is answered all the same.
    reports.report_progress(world.api, "alibaba-cluster", [(entry.attempt, 1, 9, None), (entry.attempt, 1, 8, None)])
    assert [(9, None, began + 5)] == told(9)
    attempts.release(world.api, "alibaba-cluster", entry.attempt, 1, "Succeeded")
    assert [(9, None, began + 5)] == told(11)
