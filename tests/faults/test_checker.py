"""The checker finds what is wrong: a good history made by hand, and for each promise one that breaks it."""

import copy

import checker
import pytest

NODE, OTHER = "north-1/n0", "north-1/n1"
HOUR = 1793491200


def pod(revision, phase, attempt="a1", rank=0, **more):
    name = f"g-{attempt}-{rank}"
    said = {"kind": "Pod", "key": f"pods/{name}", "name": name, "revision": revision, "type": "PUT", "seen": revision}
    fence = int(attempt[-1])
    return said | {
        "uid": f"uid-{name}", "attempt": attempt, "fence": fence, "rank": rank, "node": f"n{rank}", "phase": phase,
    } | more  # fmt: skip


def gone(event, revision):
    return {name: event[name] for name in ("kind", "key", "name")} | {
        "type": "DELETE", "revision": revision, "seen": revision,
    }  # fmt: skip


def placement(revision, attempt="a1", **more):
    workers = [{"rank": rank, "node": f"n{rank}", "gpus": [0, 1]} for rank in (0, 1)]
    return {
        "kind": "Placement", "key": f"placements/{attempt}", "name": attempt, "revision": revision, "type": "PUT",
        "seen": revision, "uid": f"uid-{attempt}", "attempt": attempt, "fence": int(attempt[-1]), "sequence": 10,
        "wanted": "Running", "workers": workers, "status": {"fence": None, "phase": None},
    } | more  # fmt: skip


def job(revision, phase, **more):
    return {
        "kind": "TrainingJob", "key": "trainingjobs/job", "name": "job", "revision": revision, "type": "PUT",
        "seen": revision, "uid": "job-1", "phase": phase, "reason": None,
    } | more  # fmt: skip


def attempt(name="a1", sequence=10, **more):
    return {
        "id": name, "job": "job-1", "fence": int(name[-1]), "member": "west", "admittedBy": f"admit-{name}",
        "sequence": sequence, "recorded": sequence, "state": "released", "milliH100e": 1000, "tierThousandths": 1500,
    } | more  # fmt: skip


def decision(sequence, effect="admit", of="a1", **more):
    body = {
        "kind": effect, "effect": effect, "attempt": of, "cluster": "north-1", "nodes": {NODE: 2000, OTHER: 2000},
    }  # fmt: skip
    return {"id": f"{effect}-{of}", "sequence": sequence, "recorded": sequence, "body": body} | more


def fact(sequence, kind, of="a1", detail="", **more):
    return {"attempt": of, "kind": kind, "detail": detail, "sequence": sequence, "recorded": sequence} | more


def transfer(sequence, kind, purpose, amount, **more):
    its = {"debit": "west/use", "credit": "north/contribution-used", "attempt": "a1"}
    body = its | {"kind": kind, "purpose": purpose, "amount": amount} | more
    return {"id": f"t{sequence}", "sequence": sequence, "body": body}


def accounts(transfers):
    """Return the accounts that transfers lead to, as a ledger keeps them."""
    sums = {}
    for row in transfers:
        body = row["body"]
        for side, name in enumerate((body["debit"], body["credit"])):
            sums.setdefault(name, [0, 0])[side] += 0 if body["kind"] == "pending" else body["amount"]
    return [{"name": name, "now": [str(debit), str(credit)]} for name, (debit, credit) in sums.items()]


def good():
    """One job of a gang of two: accepted, admitted, leased, run to its end, charged."""
    pods = [pod(20, "Pending"), pod(21, "Pending", rank=1), pod(22, "Running"), pod(23, "Running", rank=1)]
    pods += [pod(24, "Succeeded"), pod(25, "Succeeded", rank=1)]
    pods += [gone(pods[0], 26), gone(pods[1], 27)]
    cap = {"debit": "west/cap/month/0", "credit": "pool/reserved"}
    transfers = [
        transfer(12, "pending", "cap", 45_000, **cap),
        transfer(60, "single", "use", 20_000),
        transfer(61, "single", "tier", 10_000, credit="pool/tiers"),
        transfer(62, "post", "cap", 30_000, pending="t12", **cap),
    ]
    segment = {"offset": 0, "length": 5, "mask": 3, "shares": [["a1", 1000]]}
    slots = [{"body": {"node": node, "start": HOUR, "segments": [segment]}} for node in (NODE, OTHER)]
    idle = {"offset": 5, "length": 5, "mask": 3, "shares": [["idle", 1000]]}
    slots.append({"body": {"node": NODE, "start": HOUR + 5, "segments": [idle]}})
    operation = {
        "what": "submit",
        "name": "job",
        "member": "west",
        "uid": "job-1",
        "invoked": 1,
        "completed": 2,
        "exit": 0,
    }
    return {
        "seed": 1, "seconds": 1, "faults": [], "restarts": {}, "answersLost": {}, "commitsLost": {},
        "quiet": True, "outbox": 0,
        "waits": ["ExceedsCap"], "atOnceMilliH100e": {"west": 6000}, "operations": [operation], "audit": [],
        "events": [
            job(3, None), placement(15), *pods, job(28, "Succeeded"), gone(placement(15), 29),
        ],
        "ledger": {
            "attempts": [attempt()], "decisions": [decision(10)],
            "effects": [{"decision": "admit-a1", "outcome": "done"}],
            "facts": [
                fact(11, "CapSet", of=None, account="west/cap/month/0", amount=50_000), fact(16, "LeaseGranted"),
                fact(40, "LeaseReleased", detail="Succeeded"),
                *(fact(sequence, "TermTaken", of=None, amount=term) for sequence, term in ((7, 1), (42, 2))),
            ],
            "cycles": [{"term": 1, "cycle": 1, "sequence": 9}, {"term": 2, "cycle": 1, "sequence": 50}],
            "transfers": transfers, "accounts": accounts(transfers), "slots": slots, "violations": [],
        },
    }  # fmt: skip


