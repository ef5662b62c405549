from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Questions that are here already get this moment: nobody has asked by it before."""

    dependencies = [("qa", "0013_ask_keys")]

    operations = [
        migrations.AddField(
            model_name="question",
            name="changed_at",
            field=models.DateTimeField(
                db_default=Now(),
                editable=False,
                help_text="When its answer was last published, taken down or marked: harvesters ask by it.",
            ),
        ),
        migrations.AddIndex(
            model_name="question",
            index=models.Index(
                condition=models.Q(("published_at__isnull", False)),
                fields=["changed_at", "id"],
                name="question_changed",
            ),
        ),
    ]
