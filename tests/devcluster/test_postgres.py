"""PostgreSQL of a cluster, beyond what every other test rests on."""

import psycopg

from hanse.devcluster import postgres


def test_a_copy_has_what_was_there_and_goes_its_own_way_while_the_original_is_in_use(hub):
    original = postgres.create_database(hub.database_url, "original")
    with psycopg.connect(original, autocommit=True) as in_use:
        in_use.execute("CREATE TABLE said AS SELECT 'before' AS word")
        copy = postgres.copy_database(original, "the-copy")
        in_use.execute("INSERT INTO said VALUES ('after')")
        with psycopg.connect(copy) as there:
            assert [("before",)] == there.execute("SELECT word FROM said").fetchall()