def findings(history):
    return {result.name: result.findings for result in checker.check(history) if result.findings}


def test_a_good_history_is_good_and_each_check_looks_at_something():
    results = checker.check(good())
    assert [] == [(each.name, each.findings) for each in results if each.findings]
    assert [] == [each.name for each in results if not each.checked]


def events(history, *more, without=()):
    kept = [event for event in history["events"] if event["revision"] not in without]
    history["events"] = sorted([*kept, *more], key=lambda event: event["revision"])


def rows(history, name, *more):
    history["ledger"][name] += more


def second(history, sequence=45):
    """Admit the job once more."""
    rows(history, "attempts", attempt("a2", sequence))
    rows(history, "decisions", decision(sequence, of="a2"))
    rows(history, "effects", {"decision": "admit-a2", "outcome": "done"})
    rows(
        history, "facts", fact(sequence + 1, "LeaseGranted", "a2"), fact(sequence + 9, "LeaseReleased", "a2", "Stopped")
    )
    rows(history, "cycles", {"term": 2, "cycle": 2, "sequence": sequence - 1})
    history["ledger"]["cycles"].sort(key=lambda row: row["sequence"])


def lost(history):
    events(history, without={28})


def vanished(history):
    events(history, gone(job(28, "Succeeded"), 30))


def told_wrongly(history):
    events(history, job(28, "Failed"), without={28})


def failed_without_cause(history):
    """Its attempts agree that it failed, and it exits with 0."""
    told_wrongly(history)
    next(row for row in history["ledger"]["facts"] if row["kind"] == "LeaseReleased")["detail"] = "Failed"


def succeeded_although_it_fails(history):
    history["operations"][0]["exit"] = 1


def never_answered(history):
    del history["operations"][0]["completed"]


def came_back(history):
    history["operations"].append({"what": "delete", "name": "job", "member": "west", "invoked": 3, "completed": 4})


def two_at_once(history):
    second(history)
    events(history, placement(15, "a2"), *(pod(22, phase, "a2", node="n0") for phase in ("Running",)))


def admitted_after_its_success(history):
    second(history)


def made_again(history):
    """Its pods were deleted, and its agent had forgotten that they had run."""
    events(history, pod(27, "Pending", uid="another"))


def two_live_attempts(history):
    second(history, sequence=13)


def fence_falls(history):
    second(history)
    history["ledger"]["attempts"][1]["fence"] = 1


def term_falls(history):
    history["ledger"]["cycles"].append({"term": 1, "cycle": 2, "sequence": 70})


def old_leader_records(history):
    """Before the new one has recorded anything: terms rise from cycle to cycle all the same."""
    history["ledger"]["cycles"].append({"term": 1, "cycle": 2, "sequence": 46})


def placement_goes_back(history):
    events(history, placement(18, sequence=9))


def old_fence_starts(history):
    second(history)
    events(history, placement(15, "a2"), pod(30, "Pending", "a2"), pod(31, "Pending", uid="another"))


def gpu_given_twice(history):
    second(history)
    history["ledger"]["attempts"][1]["job"] = "job-2"
    events(history, placement(15, "a2"), pod(23, "Running", "a2", uid="x"))


def pod_elsewhere(history):
    events(history, pod(22, "Running", node="n7"), without={22})


def placed_before_it_was_decided(history):
    events(history, placement(8), without={15})


def placed_without_decision(history):
    events(history, placement(16, "a9"))


def placed_on_other_gpus(history):
    events(history, placement(15, workers=[{"rank": 0, "node": "n0", "gpus": [0, 1, 2]}]), without={15})


def placed_under_another_fence(history):
    events(history, placement(15, fence=3), without={15})


