"""The operator as a process, on a real API server and PostgreSQL, with the rights of its ServiceAccount."""

import json
import urllib.error
import urllib.request


def get(running, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_job_is_admitted_placed_run_and_ended(pool):
    """From apply to Succeeded; each step is told in status and by an event, and nothing is left over."""
    pool.operator()
    pool.submit("one")
    (placement,) = pool.until("a Placement", pool.placements)
    assert placement["spec"]["fence"] == 1
    assert [{"rank": 0, "node": "node-0", "gpus": list(range(8))}] == placement["spec"]["workers"]
    assert "red" not in json.dumps(placement["spec"])
    pool.until("Admitted", lambda: pool.phase("one") == "Admitted")
    assert pool.grant(placement).granted
    pool.report_phase(placement, "Running")
    pool.until("Running", lambda: pool.phase("one") == "Running")
    assert pool.status("one")["cluster"] == "blue-1"
    assert pool.release(placement, "Succeeded")
    pool.until("Succeeded", lambda: pool.phase("one") == "Succeeded")
    pool.until("the Placement to go", lambda: not pool.placements())
    events = pool.plane.client.request("GET", "/api/v1/namespaces/red/events")["items"]
    told = {event["reason"] for event in events if event["involvedObject"]["name"] == "one"}
    assert {"Admitted", "Running", "Succeeded"} <= told
