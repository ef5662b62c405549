from django.db import migrations

INDEX = """
CREATE INDEX embedding_hnsw_minilm ON archive_embedding
USING hnsw ((vector::halfvec(384)) halfvec_cosine_ops) WITH (m = {m}, ef_construction = {ef})
WHERE model = 'local/all-MiniLM-L6-v2'
"""
DROP = "DROP INDEX embedding_hnsw_minilm;"


class Migration(migrations.Migration):
    """More links a vector: the hundred nearest are found nearly as by an exact scan (docs/benchmarks.md)."""

    dependencies = [("archive", "0005_title_trigrams")]

    operations = [
        migrations.RunSQL(DROP + INDEX.format(m=24, ef=128), DROP + INDEX.format(m=16, ef=64)),
    ]