def stopped_without_decision(history):
    events(history, placement(19, wanted="Stopped"))


def pod_before_its_lease(history):
    events(history, pod(14, "Pending"), without={20})


def pod_of_nobody(history):
    events(history, pod(14, "Pending", attempt="b9"))


def effect_not_recorded(history):
    history["ledger"]["effects"].clear()


def effect_recorded_twice(history):
    history["ledger"]["effects"] *= 2


def done_and_never_seen(history):
    events(history, without={15, 29})


def done_and_said_to_have_failed(history):
    history["ledger"]["effects"][0]["outcome"] = "failed"


def orders_left(history):
    history["outbox"] = 1


def half_a_gang_succeeded(history):
    events(history, without={21, 23, 25, 27})


def a_pod_too_many(history):
    events(history, pod(21, "Pending", rank=2), pod(24, "Failed", rank=2), gone(pod(21, "Pending", rank=2), 30))


def pod_left(history):
    events(history, without={26})


def placement_left(history):
    events(history, without={29})


def attempt_left(history):
    history["ledger"]["attempts"][0]["state"] = "leased"


def never_quiet(history):
    history["quiet"] = False


def over_at_once(history):
    history["atOnceMilliH100e"]["west"] = 5999


def over_a_window(history):
    history["ledger"]["facts"][0]["amount"] = 44_999


def window_nobody_set(history):
    del history["ledger"]["facts"][0]


def debits_and_credits_differ(history):
    history["ledger"]["accounts"].append({"name": "west/secret", "now": ["5", "0"]})


def balance_differs(history):
    for account in history["ledger"]["accounts"]:
        if account["name"] in {"west/use", "pool/tiers"}:
            account["now"] = [str(int(each) and int(each) + 1) for each in account["now"]]


def charged_too_little(history):
    history["ledger"]["transfers"][1]["body"]["amount"] = 19_999
    history["ledger"]["accounts"] = accounts(history["ledger"]["transfers"])


def ran_and_not_charged(history):
    history["ledger"]["transfers"] = [row for row in history["ledger"]["transfers"] if row["body"]["purpose"] == "cap"]
    history["ledger"]["accounts"] = accounts(history["ledger"]["transfers"])


def used_by_nobody_known(history):
    history["ledger"]["slots"][0]["body"]["segments"][0]["shares"] = [["a7", 1000]]


def use_not_covered(history):
    rows(history, "violations", {"kind": "UncoveredUse"})


def audit_fails(history):
    history["audit"].append("C9 transfers.jsonl:3: something")


BROKEN = {
    "no job is lost": (
        lost, vanished, told_wrongly, failed_without_cause, succeeded_although_it_fails, never_answered, came_back,
    ),
    "no job runs twice": (two_at_once, admitted_after_its_success),
    "no worker of an attempt starts twice": (made_again,),
    "one attempt lives, fences rise": (
        two_live_attempts, fence_falls, term_falls, old_leader_records, placement_goes_back,
    ),
    "no old fence starts a pod": (old_fence_starts,),
    "no GPU is given twice": (gpu_given_twice, pod_elsewhere),
    "no effect without its decision": (
        placed_before_it_was_decided, placed_without_decision, placed_on_other_gpus, placed_under_another_fence,
        stopped_without_decision, pod_before_its_lease, pod_of_nobody,
    ),
    "each decision has its effect": (
        effect_not_recorded, effect_recorded_twice, done_and_never_seen, done_and_said_to_have_failed, orders_left,
    ),
    "gangs are whole or not at all": (half_a_gang_succeeded, a_pod_too_many),
    "nothing is left when all is quiet": (pod_left, placement_left, attempt_left, never_quiet),
    "caps are held at every moment": (over_at_once, over_a_window, window_nobody_set),
    "debits equal credits": (debits_and_credits_differ, balance_differs),
    "what ran is what is charged": (charged_too_little, ran_and_not_charged, used_by_nobody_known, use_not_covered),
    "the export verifies": (audit_fails,),
}  # fmt: skip
CASES = [(promise, spoil) for promise, spoilt in BROKEN.items() for spoil in spoilt]


@pytest.mark.parametrize(("promise", "spoil"), CASES, ids=[spoil.__name__ for _, spoil in CASES])
def test_a_broken_promise_is_found(promise, spoil):
    history = copy.deepcopy(good())
    spoil(history)
    assert promise in findings(history)


def test_each_check_has_a_history_that_it_must_find_wrong():
    assert BROKEN.keys() == {result.name for result in checker.check(good())}


def test_the_summary_names_what_was_looked_at_and_what_is_wrong():
    history = good()
    assert "ok   no job is lost: 6 looked at" in checker.summary(history, checker.check(history))
    lost(history)
    said = checker.summary(history, checker.check(history))
    assert "FAIL no job is lost" in said
    assert "job is left None for None" in said
