"""Asking a question and doing what a worker does, in the test's own process."""

from collections.abc import Callable

from qa import pipeline, runs
from qa.models import AnswerRun, Question
from qa.submission import submit_question
from tests.fakes import Reply

ON_TOPIC = "How do quantum diffusion models compare with classical ones for image generation?"
OFF_TOPIC = "Which spices go into a traditional Moroccan lamb stew?"


def ask(text: str = ON_TOPIC) -> Question:
    return submit_question(text, asker="test").question


def run_once(question: Question) -> AnswerRun:
    """What a worker does with the message about a question's open run."""
    lease = runs.claim(question.runs.open().get().pk)
    assert lease
    pipeline.answer(lease)
    question.refresh_from_db()
    return AnswerRun.objects.get(pk=lease.run.pk)


def scripted(*replies: Reply) -> Callable[..., Reply]:
    """These replies in turn, the last one for ever."""
    left = list(replies)
    return lambda call: left.pop(0) if len(left) > 1 else left[0]
