import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0010_map_of_the_archive"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deletion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=16)),
                ("source_id", models.CharField(max_length=255)),
                ("datestamp", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ServerTurn",
            fields=[
                (
                    "place",
                    models.CharField(
                        help_text="Host and port.", max_length=255, primary_key=True, serialize=False
                    ),
                ),
                ("next_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="preprint",
            name="preprint_doi",
        ),
        migrations.AddField(
            model_name="harvestrun",
            name="listed",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Records of the list since it was begun last."
            ),
        ),
        migrations.AddField(
            model_name="harvestrun",
            name="refusals",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="Times in a row that the server would not go on from this position.",
            ),
        ),
        migrations.AddIndex(
            model_name="preprint",
            index=models.Index(django.db.models.functions.text.Upper("doi"), name="preprint_doi"),
        ),
        migrations.AddConstraint(
            model_name="deletion",
            constraint=models.UniqueConstraint(
                fields=("source", "source_id"), name="deletion_one_per_source_record"
            ),
        ),
    ]
