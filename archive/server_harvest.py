"""A server's set -> the archive: the whole harvest, however often its list breaks off, and what it lacks.

One process at a time harvests a set. A run is a row: killed at any moment, it goes on after its last page.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

from archive.harvest_runs import FROM_THE_TOP, note_refusal, note_short_list, open_oai_run, reopen
from archive.harvesting import find_present, harvest
from archive.models import HarvestRun
from archive.oai import Selection, TokenExpired, identify, list_headers, list_records
from archive.oai_server import MAX_WAIT_SECONDS, HarvestError, Refused, Server
from archive.records import Header

LOCK = 0x41470002  # "AG" and a number: the first half of the advisory locks' keys, one lock a server's set
LOCK_TRIES = 5
MAX_FORGOTTEN = 5  # times in a row that a server may forget where it was, without a new record between
MAX_EXAMPLES = 10


class AlreadyHarvesting(HarvestError):
    """Another process harvests this set now."""


def harvest_set(
    url: str,
    selection: Selection,
    *,
    on_page: Callable[[HarvestRun], object] | None = None,
    is_enough: Callable[[], bool] | None = None,
    patience: float = MAX_WAIT_SECONDS,
) -> HarvestRun:
    """Harvests what a selection names, from where the last harvest of the set stopped.

    A server that forgets its resumption token is asked for the whole list again; what is known already is
    passed over. `is_enough` is asked after each page: at True the run is left open, to be gone on with.
    Raises HarvestError, with what was harvested before it kept.
    """
    with sole_harvester(url, selection.set_spec), Server(url, patience=patience) as server:
        run, selection = open_oai_run(url, selection, counts_seconds=lambda: counts_seconds(server))
        forgotten = 0
        while True:
            known = run.created + run.updated
            try:
                pages = list_records(server, selection, token=run.position)
                harvest(pages, run=run, on_page=on_page, is_enough=is_enough)
            except TokenExpired:
                forgotten = forgotten + 1 if run.created + run.updated == known else 0
                if forgotten > MAX_FORGOTTEN:
                    raise
                reopen(run, **FROM_THE_TOP)
                continue
            except Refused:
                note_refusal(run)
                raise
            if run.state == HarvestRun.State.DONE:
                note_short_list(run)
            return run


def counts_seconds(server: Server) -> bool:
    """Whether a server takes moments in from and until. Every server takes days."""
    try:
        return identify(server).counts_seconds
    except HarvestError:  # the list, asked for next, tells what is wrong, and has a run to note it in
        return False


@contextmanager
def sole_harvester(url: str, set_spec: str) -> Iterator[None]:
    """Keeps a set to one process, until it ends or dies. Raises AlreadyHarvesting."""
    key = [LOCK, zlib.crc32(f"{url} {set_spec}".encode()) - 2**31]
    with connection.cursor() as cursor:
        for _ in range(LOCK_TRIES):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
            (is_free,) = cursor.fetchone()
            if is_free:
                break
            time.sleep(1)  # a process that was just killed may be held by its last page for a moment
        else:
            raise AlreadyHarvesting(f"Another process harvests {set_spec or 'everything'} of {url} now.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


@dataclass
class Comparison:
    """How the archive stands beside a server's list of headers: ids of some records, and counts of all."""

    seen: int = 0
    missing: int = 0
    outdated: int = 0
    deleted: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, headers: tuple[Header, ...]) -> None:
        present = find_present((header.source, header.source_id) for header in headers)
        for header in headers:
            self.seen += 1
            found = present.get((header.source, header.source_id))
            lacks = found is None and not header.is_deleted
            is_gone = found is not None and header.is_deleted and not found.is_withdrawn
            is_older = (
                found is not None
                and not header.is_deleted
                and bool(header.datestamp and (not found.datestamp or found.datestamp < header.datestamp))
            )
            self.missing += lacks
            self.deleted += is_gone
            self.outdated += is_older
            if (lacks or is_gone or is_older) and len(self.examples) < MAX_EXAMPLES:
                self.examples.append(header.source_id)


def compare_set(
    url: str, selection: Selection, *, on_page: Callable[[Comparison], object] | None = None
) -> Comparison:
    """Reads a set's headers only, and changes nothing. Raises HarvestError."""
    comparison = Comparison()
    with Server(url) as server:
        for headers in list_headers(server, selection):
            comparison.add(headers)
            if on_page:
                on_page(comparison)
    return comparison
