"""Migrations that move rows, over rows as an older release left them."""

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.django_db


class Migrated:
    """One migration of the archive, taken back for the test and then applied again; the test undoes all."""

    def __init__(self, before: str, name: str) -> None:
        self.loader = MigrationLoader(connection)
        self.migration = self.loader.get_migration("archive", name)
        self.before = before
        with connection.schema_editor() as editor:
            self.migration.unapply(self.state, editor)

    @property
    def state(self) -> Any:
        return self.loader.project_state(("archive", self.before))

    def apply(self) -> None:
        with connection.schema_editor() as editor:
            self.migration.apply(self.state, editor)


def test_harvests_and_set_aside_records_of_an_older_release_are_kept() -> None:
    migrated = Migrated("0007_postings_by_impact", "0008_harvests_by_the_clock")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO archive_harvestrun (source, set_spec, harvested_from, harvested_until, position,
                state, created, updated, unchanged, withdrawn, set_aside, error, started_at, finished_at)
            VALUES ('a', '', '2024-01-31', NULL, '', 'done', 5, 0, 0, 0, 2, '', now(), now()),
                ('b', '', NULL, '2024-02-29', '', 'done', 0, 0, 0, 0, 0, '', now(), now())
            """
        )
        cursor.execute(
            """
            INSERT INTO archive_setasiderecord (run_id, source_id, reason, raw, created_at)
            SELECT run.id, source_id, reason, raw, now()
            FROM archive_harvestrun AS run, (VALUES ('1', 'older', 'Müller'), ('1', 'newer', 'Müller'),
                ('1', 'another text', 'Mueller'), ('2', 'another id', 'Müller'))
                AS aside (source_id, reason, raw)
            WHERE run.source = 'a'
            """
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as the end of the older release's work did
        migrated.apply()
        cursor.execute("SELECT harvested_from, harvested_until FROM archive_harvestrun ORDER BY source")
        assert cursor.fetchall() == [("2024-01-31", ""), ("", "2024-02-29")]
        cursor.execute("SELECT source_id, reason, raw_hash FROM archive_setasiderecord ORDER BY id")
        assert cursor.fetchall() == [
            ("1", "newer", sha256("Müller")),
            ("1", "another text", sha256("Mueller")),
            ("2", "another id", sha256("Müller")),
        ]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
