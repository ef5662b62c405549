"""The pool of database connections, after all of them were cut."""

import threading

import psycopg
import pytest
from django.db import connection, connections

pytestmark = pytest.mark.django_db(transaction=True)

HELD_AT_ONCE = 6


def test_pool_of_broken_connections_serves_the_next_request() -> None:
    """Six broken ones: psycopg's own way would pause 1, 2, 4 and 8 s, and give up after 10."""
    together = threading.Barrier(HELD_AT_ONCE)
    backends: list[int] = []

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.append(cursor.fetchone()[0])
            together.wait()
        connection.close()

    in_threads(hold, HELD_AT_ONCE)
    assert len(set(backends)) == HELD_AT_ONCE
    params = connections["default"].get_connection_params()
    wanted = {key: params[key] for key in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**wanted, autocommit=True) as killer:
        for backend in backends:
            assert killer.execute("SELECT pg_terminate_backend(%s)", [backend]).fetchone() == (True,)

    answers: list[int] = []

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            answers.append(cursor.fetchone()[0])
        connection.close()

    in_threads(ask, 1)
    assert answers == [1]


def in_threads(work, count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
