"""Checks of what ran: jobs, attempts, gangs, GPUs, and that nothing took effect without its decision. Pure.

In: a :class:`histories.History`. Out: a :class:`histories.Result` for each promise. Where objects and ledger meet, a
change is compared by when it was *seen*, which is after it happened: what was seen before its decision was recorded was
certainly done before.
"""

from collections import Counter, defaultdict
from itertools import pairwise

from histories import LIVE, Result

ENDED = {"Succeeded", "Failed"}
WHOLE = 1000


def no_job_is_lost(history):
    """Each accepted job has ended, was deleted, or waits for a reason that it may wait for; it ended as it ran."""
    result = Result("no job is lost")
    last = {}
    for event in history.of("TrainingJob"):
        before = last.get(event["name"], {})
        last[event["name"]] = {**before, **event} if event["type"] == "DELETE" else event
    deleted = {each["name"] for each in history.told["operations"] if each["what"] == "delete"}
    won = {row["job"] for row in history.ledger["attempts"] if history.outcome(row["id"]) == "Succeeded"}
    for each in history.told["operations"]:
        job = last.get(each["name"])
        result.expect("completed" in each, f"{each['what']} of {each['name']} was never answered")
        if each["what"] == "delete":
            result.expect(job and job["type"] == "DELETE", f"{each['name']} was deleted and is there")
            continue
        result.expect(job and job.get("uid") == each["uid"], f"{each['name']} was accepted and is not there")
        if not job:
            continue
        gone = job["type"] == "DELETE"
        result.expect(not gone or each["name"] in deleted, f"{each['name']} is gone, and nobody deleted it")
        may_wait = job.get("phase") in {"Queued", "Requeued"} and job.get("reason") in history.told["waits"]
        result.expect(gone or job.get("phase") in ENDED or may_wait, f"{each['name']} is left {_where(job)}")
        expected = "Failed" if each["exit"] else "Succeeded"
        as_planned = job.get("phase") not in ENDED or job["phase"] == expected
        result.expect(as_planned, f"{each['name']} is {_where(job)}, and exits with {each['exit']}")
        wrong = not gone and (job.get("phase") == "Succeeded") != (each["uid"] in won)
        result.expect(not wrong, f"{each['name']} is {_where(job)}, its attempts say otherwise")
    return result


def _where(job):
    return f"{job.get('phase')} for {job.get('reason')}"


def no_job_runs_twice(history):
    """Pods of two attempts of a job never run at once, and none of an attempt whose successor has begun."""
    result = Result("no job runs twice")
    for event, now in history.running():
        if event["key"] in now:
            job = history.attempts.get(event["attempt"], {}).get("job")
            others = {
                each["attempt"] for each in now.values() if history.attempts.get(each["attempt"], {}).get("job") == job
            }
            result.expect(len(others) <= 1, f"at {event['revision']} job {job} runs as {' and '.join(sorted(others))}")
    for job, its in _by_job(history).items():
        successes = [row["id"] for row in its if history.outcome(row["id"]) == "Succeeded"]
        result.expect(len(successes) <= 1, f"job {job} has succeeded as {' and '.join(successes)}")
        again = [row["id"] for row in its if successes and row["sequence"] > _end(history, successes[0])]
        result.expect(not again, f"job {job} was admitted again after it had succeeded, as {' and '.join(again)}")
    return result


def no_worker_starts_twice(history):
    """Of each worker of an attempt there is never more than one pod, however often its agent is killed or misled."""
    result = Result("no worker of an attempt starts twice")
    pods = {}
    for event in history.of("Pod"):
        if event["type"] == "PUT":
            first = pods.setdefault((event["attempt"], event["rank"]), event)
            result.expect(first["uid"] == event["uid"], f"pod {event['name']} was made again under another uid")
    return result


def _by_job(history):
    found = defaultdict(list)
    for row in sorted(history.ledger["attempts"], key=lambda row: row["sequence"]):
        found[row["job"]].append(row)
    return found


