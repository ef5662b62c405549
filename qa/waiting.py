"""Waiting with a client for news of a question: some at once, each holding a thread and nothing else."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.conf import settings
from django.db import connection

LONGEST_SECONDS = 20
LOOK_SECONDS = 0.5  # between two looks at the rows

Found = TypeVar("Found")


class Places:
    """The threads of this process that may wait: the others are kept for whoever wants an answer now."""

    def __init__(self) -> None:
        self.taken = 0
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Whether there is a place for one more; if so, the block has it."""
        with self._lock:
            has_place = self.taken < settings.STATUS_WAITS
            self.taken += has_place
        try:
            yield has_place
        finally:
            with self._lock:
                self.taken -= has_place


PLACES = Places()


def wait_for(look: Callable[[], Found], is_news: Callable[[Found, Found], bool], *, seconds: float) -> Found:
    """What `look` finds once it is news, or when the seconds are over; at once where no place is free.

    `is_news` is asked about what was found last and what was found first.
    The database connection goes back to its pool before each sleep. Not to be called in a transaction.
    """
    until = time.monotonic() + seconds
    found = first = look()
    if is_news(found, first) or not seconds:
        return found
    with PLACES.one() as has_place:
        while has_place and not is_news(found, first) and (left := until - time.monotonic()) > 0:
            connection.close()
            time.sleep(min(LOOK_SECONDS, left))
            found = look()
    return found
