"""The ledger never refuses what the planner decides: caps, one live attempt a job, the state of each attempt."""

import itertools
import random
from collections import Counter

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st
from parties import Parties
from psycopg import sql

NAMES = itertools.count()
CYCLES = 12


def test_nothing_that_is_decided_is_refused(plane, template):
    """Whatever happens around it; and enough of every kind is decided for that to mean something."""
    decided = Counter()

    @settings(max_examples=20, derandomize=True)
    @given(seed=st.integers(0, 2**32))
    def follow(seed):
        name = f"recorded_{next(NAMES)}"
        with psycopg.connect(plane.database_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        parties = Parties(plane.database_url.rpartition("/")[0] + f"/{name}", random.Random(seed))  # noqa: S311
        try:
            parties.begin()
            for _ in range(CYCLES):
                parties.happen()
                assert [] == parties.cycle()
            assert [] == parties.noticed_again()
            decided.update(parties.decided())
        finally:
            parties.close()
            with psycopg.connect(plane.database_url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    follow()
    assert {"Admit", "Preempt", "Rise", "Fall", "Renew", "Refuse", "End", "Expire"} <= decided.keys()
