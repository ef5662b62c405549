"""What a program's question is known by when it sends it once more."""

from django.db import models
from django.utils import timezone

from qa.models.questions import Question


class AskKey(models.Model):
    """An Idempotency-Key under which a question was taken. Digests only: see qa/idempotency.py."""

    digest = models.CharField(max_length=64, unique=True, help_text="Keyed hash of the asker and the key.")
    body = models.CharField(max_length=64, help_text="Keyed hash of what was asked with it.")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="ask_keys")
    is_new = models.BooleanField(help_text="The request made the question: a repeat is told so again.")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="askkey_asked_at")]

    def __str__(self) -> str:
        return f"{self.digest[:8]} for {self.question_id}"
