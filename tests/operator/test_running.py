"""The operator as a process, on a real API server and PostgreSQL, with the rights of its ServiceAccount."""

import asyncio
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

import sqlalchemy as sa

from hanse.operator import retrying, waking

LISTENED_SECONDS_MAX = 600.0

TOKEN = "shown-by-the-api-service"  # noqa: S105  # opens the test's own operator
PLACEMENTS = "/apis/hanse.dev/v1alpha1/namespaces/hanse-cluster-blue-1/placements"


def get(running, path, token=""):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{running.port}{path}", headers=headers)  # our own port
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # our own port
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""  # not up yet


def test_a_job_is_admitted_placed_run_and_ended(pool):
    """From apply to Succeeded; each step is told in status and by an event, and nothing is left over."""
    pool.operator()
    pool.submit("one")
    (placement,) = pool.until("a Placement", pool.placements)
    assert placement["spec"]["fence"] == 1
    assert [{"rank": 0, "node": "node-0", "gpus": list(range(8))}] == placement["spec"]["workers"]
    assert "red" not in json.dumps(placement["spec"])
    pool.until("Admitted", lambda: pool.phase("one") == "Admitted")
    # The decision names nodes as enrolments and slots do: else what runs there would be nobody's.
    assert [("blue-1/node-0", 8000)] == pool.rows("SELECT node, milli_gpus FROM ledger.placement")
    assert pool.grant(placement).granted
    pool.report_phase(placement, "Running")
    pool.until("Running", lambda: pool.phase("one") == "Running")
    assert pool.status("one")["cluster"] == "blue-1"
    assert pool.release(placement, "Succeeded")
    pool.until("Succeeded", lambda: pool.phase("one") == "Succeeded")
    pool.until("the Placement to go", lambda: not pool.placements())
    # An event is written after its status, and nothing waits for it.
    pool.until("each step to be told", lambda: {"Admitted", "Running", "Succeeded"} <= _told(pool, "one"))


def _told(pool, name):
    """Return the reasons of the events about a job."""
    events = pool.plane.client.request("GET", "/api/v1/namespaces/red/events")["items"]
    return {event["reason"] for event in events if event["involvedObject"]["name"] == name}


def test_whoever_listens_is_woken_when_an_attempt_ends(pool):
    pool.operator()
    pool.submit("short")
    (placement,) = pool.until("a Placement", pool.placements)
    assert pool.grant(placement).granted

    async def listened():
        heard = asyncio.Queue()
        listening = asyncio.create_task(waking.listen(sa.make_url(pool.url), lambda: heard.put_nowait("woken")))
        await heard.get()  # from now on it listens
        assert await asyncio.to_thread(pool.release, placement, "Succeeded")
        await asyncio.wait_for(heard.get(), LISTENED_SECONDS_MAX)
        listening.cancel()

    asyncio.run(listened())


def test_health_tells_how_old_each_feed_is(pool):
    running = pool.operator()
    pool.until("ready", lambda: get(running, "/readyz")[0] == 200)
    said = json.loads(get(running, "/feeds")[1])
    assert len(said["feeds"]) == 9
    assert 2 == said["feeds"]["Member"]["objects"]
    assert all(feed["fresh"] and feed["ageSeconds"] < 60 for feed in said["feeds"].values())
    assert get(running, "/healthz")[0] == 200
    pool.until("a leader", lambda: b"hanse_operator_leading 1.0" in get(running, "/metrics")[1])
    assert b'hanse_operator_feed_age_seconds{kind="TrainingJob"}' in get(running, "/metrics")[1]


def test_the_internal_port_says_nothing_without_the_token_and_the_queue_with_it(pool):
    # One that leads as long as it is asked: a machine with other work may stop anybody for seconds.
    running = pool.operator(token=TOKEN, lease_seconds=60)
    pool.submit("runs", replicas=2)
    pool.until("a Placement", pool.placements)
    uid = pool.submit("waits")
    pool.until("a reason", lambda: pool.status("waits").get("reason"))
    assert get(running, f"/v1/jobs/{uid}")[0] == 401
    assert get(running, f"/v1/jobs/{uid}", "another")[0] == 401
    code, body = get(running, f"/v1/jobs/{uid}", TOKEN)
    assert code == 200
    assert json.loads(body)["position"] == 1
    assert json.loads(body)["status"]["explanation"]["askedGpus"] == 8
    assert "waiting" not in json.loads(body)
    queue = json.loads(get(running, "/v1/queue?member=red", TOKEN)[1])
    assert [("waits", 1)] == [(each["name"], each["position"]) for each in queue]
    assert [] == json.loads(get(running, "/v1/queue?member=blue", TOKEN)[1])
    assert TOKEN not in running.log.read_text()


