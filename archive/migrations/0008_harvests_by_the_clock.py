"""Spans as the server was asked for them, what a run knows of its server, and each set-aside record once."""

from django.db import migrations, models

HASH = """
UPDATE archive_setasiderecord SET raw_hash = encode(sha256(convert_to(raw, 'UTF8')), 'hex');
DELETE FROM archive_setasiderecord AS older USING archive_setasiderecord AS newer
WHERE older.source_id = newer.source_id AND older.raw_hash = newer.raw_hash AND older.id < newer.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
# Days become texts; no day becomes an empty one.
SPANS = """
ALTER TABLE archive_harvestrun
    ALTER COLUMN harvested_from TYPE varchar(20) USING coalesce(harvested_from::text, ''),
    ALTER COLUMN harvested_from SET NOT NULL,
    ALTER COLUMN harvested_until TYPE varchar(20) USING coalesce(harvested_until::text, ''),
    ALTER COLUMN harvested_until SET NOT NULL
"""
SPANS_BACK = """
ALTER TABLE archive_harvestrun
    ALTER COLUMN harvested_from DROP NOT NULL,
    ALTER COLUMN harvested_from TYPE date USING left(nullif(harvested_from, ''), 10)::date,
    ALTER COLUMN harvested_until DROP NOT NULL,
    ALTER COLUMN harvested_until TYPE date USING left(nullif(harvested_until, ''), 10)::date
"""


def span(**options):
    return models.CharField(max_length=20, blank=True, help_text="As the server was asked.", **options)


class Migration(migrations.Migration):
    dependencies = [("archive", "0007_postings_by_impact")]

    operations = [
        migrations.RunSQL(
            SPANS,
            SPANS_BACK,
            state_operations=[
                migrations.AlterField("harvestrun", "harvested_from", span()),
                migrations.AlterField("harvestrun", "harvested_until", span()),
            ],
        ),
        migrations.AddField(
            "harvestrun",
            "listed_at",
            models.DateTimeField(
                null=True,
                blank=True,
                help_text="The server's clock at the first page: the next harvest begins there.",
            ),
        ),
        migrations.AddField(
            "harvestrun",
            "announced",
            models.PositiveIntegerField(
                null=True, blank=True, help_text="Records that the server said it has for this."
            ),
        ),
        migrations.AddField(
            "harvestrun",
            "resume_at",
            models.DateTimeField(null=True, blank=True, help_text="Not to be gone on with before."),
        ),
        migrations.AddField(
            "setasiderecord",
            "tried_at",
            models.DateTimeField(null=True, blank=True, help_text="When it was last tried again."),
        ),
        migrations.AddField(
            "setasiderecord",
            "raw_hash",
            models.CharField(max_length=64, default="", help_text="SHA-256 of the text."),
            preserve_default=False,
        ),
        migrations.RunSQL(HASH, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "setasiderecord",
            models.UniqueConstraint(fields=["source_id", "raw_hash"], name="setasiderecord_once"),
        ),
    ]
