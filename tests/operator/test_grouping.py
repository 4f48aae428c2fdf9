"""What of a plan is recorded in one go, and what goes with what is held back."""

import uuid

import pytest

from hanse.ledger import errors
from hanse.ledger.decisions import Effect, Entry
from hanse.operator import cycle, entries, grouping

A, B, C = (uuid.UUID(int=number) for number in (11, 12, 13))


def test_causes_count_from_the_first_entry_of_the_cycle():
    entry = Entry("Admit", Effect.NONE, "", "")
    caused = Entry("Fall", Effect.NONE, "", "", cause_index=0)
    flat = entries.flatten([entries.Group("a", (entry, caused)), entries.Group("b", (entry, caused))])
    assert [None, 0, None, 2] == [each.cause_index for each in flat]


@pytest.mark.parametrize("first", [Effect.KEEP, Effect.STOP])
@pytest.mark.parametrize("then", [Effect.KEEP, Effect.STOP])
def test_of_two_changes_of_one_attempt_the_second_waits_for_the_next_cycle(first, then):
    """The ledger would refuse the whole plan: a rise, and a fall for who is admitted later in the same plan."""
    job, other = uuid.uuid4(), uuid.uuid4()
    admitted = Entry("Admit", Effect.ADMIT, "", "", job=other)
    changes = [entries.Group(str(job), (Entry("", effect, "", "", job=job),)) for effect in (first, then)]
    groups = [changes[0], entries.Group(str(other), (admitted,)), changes[1]]
    assert groups[:2] == grouping.once_each(groups)


def group(kind, job, *others, awaits=()):
    """A group about a job, which changes others too, and waits for some."""
    detail = {"awaits": [str(Entry("", Effect.NONE, "", "", job=each, fence=1).attempt) for each in awaits]}
    named = [Entry(kind, Effect.KEEP, "", "", job=job, fence=1, detail=detail)]
    named += [Entry("Fall", Effect.KEEP, "", "", job=each, fence=1) for each in others]
    return entries.Group(str(job), tuple(named))


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([group("Renew", A), group("Rise", B)], [1]),
        ([group("Renew", A), group("Admit", B, A)], [1]),
        ([group("Rise", A, B), group("Admit", C, B)], []),
        ([group("Rise", A), group("Admit", B, awaits=[A]), group("Rise", C)], [2]),
        ([group("End", A), group("Renew", A)], [0]),
    ],
    ids=["another", "funding is not rested on", "a strength", "an end", "its owner ends it all the same"],
)
def test_what_is_held_back_takes_only_what_rests_on_it_along(groups, expected):
    held = {(str(A), "Renew"), (str(A), "Rise")}
    assert [groups[number] for number in expected] == grouping.standing(groups, held)


@pytest.mark.parametrize("kind", [errors.CapExceededError, errors.RefusedError, ValueError])
def test_an_owner_is_told_none_of_the_ledgers_words(kind):
    assert "rival" not in cycle.refusal(kind("attempt of rival")).sentence


def test_what_the_ledger_refuses_is_no_fault_of_the_jobs():
    """Its owner can mend nothing of it: only a cap is the members' own."""
    told = {kind: cycle.refusal(kind("said")).reason for kind in (errors.CapExceededError, errors.ContradictionError)}
    assert {errors.CapExceededError: "ExceedsCap", errors.ContradictionError: "RetryDelayed"} == told