def test_a_deleted_job_is_stopped_without_a_finalizer(pool):
    pool.operator()
    pool.submit("short")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.grant(placement)
    assert "finalizers" not in pool.job("short")["metadata"]
    pool.delete("short")
    pool.until("Stopped", lambda: pool.placements()[0]["spec"]["wanted"] == "Stopped")
    assert [("End", "JobDeleted")] == pool.rows("SELECT kind, reason FROM ledger.decision WHERE effect = 'stop'")
    pool.release(placement, "Stopped")
    pool.until("the Placement to go", lambda: not pool.placements())


def test_a_suspended_job_stops_and_goes_on_with_a_higher_fence(pool):
    pool.operator()
    pool.submit("pausing")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.grant(placement)
    pool.change("pausing", {"suspend": True})
    pool.until("Stopped", lambda: pool.placements()[0]["spec"]["wanted"] == "Stopped")
    pool.release(placement, "Stopped")
    pool.until("Suspended", lambda: pool.phase("pausing") == "Suspended")
    pool.change("pausing", {"suspend": False})
    pool.until("another Placement", lambda: [each["spec"]["fence"] for each in pool.placements()] == [2])


def test_a_job_that_fails_more_often_than_it_may_has_failed(pool):
    pool.operator()
    pool.submit("broken", restart={"limit": 1})
    for fence in (1, 2):
        placement = pool.until("a Placement", lambda fence=fence: _with_fence(pool, fence))
        pool.grant(placement)
        pool.release(placement, "Failed: exit code 1")
    pool.until("Failed", lambda: pool.phase("broken") == "Failed")
    assert [(2,)] == pool.rows("SELECT count(*) FROM ledger.attempt")


def test_a_placement_that_somebody_deletes_comes_back(pool):
    pool.operator()
    pool.submit("kept")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.plane.client.request("DELETE", f"{PLACEMENTS}/{placement['metadata']['name']}")
    (again,) = pool.until("the Placement again", pool.placements)
    assert again["spec"] == placement["spec"]


def test_what_an_agent_refuses_is_stopped_told_and_tried_again_later(pool):
    pool.operator()
    pool.submit("unwanted")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.report_phase(placement, "Refused")
    pool.until("it to be told", lambda: pool.status("unwanted").get("reason") == "RetryDelayed")
    assert "Requeued" == pool.phase("unwanted")
    assert [("End", "PlacementRefused")] == pool.rows("SELECT kind, reason FROM ledger.decision WHERE effect = 'stop'")
    assert [(1,)] == pool.rows("SELECT count(*) FROM ledger.attempt")
    pool.shift_clock(retrying.DELAY_SECONDS_MAX)
    pool.until("another attempt", lambda: _with_fence(pool, 2))


def test_who_runs_on_what_is_contributed_no_more_is_told_so(pool):
    path = "/apis/hanse.dev/v1alpha1/namespaces/blue/contributions"
    pool.operator()
    pool.submit("lodger")
    (placement,) = pool.until("a Placement", pool.placements)
    assert pool.grant(placement).granted
    pool.report_phase(placement, "Running")
    pool.until("Running", lambda: pool.phase("lodger") == "Running")
    offer = pool.plane.client.request("GET", f"{path}/all")
    pool.plane.client.request("DELETE", f"{path}/all")
    try:
        pool.until("it is told", lambda: pool.status("lodger").get("reason") == "FundingRefused")
        status = pool.status("lodger")
        assert "Running" == status["phase"]
        assert "what it runs on is not in the pool any more" in status["explanation"]["message"]
        assert "blue" not in json.dumps(status["explanation"])
        pool.until("a warning", lambda: "FundingRefused" in _told(pool, "lodger"))
    finally:
        again = {"metadata": {"name": "all"}, **{key: offer[key] for key in ("apiVersion", "kind", "spec")}}
        pool.plane.client.request("POST", path, again)
    pool.until("all is well again", lambda: "reason" not in pool.status("lodger"))


