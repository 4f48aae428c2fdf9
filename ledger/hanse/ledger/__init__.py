"""The ledger in Postgres: what was decided, what every GPU did, and who owes whom, so that rivals can check it.

In: plans of the operator, lease requests and signed slots that agents send, hours to post. Out: committed rows, and
exports that anyone can verify. :mod:`~hanse.ledger.models` are the tables, `sql/` the functions through which alone
they are written, :mod:`~hanse.ledger.decisions`, :mod:`~hanse.ledger.attempts`, :mod:`~hanse.ledger.slots` and
:mod:`~hanse.ledger.posting` what the operator and the API service call; :mod:`~hanse.ledger.export` writes a period
out and :mod:`~hanse.ledger.verify` checks it, without any database. It must not talk to Kubernetes nor decide policy.
"""
