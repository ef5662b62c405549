"""Recorded answers looked at again with today's checks and gate: what would change, kept beside the answer.

No model is asked, and no answer or state is changed: what follows from a re-check is a curator's decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from archive.embeddings import Embedder
from qa.checking import CheckedCitation, CheckedDraft, CheckSource, check_draft, read_invalid
from qa.gating import GateDecision, decide
from qa.markup import find_markers, find_markup
from qa.models import Answer, Citation, CitationRecheck, Opinion, Recheck, Statement
from qa.statements import Draft, DraftSection, DraftStatement, markup_problems


@dataclass(frozen=True)
class Change:
    """A citation whose verdict or flags are others today."""

    citation: Citation
    now: CheckedCitation


@dataclass(frozen=True)
class Rechecked:
    """An answer with what today's checks and gate say of it."""

    answer: Answer
    checked: CheckedDraft
    decision: GateDecision
    has_new_text: bool

    @property
    def pairs(self) -> Iterator[tuple[Citation, CheckedCitation]]:
        """Each citation as it is recorded, and as it would be today."""
        for statement, now in zip(self.answer.statements.all(), self.checked.statements, strict=True):
            by_number = {citation.source: citation for citation in now.citations}
            for citation in statement.citations.all():
                yield citation, by_number[citation.source.number]

    @property
    def changes(self) -> list[Change]:
        """The citations that would be judged otherwise."""
        return [
            Change(citation, now)
            for citation, now in self.pairs
            if (citation.verdict, sorted(citation.flags)) != (now.verdict, sorted(now.flags))
        ]

    @property
    def turns(self) -> str:
        """ "hold" for a published answer that would be held today, "publish" for the other way round."""
        is_public = self.answer.state in (Answer.State.PUBLISHED, Answer.State.SUPERSEDED)
        if is_public and not self.decision.publish:
            return "hold"
        return "publish" if self.decision.publish and self.answer.state == Answer.State.HELD else ""


def with_evidence(answers: QuerySet[Answer]) -> QuerySet[Answer]:
    """Answers with all that a re-check reads, in a number of queries that does not grow with them."""
    citations = Citation.objects.select_related("source__preprint").prefetch_related("opinions")
    citations = citations.order_by("position")
    statements = Statement.objects.order_by("position").prefetch_related(Prefetch("citations", citations))
    return answers.select_related("question").prefetch_related(
        Prefetch("statements", statements), "sources__preprint"
    )


def recheck(answer: Answer, *, embedder: Embedder) -> Rechecked:
    """Today's checks and gate on an answer of `with_evidence`. Raises EmbedderUnavailable."""
    sources = [
        CheckSource(row.number, row.preprint.identifier, row.preprint.title, row.preprint.abstract)
        for row in answer.sources.all()
    ]
    draft = read_draft(answer)
    checked = check_draft(
        draft,
        sources,
        question=answer.question.text,
        is_quotation=answer.is_quotation,
        embedder=embedder,
    )
    has_new_text = any(row.text_hash != row.preprint.text_hash for row in answer.sources.all())
    decision = decide(
        draft,
        checked,
        is_quotation=answer.is_quotation,
        contradicted=find_contradicted(answer, checked),
    )
    return Rechecked(answer, checked, decision, has_new_text)


def read_draft(answer: Answer) -> Draft:
    """The draft that an answer was recorded from, as far as its rows tell.

    A source number that named nothing has no row; the statement's recorded reasons tell it.
    """
    sections = []
    for _, group in groupby(answer.statements.all(), key=lambda statement: statement.section):
        rows = list(group)
        sections.append(DraftSection(rows[0].heading or None, [read_statement(row) for row in rows]))
    return Draft(
        verdict=answer.verdict,
        sections=sections,
        limits=answer.limits,
        gap=answer.gap,
        problems=markup_problems(sections, gap=answer.gap, limits=answer.limits),
    )


def read_statement(row: Statement) -> DraftStatement:
    """A recorded statement as the checks take it."""
    problems = [*find_markup(row.text), *(["source marker"] if find_markers(row.text) else [])]
    numbers = tuple(citation.source.number for citation in row.citations.all())
    return DraftStatement(row.text, numbers, row.is_bullet, read_invalid(row.reasons), tuple(problems))


def find_contradicted(answer: Answer, checked: CheckedDraft) -> list[str]:
    """The statements that a page would show and that CHECK_MODEL once found contradicted by a text that they
    cite, and that is the same today.
    """
    return [
        row.text
        for row, now in zip(answer.statements.all(), checked.statements, strict=True)
        if not now.is_dropped
        and any(
            opinion.verdict == Opinion.Verdict.CONTRADICTED
            for citation in row.citations.all()
            if citation.source.text_hash == citation.source.preprint.text_hash
            for opinion in citation.opinions.all()
        )
    ]


@transaction.atomic
def keep(found: Rechecked) -> Recheck:
    """Stores a re-check as new rows beside the answer."""
    kept = Recheck.objects.create(
        answer=found.answer,
        would_publish=found.decision.publish,
        reasons=found.decision.reasons,
        dropped=[
            statement.position
            for statement, now in zip(found.answer.statements.all(), found.checked.statements, strict=True)
            if now.is_dropped
        ],
        has_new_text=found.has_new_text,
    )
    CitationRecheck.objects.bulk_create(
        CitationRecheck(
            recheck=kept,
            citation=citation,
            verdict=now.verdict,
            flags=now.flags,
            score=now.score,
            evidence=now.evidence,
            evidence_start=now.evidence_start,
            evidence_end=now.evidence_end,
            preprint_version=citation.source.preprint.version,
            reasons=now.reasons,
        )
        for citation, now in found.pairs
    )
    return kept
