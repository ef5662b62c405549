"""Questions in every state of docs/decisions/0001, with answers and evidence as the pipeline records them."""

import hashlib
from collections.abc import Sequence
from typing import Any

import factory
from django.utils import timezone

from archive.models import Preprint
from qa.models import Answer, AnswerRun, Citation, FollowUp, Question, Source, Statement
from qa.rendering import render_answer
from tests.factories import PreprintFactory

EVIDENCE = "Noise lowers it to 84.0%."  # a sentence of every abstract that PreprintFactory makes


class QuestionFactory(factory.django.DjangoModelFactory):
    """A pending question; make_published_question() and its kin make the others."""

    class Meta:
        model = Question

    text = factory.Sequence(lambda n: f"How does noise limit variational circuit number {n}?")
    text_key = factory.LazyAttribute(lambda self: hashlib.sha256(self.text.lower().encode()).hexdigest())


class AnswerRunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AnswerRun

    question = factory.SubFactory(QuestionFactory)


def retrieved(preprints: Sequence[Preprint]) -> list[dict[str, Any]]:
    """What a run notes of its search, best first."""
    return [
        {"identifier": one.identifier, "rank": rank, "similarity": round(0.7 - 0.02 * rank, 2), "score": 0.1}
        for rank, one in enumerate(preprints, start=1)
    ]


def make_finished_run(question: Question, outcome: str, preprints: Sequence[Preprint] = ()) -> AnswerRun:
    return AnswerRunFactory(
        question=question,
        state=AnswerRun.State.DONE,
        step=AnswerRun.Step.FINISHED,
        outcome=outcome,
        attempts=1,
        started_at=timezone.now(),
        finished_at=timezone.now(),
        retrieved=retrieved(preprints),
    )


def make_answer(
    question: Question,
    *,
    state: str = Answer.State.PUBLISHED,
    statements: int = 3,
    preprints: Sequence[Preprint] | None = None,
    cited: int = 2,
    **fields: Any,
) -> Answer:
    """A recorded answer: claims in sections of three, resting in turn on the first `cited` preprints."""
    preprints = PreprintFactory.create_batch(4) if preprints is None else preprints
    version = question.answers.count() + 1
    run = make_finished_run(question, "held" if state == Answer.State.HELD else "published", preprints)
    is_public = state in (Answer.State.PUBLISHED, Answer.State.SUPERSEDED)
    defaults: dict[str, Any] = {
        "verdict": Answer.Verdict.ANSWERED,
        "model_requested": "anthropic/claude-haiku-4-5",
        "model_named": "claude-haiku-4-5-20251001",
        "prompt_version": "1",
        "embedding_model": "local/all-MiniLM-L6-v2",
        "retrieval": {
            "settings": {"mode": "hybrid", "candidates": 100, "calibration": "1", "floor": 0.12},
            "notes": [],
            "retrieved": run.retrieved,
        },
        "tokens_in": 3210,
        "tokens_out": 456,
        "cost_usd": "0.005490",
        "seconds": {"search": 0.04, "write": 4.2, "check": 0.3},
        "limits": "No source reports figures for megapixel images.",
        "hold_reasons": ["A number differs from its source."] if state == Answer.State.HELD else [],
        "published_at": timezone.now() if is_public else None,
    }
    answer = Answer.objects.create(
        question=question, run=run, version=version, state=state, **{**defaults, **fields}
    )
    _add_evidence(answer, preprints, statements=statements, cited=cited)
    answer.html = render_answer(answer)
    answer.save(update_fields=["html"])
    return answer


def _add_evidence(answer: Answer, preprints: Sequence[Preprint], *, statements: int, cited: int) -> None:
    sources = [
        Source.objects.create(
            answer=answer,
            preprint=preprint,
            number=number,
            similarity=0.7 - 0.02 * number,
            is_cited=number <= cited,
            preprint_version=preprint.version,
            text_hash=preprint.text_hash,
        )
        for number, preprint in enumerate(preprints, start=1)
    ]
    for position in range(statements):
        statement = Statement.objects.create(
            answer=answer,
            position=position,
            section=position // 3,
            heading=f"Finding {position // 3 + 1}",
            text=f"Noise lowers the accuracy of circuit {position} to 84.0%.",
        )
        add_citation(statement, sources[position % cited])
    for position, text in enumerate(
        ("Which noise matters most?", "How many qubits help?", "What do codes cost?")
    ):
        FollowUp.objects.create(answer=answer, position=position, text=text)


def add_citation(statement: Statement, source: Source, **fields: Any) -> Citation:
    """That the statement rests on the sentence EVIDENCE of the source."""
    start = max(source.preprint.abstract.find(EVIDENCE), 0)
    defaults: dict[str, Any] = {
        "position": statement.citations.count(),
        "verdict": Citation.Verdict.SUPPORTED,
        "score": 0.91,
        "evidence": EVIDENCE,
        "evidence_start": start,
        "evidence_end": start + len(EVIDENCE),
    }
    return Citation.objects.create(
        answer=statement.answer, statement=statement, source=source, **{**defaults, **fields}
    )


def make_published_question(*, text: str | None = None, **answer_fields: Any) -> Question:
    """A question with a published answer; keyword arguments are those of make_answer."""
    question = QuestionFactory(text=text) if text else QuestionFactory()
    answer = make_answer(question, **answer_fields)
    question.state = Question.State.PUBLISHED
    question.published_answer = answer
    question.published_at = answer.published_at
    question.save()
    return question


def make_held_question(**answer_fields: Any) -> Question:
    question = QuestionFactory(state=Question.State.HELD)
    make_answer(question, state=Answer.State.HELD, **answer_fields)
    return question


def make_unanswerable_question(preprints: Sequence[Preprint] = ()) -> Question:
    question = QuestionFactory(state=Question.State.UNANSWERABLE)
    make_finished_run(question, AnswerRun.Outcome.UNANSWERABLE, preprints)
    return question


def make_failed_question(error: str = "The language model did not answer in time.") -> Question:
    question = QuestionFactory(state=Question.State.FAILED)
    AnswerRunFactory(
        question=question,
        state=AnswerRun.State.FAILED,
        error=error,
        error_code="deadline",
        finished_at=timezone.now(),
    )
    return question


def make_closed_question(state: str, *, reason: str = "It names a private person.") -> Question:
    """Rejected or retracted; a retracted one keeps its discarded answer."""
    question = QuestionFactory(state=state, reason=reason, closed_at=timezone.now())
    if state == Question.State.RETRACTED:
        make_answer(question, state=Answer.State.DISCARDED)
    return question


def make_merged_question(target: Question) -> Question:
    return QuestionFactory(state=Question.State.MERGED, merged_into=target, closed_at=timezone.now())
