"""Checks of what is counted: caps, accounts, charges, and the verifier's own word. Pure.

In: a :class:`histories.History`. Out: a :class:`histories.Result` for each promise.
"""

from collections import Counter

from histories import Result

WHOLE = 1000


def caps_are_held(history):
    """What a member runs at once never crosses its cap; reservations and postings never cross a window's ceiling."""
    result = Result("caps are held at every moment")
    for member, ceiling in history.told["atOnceMilliH100e"].items():
        for event, now in history.running():
            if event["key"] in now and history.attempts.get(event["attempt"], {}).get("member") == member:
                used = sum(_worth(history, each, member) for each in now.values())
                result.expect(used <= ceiling, f"at {event['revision']} {member} runs {used} mH100e, over {ceiling}")
    ceilings = {row["account"]: row["amount"] for row in history.ledger["facts"] if row["kind"] == "CapSet"}
    used, amounts = Counter(), {row["id"]: row["body"]["amount"] for row in history.ledger["transfers"]}
    for row in sorted(history.ledger["transfers"], key=lambda row: row["sequence"]):
        body = row["body"]
        if body["purpose"] != "cap":
            continue
        used[body["debit"]] += body["amount"] - (amounts[body["pending"]] if "pending" in body else 0)
        over = used[body["debit"]] > ceilings.get(body["debit"], -1)
        result.expect(
            not over, f"transfer {row['id']} takes {body['debit']} to {used[body['debit']]}, over its ceiling"
        )
    return result


def _worth(history, pod, member):
    attempt = history.attempts.get(pod["attempt"])
    if attempt is None or attempt["member"] != member:
        return 0
    gpus = len(history.seats(pod["attempt"]).get(pod["rank"], {"gpus": []})["gpus"])
    return gpus * (attempt["milliH100e"] * attempt["tierThousandths"] // WHOLE)


def debits_equal_credits(history):
    """Each account is the sum of its transfers, and all debits are all credits."""
    result = Result("debits equal credits")
    debits, credited = Counter(), Counter()
    for row in history.ledger["transfers"]:
        body = row["body"]
        if body["kind"] in {"single", "post", "correction"}:
            debits[body["debit"]] += body["amount"]
            credited[body["credit"]] += body["amount"]
    for row in history.ledger["accounts"]:
        debit, credit = int(row["now"][0]), int(row["now"][1])
        sums = (debits[row["name"]], credited[row["name"]])
        result.expect((debit, credit) == sums, f"account {row['name']} says {(debit, credit)}, its transfers {sums}")
    totals = [sum(int(row["now"][side]) for row in history.ledger["accounts"]) for side in (0, 1)]
    result.expect(totals[0] == totals[1], f"all debits are {totals[0]}, all credits {totals[1]}")
    return result


def what_ran_is_charged(history):
    """What an attempt is charged is what the accepted slots say it used: no more, no less, and nobody else."""
    result = Result("what ran is what is charged")
    used = Counter()
    for row in history.ledger["slots"]:
        body = row["body"]
        hour = body["start"] - body["start"] % 3600
        for segment in body["segments"]:
            for who, share in segment["shares"]:
                if who not in {"idle", "down"}:
                    used[who, body["node"], hour] += segment["length"] * segment["mask"].bit_count() * share
    due = Counter()
    for (who, _node, _hour), milli_gpu_seconds in used.items():
        its = history.attempts.get(who)
        result.expect(its, f"a slot names {who}, which is no attempt")
        if its:
            rate = its["milliH100e"] * its["tierThousandths"] // WHOLE
            due[who] += rate * milli_gpu_seconds // WHOLE
    charged = Counter()
    for row in history.ledger["transfers"]:
        body = row["body"]
        if body["purpose"] in {"use", "tier"}:
            own = f"{history.attempts[body['attempt']]['member']}/use"
            charged[body["attempt"]] += body["amount"] * ((body["debit"] == own) - (body["credit"] == own))
    for attempt in due.keys() | charged.keys():
        here = f"attempt {attempt} used {due[attempt]} mHs and is charged {charged[attempt]}"
        result.expect(due[attempt] == charged[attempt], here)
    uncovered = [row for row in history.ledger["violations"] if row["kind"] == "UncoveredUse"]
    result.expect(not uncovered, f"{len(uncovered)} uses that no decision covers, such as {uncovered[:1]}")
    return result


def the_export_verifies(history):
    """`hanse audit verify` finds nothing."""
    result = Result("the export verifies", checked=sum(len(lines) for lines in history.ledger.values()))
    result.findings += history.told["audit"]
    return result
