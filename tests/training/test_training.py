"""hanse.training against an agent's port, as a worker meets it."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hanse import training
from hanse.training import checkpoints, progress

LOOP = """
import sys, time
from hanse import training
print(training.should_stop(), flush=True)
while not training.should_stop():
    time.sleep(0.01)
print("saved", flush=True)
"""


@pytest.fixture(name="late_agent")
def _late_agent(monkeypatch):
    """A port at which nobody listens until somebody calls `begin`; it answers as told and notes what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):  # the name that the class calls
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append((self.path, self.headers["Authorization"], body))
            status, message = server.answers.pop(0)
            if not status:  # no HTTP at all: *message*, and the connection ends
                self.wfile.write(message.encode())
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"message": message}).encode())

        def do_GET(self):  # the name that the class calls
            server.asked.append((self.path, self.headers["Authorization"], None))
            status, said = server.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_):
            pass

    def begin():
        server.server_activate()
        threading.Thread(target=server.serve_forever, daemon=True).start()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.server_bind()
    server.asked, server.answers, server.begin = [], [], begin
    monkeypatch.setenv("HANSE_AGENT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HANSE_ATTEMPT", "attempt-1")
    monkeypatch.setenv("HANSE_TOKEN", "secret")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(name="agent")
def _agent(late_agent):
    late_agent.begin()
    return late_agent


def test_a_checkpoint_is_committed_with_the_attempts_token(agent):
    agent.answers = [(200, "")]
    assert training.commit_checkpoint(7, "s3://b/7")
    assert [("/v1/checkpoints", "Bearer secret", {"attempt": "attempt-1", "step": 7, "uri": "s3://b/7"})] == agent.asked


def test_progress_is_told_from_time_to_time_and_nobody_waits_for_it(agent, monkeypatch):
    monkeypatch.setattr(progress, "_told_at", None)
    agent.answers = [(200, ""), (500, "what"), (200, "")]
    for step, of in ((1, 10), (2, None), (3, 10)):
        training.report_progress(step, of, every_seconds=0)
        with progress._sending:  # until it is sent
            pass
    training.report_progress(4, 10)
    training.report_progress(5, 10, every_seconds=3600)
    told = [(path, body["step"], body["steps"]) for path, _, body in agent.asked]
    assert [("/v1/progress", 1, 10), ("/v1/progress", 2, None), ("/v1/progress", 3, 10)] == told


def test_a_run_that_was_replaced_is_told_to_end(agent):
    agent.answers = [(409, "another fence")]
    with pytest.raises(training.CheckpointRefusedError, match="another fence"):
        training.commit_checkpoint(7, "s3://b/7")


def test_a_hub_that_is_away_is_asked_again(agent):
    agent.answers = [(503, "away"), (200, "")]
    assert training.commit_checkpoint(7, "s3://b/7")
    assert 2 == len(agent.asked)


CUT_OFF = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100\r\n\r\n{"


@pytest.mark.parametrize("answer", ["", "no HTTP\r\n\r\n", CUT_OFF], ids=["none", "not HTTP", "cut off"])
def test_a_connection_that_breaks_is_tried_again(agent, answer):
    agent.answers = [(0, answer), (200, "")]
    assert training.commit_checkpoint(7, "s3://b/7")
    assert 2 == len(agent.asked)


def test_an_agent_that_is_away_for_a_moment_is_waited_for(late_agent, monkeypatch):
    """It refuses the first connection, and listens by the time of the second."""
    late_agent.answers = [(200, "")]
    monkeypatch.setattr(checkpoints.time, "sleep", lambda _: late_agent.begin())
    assert training.commit_checkpoint(7, "s3://b/7")
    assert 1 == len(late_agent.asked)


def test_patience_ends(agent):
    agent.answers = [(503, "away")]
    with pytest.raises(training.CheckpointError, match="away"):
        training.commit_checkpoint(7, "s3://b/7", patience_seconds=0)


def test_outside_of_hanse_the_same_loop_runs(monkeypatch):
    monkeypatch.delenv("HANSE_AGENT_URL", raising=False)
    assert not training.commit_checkpoint(7, "s3://b/7")
    assert training.resume() is None


def test_the_next_attempt_begins_at_the_last_checkpoint_of_record(monkeypatch):
    monkeypatch.setenv("HANSE_RESUME_URI", "s3://b/7")
    monkeypatch.setenv("HANSE_RESUME_STEP", "7")
    assert training.Checkpoint(7, "s3://b/7") == training.resume()


def started(**variables):
    return subprocess.Popen(
        [sys.executable, "-c", LOOP], stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
    )


def test_sigterm_is_a_request_for_a_checkpoint():
    with started() as process:
        assert "False\n" == process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert "saved\n" == process.stdout.readline()
        assert 0 == process.wait(240)


def test_a_hint_is_too_and_a_broken_one_is_none(tmp_path):
    hints = tmp_path / "hints.json"
    hints.write_text("{")
    with started(HANSE_HINTS=str(hints)) as process:
        assert "False\n" == process.stdout.readline()
        hints.write_text('{"checkpointRequested": true}')
        assert "saved\n" == process.stdout.readline()


def test_it_needs_the_standard_library_only():
    code = "import sys; sys.path[:0] = sys.argv[1:]; from hanse import training; print(training.resume())"
    from pathlib import Path

    root = Path(__file__).parents[2] / "training"
    alone = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code, str(root)], capture_output=True, text=True, check=False
    )
    assert ("None\n", "") == (alone.stdout, alone.stderr)


def test_a_worker_learns_who_is_in_the_gang_and_keeps_what_it_knows_while_the_agent_is_away(agent, monkeypatch):
    monkeypatch.setattr("hanse.training.gangs._known", None)
    two = json.dumps({"sequence": 7, "ranks": [0, 1], "ended": []})
    three = json.dumps({"sequence": 9, "ranks": [0, 1, 4], "ended": [1]})
    agent.answers += [(200, two), (503, "{}"), (200, "no JSON"), (200, three)]
    known = [training.gang(every_seconds=0) for _ in range(4)]
    assert [7, 7, 7, 9] == [each.sequence for each in known]
    assert training.Gang(9, (0, 1, 4), (1,)) == training.gang(every_seconds=3600) == known[-1]
    assert [("/v1/gangs/attempt-1", "Bearer secret", None)] * 4 == agent.asked


def test_outside_of_hanse_nothing_is_known_of_the_gang(monkeypatch):
    monkeypatch.setattr("hanse.training.gangs._known", None)
    monkeypatch.delenv("HANSE_AGENT_URL", raising=False)
    assert training.gang() is None