def test_an_owner_gets_its_nodes_back_from_a_borrower(pool):
    """Evict and admit are one decision; the owner's Placement waits until the borrower's end is confirmed."""
    pool.operator()
    pool.submit("borrows", replicas=2)
    (borrowed,) = pool.until("a Placement", pool.placements)
    pool.grant(borrowed)
    pool.until("Borrowed", lambda: pool.status("borrows").get("strength") == "BORROW")
    pool.submit("owns", namespace="blue", replicas=2)
    pool.until("Stopped", lambda: pool.placements()[0]["spec"]["wanted"] == "Stopped")
    pool.until("Preempting", lambda: pool.phase("borrows") == "Preempting")
    assert "Preempted" == pool.status("borrows")["reason"]
    owns = "/apis/hanse.dev/v1alpha1/namespaces/blue/trainingjobs/owns"
    promised = "its GPUs are promised to it, and are its own when those who have to leave them have left"
    pool.until("the promise", lambda: promised == _message(pool.plane.client.request("GET", owns)))
    assert 1 == len(pool.placements())
    pool.release(borrowed, "Stopped")
    pool.until("the owner's", lambda: [borrowed["spec"]["attempt"]] != _running_attempts(pool) != [])
    pool.until("Requeued", lambda: pool.phase("borrows") == "Requeued")
    assert 1 == pool.status("borrows")["preemptions"]
    causes = pool.rows(
        "SELECT convert_from(body, 'UTF8')::jsonb ->> 'cause' FROM ledger.decision WHERE kind = 'Preempt'"
    )
    owner = pool.rows("SELECT id::text FROM ledger.decision WHERE kind = 'Admit' AND member = 'blue'")
    assert owner == causes
    assert [("HOME",)] == pool.rows("SELECT reason FROM ledger.decision WHERE member = 'blue'")


def _message(found):
    return found.get("status", {}).get("explanation", {}).get("message")


def _running_attempts(pool):
    return [each["spec"]["attempt"] for each in pool.placements() if each["spec"]["wanted"] == "Running"]


def _with_fence(pool, fence):
    return next((each for each in pool.placements() if each["spec"]["fence"] == fence), None)


def test_a_job_that_cannot_start_is_reserved_a_place_once_and_for_every_leader(pool):
    """The reservation is a decision of its own, which changes no attempt and which the next leader reads again."""
    running = pool.operator()
    pool.submit("runs", workers={"replicas": 2})
    placement = pool.until("a Placement", pool.placements)[0]
    pool.submit("waits", workers={"replicas": 2})
    on_reservations = "SELECT kind, effect, reason, member FROM ledger.decision WHERE kind IN ('Reserve', 'Release')"
    reserved = [("Reserve", "none", "HeadOfQueue", "red")]
    pool.until("a reservation", lambda: pool.rows(on_reservations) == reserved)
    pool.until("its reason", lambda: pool.status("waits").get("reason") == "WaitingForQuota")
    # The nodes are another member's, and when they come free is not told of one alone.
    assert "places are kept" not in str(pool.status("waits"))
    # Whoever runs there may run on; who waits is told, and not by whom or until when.
    pool.change("runs", {"maxRuntime": "5h"})
    pool.until("it is moved", lambda: len(pool.rows(on_reservations)) > 1)
    reserved = pool.rows(on_reservations)
    assert {"HeadOfQueue", "RunsLonger"} == {reason for *_, reason, _ in reserved}
    pool.until("a warning", lambda: "ReservationMoved" in _told(pool, "waits"))
    running.end()
    successor = pool.operator()
    pool.until("the next leader", lambda: b"hanse_operator_leading 1.0" in get(successor, "/metrics")[1])
    assert pool.grant(placement).granted
    pool.report_phase(placement, "Running")
    pool.until("Running", lambda: pool.phase("runs") == "Running")
    assert pool.release(placement, "Succeeded")
    pool.until("its start", lambda: pool.phase("waits") == "Admitted")
    assert pool.rows(on_reservations) == reserved


def test_recalled_nodes_take_nothing_new_and_are_freed_in_time(pool):
    ((now,),) = pool.rows("SELECT ledger.clock_seconds()")
    pool.stop_clock(now)
    pool.operator()
    pool.submit("runs")
    (placement,) = pool.until("a Placement", pool.placements)
    pool.grant(placement)
    at = datetime.fromtimestamp(now + 600, UTC).isoformat()
    try:
        offer(pool, {"at": at, "notice": "10m"})
        pool.submit("waits")
        pool.until("the one that waits", lambda: pool.status("waits").get("reason"))
        assert ["Running"] == [each["spec"]["wanted"] for each in pool.placements()]
        pool.stop_clock(now + 570)
        pool.until("Stopped", lambda: pool.placements()[0]["spec"]["wanted"] == "Stopped")
        pool.until("the reason", lambda: pool.status("runs").get("reason") == "NodesRecalled")
        pool.release(placement, "Stopped")
        pool.until("Requeued", lambda: pool.phase("runs") == "Requeued")
        assert [("NodesRecalled",)] == pool.rows("SELECT reason FROM ledger.decision WHERE kind = 'End'")
    finally:
        offer(pool, None)
    pool.until("both", lambda: len(_running_attempts(pool)) == 2)


def offer(pool, recall):
    """Recall blue's nodes, or offer them again."""
    path = "/apis/hanse.dev/v1alpha1/namespaces/blue/contributions/all"
    pool.plane.client.request("PATCH", path, {"spec": {"recall": recall}}, "application/merge-patch+json")
