from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("archive", "0008_harvests_by_the_clock"),
    ]

    operations = [
        migrations.CreateModel(
            name="EmbeddingModel",
            fields=[
                ("name", models.CharField(max_length=128, primary_key=True, serialize=False)),
                ("dimensions", models.PositiveSmallIntegerField()),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.RunSQL(
            # The model whose vectors are here serves, also while another one's are being made.
            """
            INSERT INTO archive_embeddingmodel (name, dimensions, completed_at, created_at)
            SELECT model, max(vector_dims(vector)), now(), now() FROM archive_embedding GROUP BY model
            """,
            migrations.RunSQL.noop,
        ),
    ]
