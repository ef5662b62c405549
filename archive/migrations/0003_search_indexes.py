from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("archive", "0002_postings_and_raw_records")]

    operations = [
        migrations.RunSQL(
            # One partial HNSW index for each embedding model, on the cast that archive/search.py asks for.
            """
            CREATE INDEX embedding_hnsw_minilm ON archive_embedding
            USING hnsw ((vector::halfvec(384)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 64)
            WHERE model = 'local/all-MiniLM-L6-v2'
            """,
            "DROP INDEX embedding_hnsw_minilm",
        ),
        migrations.RunSQL(
            # Postings are read far more often than written: no time is spent on unpacking them.
            "ALTER TABLE archive_posting ALTER COLUMN entries SET STORAGE EXTERNAL",
            "ALTER TABLE archive_posting ALTER COLUMN entries SET STORAGE EXTENDED",
        ),
    ]
