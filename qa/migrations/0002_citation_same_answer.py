"""A citation's statement and source belong to the citation's own answer: composite foreign keys, which Django has no word for."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("qa", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE qa_citation
              ADD CONSTRAINT citation_source_of_same_answer FOREIGN KEY (source_id, answer_id)
                REFERENCES qa_source (id, answer_id) DEFERRABLE INITIALLY DEFERRED,
              ADD CONSTRAINT citation_statement_of_same_answer FOREIGN KEY (statement_id, answer_id)
                REFERENCES qa_statement (id, answer_id) DEFERRABLE INITIALLY DEFERRED
            """,
            """
            ALTER TABLE qa_citation
              DROP CONSTRAINT citation_source_of_same_answer,
              DROP CONSTRAINT citation_statement_of_same_answer
            """,
        )
    ]
