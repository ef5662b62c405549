from django.db import migrations
from django.db.models import Q

from qa.text_keys import make_text_key


def make_keys_again(apps, schema_editor):
    """A question that ends in " …" has the key of the one without; where both are here, both stay."""
    questions = apps.get_model("qa", "Question").objects
    for question in questions.filter(Q(text__contains="..") | Q(text__contains="…")):
        key = make_text_key(question.text)
        if not questions.filter(text_key=key).exists():
            questions.filter(pk=question.pk).update(text_key=key)


class Migration(migrations.Migration):
    dependencies = [("qa", "0008_question_vectors")]

    operations = [migrations.RunPython(make_keys_again, migrations.RunPython.noop)]
