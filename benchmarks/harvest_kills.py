"""Harvests real records from a failing server through kills: the archive must hold each once, under one
identifier.

    python benchmarks/harvest_kills.py [RECORDS] [KILLS] [SEED]

20,000 records and 5 kills unless told otherwise. Wants SECRET_KEY and a DATABASE_URL whose role may create
databases: the archive is a scratch database, removed afterwards. Ends with 1 where anything was lost.
"""

import os
import random
import sys
import time
from datetime import date, datetime
from urllib.parse import urlsplit, urlunsplit

from collections_in_archive import DATA, scratch_archive
from django.db import connection

from archive.models import HarvestRun, Preprint, SetAsideRecord
from tests.archive.killed_harvest import KilledHarvest
from tests.archive.real_server import RealServer, ids_of, read_real_records

PAGE = 500
CHANGED_ON = date(2025, 6, 1)


def main(count: int, kills: int, seed: int) -> bool:
    records = read_real_records(DATA, count)
    gone = set(ids_of(records, count // 100, seed=seed))
    with RealServer(records, page_size=PAGE, fault_rate=0.1, seed=seed) as server, scratch_archive():
        for source_id in gone:
            server.remove(source_id, day=date(2024, 2, 1))
        harvest = KilledHarvest(server, scratch_url())
        begun = time.monotonic()
        is_kept = kill_it(harvest, kills, count=count, seed=seed)
        print(harvest.finish())
        print(f"{time.monotonic() - begun:.0f} s in all, faults made: {server.made}")
        expected = set(records) - gone
        is_whole = report(expected)
        is_only_changed = second_harvest(harvest, count // 200, seed=seed)
        return is_kept and is_whole and report(expected) and is_only_changed


def scratch_url() -> str:
    address = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))


def kill_it(harvest: KilledHarvest, kills: int, *, count: int, seed: int) -> bool:
    """Kills it once in each of equal parts of the whole, at a random moment of it.

    Returns whether every identifier stayed, and every kill met it at work.
    """
    moments, minted, is_kept = random.Random(seed), dict[str, str](), True
    part = 0.9 * count / kills  # nobody can kill what is through
    for number in range(kills):
        wanted = (number + moments.random()) * part
        kill = harvest.kill_when(
            lambda wanted=wanted: Preprint.objects.count() >= wanted, seconds=moments.random() / 2
        )
        now = dict(Preprint.objects.values_list("source_id", "identifier"))
        run = HarvestRun.objects.get()
        is_at_work = run.finished_at is None
        is_kept = is_kept and is_at_work and minted.items() <= now.items()
        minted = now
        place = run.position or "the beginning"
        print(f"killed {kill.pid} (ended with {kill.returncode}) at {place}: {len(now):,} preprints")
    return is_kept


def report(expected: set[str]) -> bool:
    found = dict(Preprint.objects.values_list("source_id", "identifier"))
    lost, extra = expected - set(found), set(found) - expected
    doubled = len(found) - len(set(found.values()))
    print(
        f"{len(found):,} preprints of {len(expected):,}: {len(lost)} lost, {len(extra)} too many, "
        f"{doubled} identifiers doubled, {SetAsideRecord.objects.count()} set aside"
    )
    return not (lost or extra or doubled)


def second_harvest(harvest: KilledHarvest, changes: int, *, seed: int) -> bool:
    """Changes some records at the server and harvests again; whether those moved, and no others."""
    ids = Preprint.objects.available().order_by("source_id").values_list("source_id", flat=True)
    changed = random.Random(seed).sample(list(ids), 2 * changes)
    for source_id in changed[:changes]:
        xml = harvest.server.stamped[source_id][1].replace("<title>", "<title>Revised: ")
        harvest.server.put(source_id, xml, day=CHANGED_ON)
    for source_id in changed[changes:]:
        harvest.server.remove(source_id, day=CHANGED_ON)
    before, pages = identifiers_and_moments(), harvest.server.served
    print(f"second harvest, {changes} records revised and {changes} deleted: {harvest.finish()}")
    after = identifiers_and_moments()
    moved = {source_id for source_id in before | after if before.get(source_id) != after.get(source_id)}
    renamed = {source_id for source_id in moved if before[source_id][0] != after[source_id][0]}
    withdrawn = set(Preprint.objects.exclude(withdrawn_on=None).values_list("source_id", flat=True))
    is_right = moved == set(changed) and withdrawn >= set(changed[changes:]) and not renamed
    which = "those that were changed" if is_right else "NOT those that were changed"
    print(f"{len(moved)} preprints moved, {which}; pages served: {harvest.server.served - pages}")
    return is_right


def identifiers_and_moments() -> dict[str, tuple[str, datetime]]:
    """Of each preprint its identifier and when it last changed."""
    rows = Preprint.objects.values_list("source_id", "identifier", "updated_at")
    return {source_id: (identifier, moment) for source_id, identifier, moment in rows}


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(0 if main(*(given + [20_000, 5, 1][len(given) :])) else 1)
