"""When logs are read and sent: not without a key, not for longer than a moment, and again if the hub was away."""

import asyncio
import uuid
from base64 import urlsafe_b64encode
from dataclasses import replace
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hanse.agent import logs
from hanse.agent.faults import Fault
from hanse.agent.gangs import Gang, Seat, Worker
from hanse.agent.hub import HubError
from hanse.agent.kube import KubeError
from hanse.evidence import sealing, tails
from hanse.evidence.tails import Tail
from hanse.resources.protocol import LogKey, LogKeysAnswer, LogsAnswer, Outcome

ATTEMPT, BLIND = uuid.uuid4(), b"b" * 32
KEY = X25519PrivateKey.generate()
PUBLIC = sealing.blinded(KEY.public_key().public_bytes_raw(), BLIND)
GANG = Gang(ATTEMPT, 1, "job", 0.0, 0.0, 60.0, seats=(Seat(0, "n", (0,)),))
RUNNING = Worker("w", "uid", ATTEMPT, 1, "job", 0, "n", ready=True)
ENDED = Worker("w", "uid", ATTEMPT, 1, "job", 0, "n", fault=Fault(Outcome.FAILED, "exit status 1"))


class World:
    """A kubelet with one worker's log, and a service that takes what it is sent, as a test has them."""

    def __init__(self, worker=RUNNING, key=PUBLIC):
        self.worker, self.key, self.log, self.away = worker, key, b"time one\n", False
        self.read, self.sent, self.silent = 0, [], False
        copies = SimpleNamespace(workers=lambda: (self.worker,))
        self.logs = logs.Logs(self, self, "workers", copies, lambda: {ATTEMPT: GANG})

    async def text(self, path, query, most):
        self.read += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.log is None:
            raise KubeError(403, "pods/log is forbidden")
        assert (path, query["container"]) == ("/api/v1/namespaces/workers/pods/w/log", "trainer")
        return self.log[:most]

    async def log_keys(self, request):
        key = LogKey(attempt=ATTEMPT, key=urlsafe_b64encode(self.key)) if self.key else None
        assert request.attempts == (ATTEMPT,)
        return LogKeysAnswer(keys=(key,) if key else ())

    async def logs_(self, request):
        if self.away:
            raise HubError(0, "the hub cannot be asked")
        self.sent += [
            tails.unseal(KEY, BLIND, tails.Worker(t.attempt, t.fence, t.rank), t.sealed) for t in request.tails
        ]
        return LogsAnswer(taken=tuple(True for _ in request.tails))

    def rounds(self, count=1):
        async def play():
            for _ in range(count):
                await self.logs._round()

        asyncio.run(play())


@pytest.fixture(name="make")
def _make(monkeypatch):
    def make(**given):
        world = World(**given)
        monkeypatch.setattr(world.logs, "_hub", SimpleNamespace(log_keys=world.log_keys, logs=world.logs_))
        return world

    return make


def test_what_changed_is_sent_once(make):
    world = make()
    world.rounds(3)
    world.log += b"time two\n"
    world.rounds(2)
    assert [Tail(b"time one\n"), Tail(b"time one\ntime two\n")] == world.sent
    assert 5 == world.read


def test_without_a_key_no_log_is_read_and_last_words_are_not_kept(make):
    world = make(key=None)
    world.rounds(2)
    assert (0, []) == (world.read, world.sent)
    asyncio.run(world.logs.last_words(ENDED))
    world.rounds()
    assert ([], {}) == (world.sent, world.logs._unsent)


def test_of_simulated_workers_nothing_is_asked_and_nothing_read(make):
    world = make(worker=replace(RUNNING, simulated=True))
    world.rounds(2)
    assert (0, {}) == (world.read, world.logs._keys)


def test_what_the_hub_missed_it_gets_when_it_is_back_in_its_newest_form(make):
    world = make()
    world.away = True
    world.rounds()
    world.log += b"time two\n"
    world.rounds()
    world.away = False
    world.rounds()
    assert [Tail(b"time one\ntime two\n")] == world.sent


def test_last_words_are_read_once_and_of_who_ended_by_itself_only(make):
    world = make(worker=ENDED)

    async def play():
        await world.logs.last_words(RUNNING)
        for _ in range(3):
            await world.logs.last_words(ENDED)

    asyncio.run(play())
    assert 1 == world.read
    world.rounds()
    assert [Tail(b"time one\n")] == world.sent


def test_a_kubelet_that_does_not_answer_keeps_no_pod_from_its_end(make, monkeypatch):
    monkeypatch.setattr(logs, "LAST_WORDS_SECONDS", 0.01)
    world = make()
    world.silent = True
    asyncio.run(world.logs.last_words(ENDED))
    assert 1 == world.read


def test_a_right_that_is_missing_is_said_once_and_stops_nothing(make, caplog):
    world = make()
    world.log = None
    world.rounds(3)
    assert ["no log can be read"] == [message.partition(":")[0] for message in caplog.messages]
