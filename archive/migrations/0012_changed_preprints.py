from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0011_harvests_that_pass_bad_places")]

    operations = [
        migrations.AddIndex(
            model_name="preprint",
            index=models.Index(fields=["updated_at", "id"], name="preprint_changed"),
        ),
    ]
