"""Quota: the pure arithmetic of entitlement, borrowing shares, caps and charge, in exact integers.

In: numbers that the coordinator, the members' nodes and the ledger give. Out: numbers. The planner (`hanse.scheduler`)
and the ledger call it, and must agree to the last unit: nothing here rounds but by a rule that its docstring states.
It imports nothing of ours, knows no clock, and keeps no state.
"""
