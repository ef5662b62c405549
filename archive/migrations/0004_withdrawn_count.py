from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0003_search_indexes")]

    operations = [
        migrations.AlterField(
            model_name="harvestrun",
            name="withdrawn",
            field=models.PositiveIntegerField(default=0, help_text="Among the created and updated."),
        ),
    ]
