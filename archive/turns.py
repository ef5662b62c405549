"""Gateway: whose turn it is to ask a server, one row a server: all processes together keep its pace."""

from django.db import connection

# The row's lock lets one process at a time look and move it on; all by the database's own clock.
TAKE = """
INSERT INTO archive_serverturn AS turn (place, next_at)
VALUES (%(place)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (place) DO UPDATE SET next_at = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE turn.next_at <= clock_timestamp()
RETURNING place
"""
PUT_OFF = """
INSERT INTO archive_serverturn AS turn (place, next_at)
VALUES (%(place)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (place) DO UPDATE SET next_at = greatest(turn.next_at, excluded.next_at)
"""
LEFT = "SELECT extract(epoch FROM next_at - clock_timestamp()) FROM archive_serverturn WHERE place = %s"


def take_turn(place: str, seconds: float) -> float:
    """Takes the turn to ask a server, so that the next one comes so many seconds later, and gives 0; or gives
    the seconds until there is a turn.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"place": place, "seconds": seconds})
        if cursor.fetchone():
            return 0.0
        cursor.execute(LEFT, [place])
        return max(0.01, float(cursor.fetchone()[0]))


def put_off(place: str, seconds: float) -> None:
    """Lets nobody ask a server for so many seconds."""
    with connection.cursor() as cursor:
        cursor.execute(PUT_OFF, {"place": place, "seconds": seconds})
