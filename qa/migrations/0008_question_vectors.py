import django.db.models.deletion
import pgvector.django.halfvec
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("qa", "0007_checks_beside_answers")]

    operations = [
        migrations.AddField(
            model_name="question",
            name="searched_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When new preprints were last looked through for a standing question.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="is_listed",
            field=models.BooleanField(
                default=False,
                help_text="A curator lets it be shown among the archive's gaps while it is standing.",
            ),
        ),
        migrations.AlterField(
            model_name="answerrun",
            name="reason",
            field=models.CharField(
                choices=[
                    ("asked", "asked"),
                    ("asked_again", "asked again"),
                    ("retried", "tried again for new preprints"),
                    ("reanswer", "answered again by a curator"),
                    ("freshness", "answered again because its sources changed"),
                ],
                default="asked",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="QuestionEmbedding",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("model", models.CharField(max_length=128)),
                ("vector", pgvector.django.halfvec.HalfVectorField()),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="embeddings",
                        to="qa.question",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("question", "model"), name="questionembedding_one_per_model"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            # On the cast that qa/nearness.py asks for.
            """
            CREATE INDEX questionembedding_hnsw_minilm ON qa_questionembedding
            USING hnsw ((vector::halfvec(384)) halfvec_cosine_ops) WHERE model = 'local/all-MiniLM-L6-v2'
            """,
            "DROP INDEX questionembedding_hnsw_minilm",
        ),
    ]