def _end(history, attempt):
    """Return the sequence of what ended an attempt; nothing has ended a live one."""
    if released := history.fact(attempt, "LeaseReleased"):
        return released["sequence"]
    if history.attempts[attempt]["state"] in LIVE:
        return float("inf")
    return min((row["sequence"] for row in history.stops[attempt]), default=float("inf"))


def one_attempt_lives(history):
    """An attempt of a job is admitted only when the one before has ended; fences and terms rise, never fall."""
    result = Result("one attempt lives, fences rise")
    for job, its in _by_job(history).items():
        for older, newer in pairwise(its):
            ends = _end(history, older["id"])
            result.expect(ends < newer["sequence"], f"job {job}: {newer['id']} began while {older['id']} lived")
            result.expect(older["fence"] < newer["fence"], f"job {job}: fence {newer['fence']} after {older['fence']}")
    terms = sorted(history.ledger["cycles"], key=lambda row: row["sequence"])
    for older, newer in pairwise(terms):
        here, there = (older["term"], older["cycle"]), (newer["term"], newer["cycle"])
        result.expect(here < there, f"cycle {there} was recorded after {here}")
    taken = sorted((row["sequence"], row["amount"]) for row in history.ledger["facts"] if row["kind"] == "TermTaken")
    for row in terms:
        leads = max((term for sequence, term in taken if sequence < row["sequence"]), default=0)
        late = f"cycle {row['cycle']} of term {row['term']} was recorded when term {leads} had begun"
        result.expect(row["term"] == leads, late)
    versions = {}
    for event in history.of("Placement"):
        if event["type"] == "PUT":
            now, before = (event["fence"], event["sequence"]), versions.get(event["uid"], (0, 0))
            result.expect(before <= now, f"Placement {event['name']} went from {before} back to {now}")
            versions[event["uid"]] = now
    return result


def no_old_fence_starts(history):
    """No pod is made under a fence when pods of a higher one of the same job were there before."""
    result = Result("no old fence starts a pod")
    highest, known = Counter(), set()
    for event in history.of("Pod"):
        if event["type"] == "DELETE" or event["uid"] in known:
            continue
        known.add(event["uid"])
        job = history.attempts.get(event["attempt"], {}).get("job")
        result.expect(event["fence"] >= highest[job], f"pod {event['name']} is of fence {event['fence']}, not the last")
        highest[job] = max(highest[job], event["fence"])
    return result


def no_gpu_is_shared(history):
    """Two pods never run on one GPU of a node; a pod runs on the node, and the GPUs, of its seat."""
    result = Result("no GPU is given twice")
    for event, now in history.running():
        if event["key"] not in now:
            continue
        seat = history.seats(event["attempt"]).get(event["rank"])
        result.expect(
            seat and seat["node"] == event["node"], f"pod {event['name']} runs on {event['node']}, no seat of its"
        )
        held = Counter(
            (each["node"], gpu)
            for each in now.values()
            for gpu in history.seats(each["attempt"]).get(each["rank"], {"gpus": []})["gpus"]
        )
        twice = sorted(place for place, count in held.items() if count > 1)
        result.expect(not twice, f"at {event['revision']} GPUs {twice} are held by two pods, one is {event['name']}")
    return result


def no_effect_without_decision(history):
    """A Placement follows its admission, with the GPUs decided, its stop that decision, and a pod its lease."""
    result = Result("no effect without its decision")
    for event in history.of("Placement"):
        if event["type"] == "PUT":
            _placement(history, event, result)
    known = set()
    for event in history.of("Pod"):
        if event["type"] == "DELETE" or event["uid"] in known:
            continue
        known.add(event["uid"])
        attempt, granted = history.attempts.get(event["attempt"]), history.fact(event["attempt"], "LeaseGranted")
        result.expect(attempt and attempt["fence"] == event["fence"], f"pod {event['name']} is of no recorded attempt")
        result.expect(
            granted and granted["recorded"] < event["seen"], f"pod {event['name']} was there before its lease"
        )
    return result


