"""What the processes log: one form, ids as fields, no credentials."""

import json
import subprocess
import sys

import pytest

SAYS = """
import logging, structlog
from hanse.cli import process_logs
process_logs.configure(FORM)
with structlog.contextvars.bound_contextvars(decision="d-1"):
    structlog.get_logger("hanse.operator.effects").info("placement_applied", attempt="a-1", fence=2)
logging.getLogger("hanse.agent.story").info("%s run", "workers", extra={"attempt": "a-1", "fence": 2})
logging.getLogger("hanse.api").debug("a detail")
logging.getLogger("somebody.else").info("small talk")
logging.getLogger("kopf.objects").error("default/secret-model is handled")
structlog.get_logger("hanse.operator.cycle").warning("cycle_failed", api_token="t0ken-of-mine", said=CREDENTIALS)
try:
    raise ValueError(CREDENTIALS)
except ValueError:
    logging.getLogger("hanse.api.answering").exception("GET /v1/queue", extra={"request": "r-1"})
"""
CREDENTIALS = (
    "postgresql://hanse:s3cret@with-at@db/hanse refused Authorization: Bearer t0ken-of-somebody "
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
)
SECRET = ("s3cret", "with-at", "t0ken-of-mine", "t0ken-of-somebody", "eyJ", "c2lnbmF0dXJl")


def logged(form):
    code = SAYS.replace("FORM", form).replace("CREDENTIALS", repr(CREDENTIALS))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "" == said.stdout, "answers go there, and logs do not"
    return said.stderr


def test_lines_are_json_with_ids_as_fields_whoever_logs():
    lines = [json.loads(line) for line in logged("None").splitlines()]
    of_all = {"timestamp", "level", "logger", "event"}
    assert all(of_all <= set(line) for line in lines)
    named = [{key: value for key, value in line.items() if key not in {"timestamp", "exception"}} for line in lines]
    assert [
        {"event": "placement_applied", "level": "info", "logger": "hanse.operator.effects", "decision": "d-1",
         "attempt": "a-1", "fence": 2},
        {"event": "workers run", "level": "info", "logger": "hanse.agent.story", "attempt": "a-1", "fence": 2},
    ] == named[:2]  # fmt: skip
    assert ["cycle_failed", "GET /v1/queue"] == [line["event"] for line in named[2:]]
    assert "r-1" == named[-1]["request"]
    assert "ValueError" in lines[-1]["exception"]


@pytest.mark.parametrize("form", ["process_logs.Format.JSON", "process_logs.Format.TEXT"])
def test_no_credential_is_logged(form):
    text = logged(form)
    assert [] == [secret for secret in SECRET if secret in text]
    assert text.count("(hidden)") >= 7
    assert "@db/hanse refused" in text, "the rest is"


def test_for_people_a_line_begins_with_the_time_and_ends_with_the_fields():
    text = logged("process_logs.Format.TEXT")
    assert "{" not in text
    assert "attempt=a-1" in text
    assert "\x1b" not in text, "a file has no colours"
