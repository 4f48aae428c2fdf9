"""What agents, the ledger and auditors must agree on to the byte.

In: Python values. Out: canonical bytes, hashes, ids and signatures, and back. :mod:`~hanse.evidence.canonical` is
underneath everything; :mod:`~hanse.evidence.identity` derives ids, :mod:`~hanse.evidence.signatures` signs,
:mod:`~hanse.evidence.slots` and :mod:`~hanse.evidence.enrolments` are the two documents that members sign.
It must not know a database, a cluster or a clock, and imports nothing else of Hanse.
"""
