"""What becomes of a run, in one transaction under its lease: an answer with its evidence, or none."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max, Sum

from archive.search import Hit, SearchResult
from qa import publishing, runs
from qa.checking import CheckedDraft
from qa.followups import Suggestion
from qa.gating import GateDecision
from qa.models import Answer, AnswerRun, Citation, FollowUp, Opinion, Question, Source, Statement
from qa.opinions import Opinions
from qa.rendering import render_answer
from qa.runs import Lease
from qa.writing import Written

BEFORE_THE_GATE = "The gate has not decided yet."


@dataclass(frozen=True)
class Record:
    """Everything that is kept of an answer."""

    found: SearchResult
    sources: list[Hit]
    written: Written
    checked: CheckedDraft
    decision: GateDecision
    follow_ups: list[Suggestion]
    seconds: dict[str, float]
    opinions: Opinions = field(default_factory=dict)


@transaction.atomic
def record_unanswerable(lease: Lease, *, seconds: dict[str, float]) -> None:
    """The archive has nothing on it: a standing question from now on. Raises LeaseLost."""
    question = Question.objects.select_for_update().get(pk=lease.run.question_id)
    runs.finish(lease, AnswerRun.Outcome.UNANSWERABLE, seconds=seconds)
    runs.leave_without(question, Question.State.UNANSWERABLE)


@transaction.atomic
def record_answer(lease: Lease, record: Record) -> Answer:
    """The next version with all its evidence, published or held as decided. Raises LeaseLost."""
    question = Question.objects.select_for_update().get(pk=lease.run.question_id)
    outcome = AnswerRun.Outcome.PUBLISHED if record.decision.publish else AnswerRun.Outcome.HELD
    runs.finish(lease, outcome, seconds=record.seconds)
    answer = create_answer(question, lease.run, record)
    sources = create_sources(answer, record)
    create_statements(answer, record, sources)
    FollowUp.objects.bulk_create(
        FollowUp(answer=answer, position=position, text=one.text, target=one.target)
        for position, one in enumerate(record.follow_ups)
    )
    answer.html = render_answer(answer)
    answer.save(update_fields=["html"])
    if record.decision.publish:
        publishing.publish(answer)
    elif question.state == Question.State.PENDING:
        question.state = Question.State.HELD
        question.save(update_fields=["state"])
    return answer


def create_answer(question: Question, run: AnswerRun, record: Record) -> Answer:
    """The answer's own row, held for the moment."""
    spent = run.spends.aggregate(
        usd=Sum("cost_usd"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out")
    )
    draft = record.written.draft
    newest = question.answers.aggregate(version=Max("version"))["version"] or 0
    return Answer.objects.create(
        question=question,
        run=run,
        version=newest + 1,
        state=Answer.State.HELD,
        verdict=draft.verdict,
        is_quotation=record.written.is_quotation,
        gap=draft.gap,
        limits=draft.limits,
        hold_reasons=record.decision.reasons or [BEFORE_THE_GATE],
        model_requested=record.written.model,
        model_named=record.written.model_named,
        prompt_version=record.written.prompt_version,
        embedding_model=record.found.embedding_model,
        retrieval={
            "settings": record.found.settings,
            "notes": record.found.notes,
            "retrieved": list(run.retrieved),
        },
        tokens_in=spent["tokens_in"] or 0,
        tokens_out=spent["tokens_out"] or 0,
        cost_usd=spent["usd"] or 0,
        seconds=record.seconds,
        change_reason=run.change_reason,
    )


def create_sources(answer: Answer, record: Record) -> dict[int, Source]:
    """The preprints that the writer was given, by their numbers."""
    cited = {
        citation.source
        for statement in record.checked.statements
        if not statement.is_dropped
        for citation in statement.citations
    }
    sources = [
        Source(
            answer=answer,
            preprint=hit.preprint,
            number=number,
            similarity=hit.similarity,
            is_cited=number in cited,
            preprint_version=hit.preprint.version,
            text_hash=hit.preprint.text_hash,
        )
        for number, hit in enumerate(record.sources, start=1)
    ]
    return {source.number: source for source in Source.objects.bulk_create(sources)}


def create_statements(answer: Answer, record: Record, sources: dict[int, Source]) -> None:
    """Statements in their order, and for each the citations with what the checks found, and what
    CHECK_MODEL says.
    """
    checked = record.checked.statements
    statements = Statement.objects.bulk_create(
        Statement(
            answer=answer,
            position=position,
            section=one.section,
            heading=one.heading or "",
            text=one.text,
            is_bullet=one.is_bullet,
            is_dropped=one.is_dropped,
            reasons=one.reasons,
        )
        for position, one in enumerate(checked)
    )
    citations = Citation.objects.bulk_create(
        Citation(
            answer=answer,
            statement=statement,
            source=sources[citation.source],
            position=position,
            verdict=citation.verdict,
            flags=citation.flags,
            score=citation.score,
            evidence=citation.evidence,
            evidence_start=citation.evidence_start,
            evidence_end=citation.evidence_end,
            reasons=citation.reasons,
        )
        for statement, one in zip(statements, checked, strict=True)
        for position, citation in enumerate(one.citations)
    )
    found = ((record.opinions.get((one.statement.text, one.source.number)), one) for one in citations)
    Opinion.citations.through.objects.bulk_create(
        Opinion.citations.through(opinion=opinion, citation=citation)
        for opinion, citation in found
        if opinion
    )
