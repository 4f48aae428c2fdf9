"""One job through the whole ledger: decided, leased, metered, posted, acted on."""

from hanse.ledger import attempts, balances, outbox, posting


def amounts(world):
    return {each.name: each.debits_posted - each.credits_posted for each in balances.read(world.operator)}


def test_an_hour_of_a_job_is_paid_by_who_used_and_credited_to_who_contributed(world):
    entry = world.admit(funding=(world.funding(7200, 10**9),))
    world.record(entry)
    assert world.grant(entry).granted
    start = world.now
    world.set_clock(start + 3600 + 900)
    world.meter("alibaba", start, {str(entry.attempt): 1000})
    world.meter("tencent", start, {"idle": 1000})
    assert [each.verdict for each in attempts.renew(world.api, "alibaba-cluster", [(entry.attempt, 1)])] == [
        attempts.Verdict.KEEP
    ]
    assert posting.post(world.operator, world.term, start).transfers == 5
    balance = amounts(world)
    gpu_hours = 2 * 3600 * 1000
    assert balance["tencent/use"] == gpu_hours * 1200 // 1000
    assert balance["alibaba/contribution-used"] == -gpu_hours
    assert balance["pool/tiers"] == -gpu_hours * 200 // 1000
    assert balance["alibaba/contribution-offered"] == balance["tencent/contribution-offered"] == -gpu_hours
    assert sum(balance.values()) == 0
    assert balances.mismatches(world.operator) == []
    orders = outbox.pending(world.operator, 10)
    outbox.done(world.operator, world.term, {order.decision: None for order in orders})
    assert outbox.pending(world.operator, 10) == []
    assert posting.post(world.operator, world.term, start) is None
