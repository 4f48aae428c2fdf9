"""What `hanse logs` prints: each line once, opened here, and harmless to a terminal."""

import base64
import uuid

import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import strategies as st

from hanse.cli import logs
from hanse.cli.errors import CommandError
from hanse.evidence import sealing, tails
from hanse.evidence.tails import Tail, Worker

KEY, BLIND, ATTEMPT = X25519PrivateKey.generate(), b"b" * 32, uuid.uuid4()
RECIPIENT = sealing.blinded(KEY.public_key().public_bytes_raw(), BLIND)


def answer(*numbers, rank=0, is_cut=False, changed=False):
    text = "".join(f"2026-11-02T09:00:{number:02}Z line {number}\n" for number in numbers).encode()
    sealed = tails.seal(RECIPIENT, Worker(ATTEMPT, 3, rank), Tail(text, is_cut))
    sealed = sealed[:-1] + bytes([sealed[-1] ^ changed])
    encode = lambda data: base64.urlsafe_b64encode(data).decode()  # noqa: E731
    item = {"rank": rank, "key": encode(RECIPIENT), "blind": encode(BLIND), "sealed": encode(sealed)}
    return {"attempt": str(ATTEMPT), "fence": 3, "items": [item]}


def said(printer, *args, **more):
    return list(printer.lines(answer(*args, **more)))


def test_each_line_is_printed_once_and_a_gap_is_said():
    printer = logs.Printer([KEY], is_terminal=False)
    assert ["w-0 line 1", "w-0 line 2"] == said(printer, 1, 2)
    assert ["w-0 line 3"] == said(printer, 1, 2, 3)
    assert [] == said(printer, 2, 3, is_cut=True)
    assert ["w-0 [lines of this worker were lost here]", "w-0 line 7"] == said(printer, 7, is_cut=True)


def test_lines_of_several_workers_come_in_the_order_of_their_times():
    items = [*answer(1, 4)["items"], *answer(2, 3, rank=1)["items"]]
    lines = logs.Printer([KEY], is_terminal=False).lines({**answer(1), "items": items})
    assert ["w-0 line 1", "w-1 line 2", "w-1 line 3", "w-0 line 4"] == list(lines)


def test_what_another_key_opens_is_counted_and_what_was_changed_is_an_error():
    printer = logs.Printer([X25519PrivateKey.generate()], is_terminal=False)
    assert ([], 1) == (said(printer, 1), printer.unopened)
    assert ["w-0 line 1"] == said(logs.Printer([X25519PrivateKey.generate(), KEY], is_terminal=False), 1)
    with pytest.raises(CommandError, match="worker 0 was changed"):
        said(logs.Printer([KEY], is_terminal=False), 1, changed=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://rival\x1b\\link", "link"),
        ("10 %\r20 %\r100 %\r", "100 %"),
        ("\x9b2Jcleared", "2Jcleared"),
        ("name\u202etxt.exe", "nametxt.exe"),
        ("\x1b\x1b[2J[2Jnested", "[2Jnested"),
        ("a\tb \u4f60\u597d", "a\tb \u4f60\u597d"),
        ("\x07\x08\x00bell", "bell"),
    ],
)
def test_what_steers_a_terminal_is_left_out(text, shown):
    assert shown == logs.harmless(text)


@hypothesis.given(st.text())
def test_nothing_that_is_printed_steers_a_terminal(text):
    assert all(each.isprintable() or each == "\t" for each in logs.harmless(text))


@pytest.mark.parametrize(("content", "named"), [(None, "No such file"), ("no key", "no X25519"), ("AAAA", "no X25519")])
def test_a_key_that_is_none_is_named(tmp_path, content, named):
    file = tmp_path / "sealing.key"
    if content:
        file.write_text(content)
    with pytest.raises(CommandError, match=named):
        logs._private(file)
