"""The cache agrees with the API server in the end, whatever happened to the events."""

import itertools

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hanse.operator.cache import Cache
from hanse.operator.kinds import TRAINING_JOB

KIND = TRAINING_JOB.name


def event(uid, version, kind="MODIFIED"):
    return kind, {"metadata": {"uid": uid, "resourceVersion": str(version), "managedFields": []}, "version": version}


class Converges(RuleBasedStateMachine):
    """An API server that knows the truth, and a watch that loses, repeats and reorders what it tells."""

    def __init__(self):
        super().__init__()
        self.woken = 0
        self.cache = Cache([TRAINING_JOB], self._wake)
        self.truth, self.sent = {}, []
        self.versions, self.uids = itertools.count(1), itertools.count()
        self.seen = {}

    def _wake(self):
        self.woken += 1

    @rule()
    def create(self):
        uid, version = f"uid-{next(self.uids)}", next(self.versions)
        self.truth[uid] = version
        self.sent.append(event(uid, version, "ADDED"))

    @rule(data=st.data())
    def modify(self, data):
        if self.truth:
            uid, version = data.draw(st.sampled_from(sorted(self.truth))), next(self.versions)
            self.truth[uid] = version
            self.sent.append(event(uid, version))

    @rule(data=st.data())
    def delete(self, data):
        if self.truth:
            uid = data.draw(st.sampled_from(sorted(self.truth)))
            del self.truth[uid]
            self.sent.append(event(uid, next(self.versions), "DELETED"))

    @rule(data=st.data())
    def deliver_any(self, data):
        """Deliver one of all events ever sent: late, again, out of order; those never drawn are lost."""
        if self.sent:
            self.cache.put(KIND, *data.draw(st.sampled_from(self.sent)))

    @rule()
    def relist(self):
        """What Kopf does after a 410: it tells of what there is, and of no deletion."""
        for uid, version in self.truth.items():
            self.cache.put(KIND, *event(uid, version, None))

    @rule()
    def sweep(self):
        listed = max(self.truth.values(), default=0)
        listed = max(listed, next(self.versions))
        difference = self.cache.compare(KIND, listed, self.truth)
        self.cache.forget(KIND, difference.ghosts, listed)
        if not self.cache.has_reached(KIND, difference.missed):
            self.relist()
        self.seen.update(self.cache.take_changes()[KIND])
        held = {uid: document["version"] for uid, document in self.seen.items() if document}
        assert self.truth == held

    @invariant()
    def no_object_is_held_in_a_version_that_never_was(self):
        assert self.cache.sizes()[KIND] <= len({document["metadata"]["uid"] for _, document in self.sent})


TestConverges = Converges.TestCase


def put(cache, *events):
    for each in events:
        cache.put(KIND, *each)
    return cache.take_changes()[KIND]


def test_an_older_event_never_replaces_a_newer_one():
    cache = Cache([TRAINING_JOB], lambda: None)
    assert 2 == put(cache, event("a", 2), event("a", 1))["a"]["version"]


def test_what_was_deleted_does_not_come_back_with_a_late_event():
    cache = Cache([TRAINING_JOB], lambda: None)
    assert {"a": None} == put(cache, event("a", 1), event("a", 3, "DELETED"), event("a", 2))


def test_who_wrote_which_field_is_not_kept():
    cache = Cache([TRAINING_JOB], lambda: None)
    assert "managedFields" not in put(cache, event("a", 1))["a"]["metadata"]


def test_an_event_that_says_nothing_new_wakes_nobody():
    woken = []
    cache = Cache([TRAINING_JOB], lambda: woken.append(1))
    put(cache, event("a", 1), event("a", 1))
    assert [1] == woken