def _placement(history, event, result):
    attempt = history.attempts.get(event["attempt"])
    admitted = history.decisions.get(attempt["admittedBy"]) if attempt else None
    before = admitted and admitted["body"]["effect"] == "admit" and admitted["recorded"] < event["seen"]
    result.expect(before, f"Placement {event['name']} was there before a decision admitted its attempt")
    if not before:
        return
    body, placed = admitted["body"], Counter()
    for worker in event["workers"]:
        placed[f"{body['cluster']}/{worker['node']}"] += WHOLE * len(worker["gpus"])
    result.expect(dict(placed) == body["nodes"], f"Placement {event['name']} has other GPUs than were decided")
    result.expect(event["fence"] == attempt["fence"], f"Placement {event['name']} has another fence than its attempt")
    if event["wanted"] == "Stopped":
        stopped = any(row["recorded"] < event["seen"] for row in history.stops[event["attempt"]])
        result.expect(stopped, f"Placement {event['name']} was stopped before a decision said so")


def each_decision_has_its_effect(history):
    """Each decision that acts has one recorded outcome; what is recorded as done was seen, and the other way round."""
    result = Result("each decision has its effect")
    outcomes = defaultdict(list)
    for row in history.ledger["effects"]:
        outcomes[row["decision"]].append(row)
    stopped = {
        event["attempt"] for event in history.of("Placement") if event["type"] == "PUT" and event["wanted"] == "Stopped"
    }
    for row in history.ledger["decisions"]:
        body = row["body"]
        if body["effect"] == "none":
            continue
        its = outcomes[row["id"]]
        result.expect(len(its) == 1, f"decision {row['id']} ({body['kind']}) has {len(its)} recorded outcomes")
        if body["effect"] == "admit":
            done = any(each["outcome"] == "done" for each in its)
            here = body["attempt"] in history.placements
            told = not done or here or history.stops[body["attempt"]]
            result.expect(told, f"decision {row['id']} is recorded as done, and there was never a Placement")
            result.expect(done or not here, f"decision {row['id']} took effect, which is not recorded")
    for attempt in stopped:
        result.expect(history.stops[attempt], f"attempt {attempt} was told to stop without a decision")
    result.expect(history.told["outbox"] == 0, f"{history.told['outbox']} orders are left in the outbox")
    return result


def gangs_are_whole(history):
    """A gang that succeeded had all of its workers, each succeeded; a part of a gang ran only where it was ended."""
    result = Result("gangs are whole or not at all")
    phases = defaultdict(lambda: defaultdict(set))
    for event in history.of("Pod"):
        if event["type"] == "PUT":
            phases[event["attempt"]][event["rank"]].add(event["phase"])
    for attempt, row in history.attempts.items():
        seats, its = history.seats(attempt), phases[attempt]
        result.expect(its.keys() <= seats.keys(), f"attempt {attempt} has pods {sorted(its)} for seats {sorted(seats)}")
        won = history.outcome(attempt) == "Succeeded"
        all_done = its.keys() == seats.keys() and all("Succeeded" in each for each in its.values())
        result.expect(not won or (all_done and its), f"attempt {attempt} succeeded without all of its workers")
        ended = row["state"] not in LIVE
        result.expect(
            ended or its.keys() in (set(), seats.keys()), f"attempt {attempt} is left with a part of its gang"
        )
    return result


def nothing_is_left(history):
    """When all is quiet nothing runs: no pod, no Placement, no live attempt."""
    result = Result("nothing is left when all is quiet")
    result.expect(history.told["quiet"], "it did not become quiet")
    last = {event["key"]: event for event in history.events if event["kind"] != "TrainingJob"}
    for key, event in last.items():
        result.expect(event["type"] == "DELETE", f"{key} is left")
    for row in history.ledger["attempts"]:
        result.expect(row["state"] not in LIVE, f"attempt {row['id']} is left {row['state']}")
    return result
