"""The API service: what agents and members ask of the ledger, over HTTP.

In: requests with a bearer token. Out: JSON, errors as sentences. :mod:`~hanse.api.app` puts it together,
:mod:`~hanse.api.identity` finds out who asks, :mod:`~hanse.api.agents` answers agents and :mod:`~hanse.api.members`
members. It holds no state: any number of them may run, and each may be killed at any time. It decides nothing about
jobs; what only the leading operator knows is passed on from it (:mod:`~hanse.api.leader`).
"""
