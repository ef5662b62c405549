import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("archive", "0004_withdrawn_count")]

    operations = [
        migrations.AddIndex(
            model_name="preprint",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["title"], name="preprint_title_trigrams", opclasses=["gin_trgm_ops"]
            ),
        ),
    ]
