"""PostgreSQL as Django has it, but for one thing: a broken connection in the pool renews all the broken ones.

psycopg's pool tries its broken connections one after the other, with a pause before each that doubles: after
a restart of the server, four of them make a request wait ten seconds and fail. Here it waits one, and goes
through.
"""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """The wrapper that Django finds under settings.DATABASES's ENGINE."""

    @property
    def pool(self) -> Any:
        pool = super().pool
        if pool:
            pool._check = check_or_renew  # Django leaves no other way to name it
        return pool


def check_or_renew(connection: Connection) -> None:
    """Raises where the connection is broken, once the pool has got rid of all that are."""
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        if connection._pool is not None:
            connection._pool.check()  # type: ignore[attr-defined]
        raise
