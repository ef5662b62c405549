"""What the page of a published answer shows, in a number of queries that does not grow with the answer."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Q
from django.http import HttpRequest
from django.urls import reverse

from qa.models import Answer, Citation, FollowUp, Question, Source

VERDICTS = Citation.Verdict.values  # the best first; a source's sentences are shown in this order


@dataclass
class Evidence:
    """A sentence of a source, and the statements (by position) that rest on it."""

    citation: Citation
    positions: list[int] = field(default_factory=list)


@dataclass
class SourceEntry:
    """A source as the list shows it: once, with every sentence that the answer rests on."""

    source: Source
    evidence: list[Evidence] = field(default_factory=list)


def list_sources(answer: Answer) -> list[SourceEntry]:
    """Cited ones first, each by its number; two queries."""
    entries = {
        source.pk: SourceEntry(source)
        for source in answer.sources.select_related("preprint").order_by("-is_cited", "number")
    }
    citations = answer.citations.filter(statement__is_dropped=False).select_related("statement")
    seen: dict[tuple[int, str, str], Evidence] = {}
    for citation in citations.order_by("statement__position", "position"):
        key = (citation.source_id, citation.evidence, citation.verdict)
        if key not in seen:
            seen[key] = Evidence(citation)
            entries[citation.source_id].evidence.append(seen[key])
        seen[key].positions.append(citation.statement.position)
    for entry in entries.values():
        entry.evidence.sort(key=lambda one: VERDICTS.index(one.citation.verdict))
    return list(entries.values())


def list_follow_ups(answer: Answer) -> list[dict[str, object]]:
    """Each with the page that answers it, or without one: then it leads to the ask form."""
    rows: list[dict[str, object]] = []
    for follow_up in FollowUp.objects.shown().filter(answer=answer):
        target = follow_up.target
        is_answered = target is not None and target.state == Question.State.PUBLISHED
        rows.append({"text": follow_up.text, "target": target if is_answered else None})
    return rows


def answer_context(question: Question, answer: Answer) -> dict[str, object]:
    """Everything on the page: six queries beyond the question's own."""
    entries = list_sources(answer)
    versions = Answer.objects.readable().filter(question=question)
    return {
        "question": question,
        "answer": answer,
        "canonical": reverse("qa:question", args=[question.slug]),
        "source_count": len(entries),
        "cited": [entry for entry in entries if entry.source.is_cited],
        "also_retrieved": [entry for entry in entries if not entry.source.is_cited],
        "withdrawn": [one.source.preprint.identifier for one in entries if one.source.preprint.is_withdrawn],
        "marks": list(answer.marks.standing()),
        "follow_ups": list_follow_ups(answer),
        "versions": list(
            versions.only("version", "published_at", "change_reason", "question_id").order_by("-version")
        ),
        "retrieval": {
            name: value for name, value in answer.retrieval.items() if not isinstance(value, list | dict)
        },
    }


def _templates_digest() -> str:
    """Changes with every template and style, so that a new release never answers 304 for an old page."""
    files = sorted(
        path for folder in ("templates", "static") for path in (settings.BASE_DIR / folder).rglob("*.*")
    )
    return hashlib.blake2b(b"".join(Path(path).read_bytes() for path in files), digest_size=6).hexdigest()


TEMPLATES_DIGEST = _templates_digest()


def answer_etag(request: HttpRequest, slug: str) -> str | None:
    """What a published page depends on, in one query; None for every other state."""
    follow_ups = "published_answer__follow_ups"
    row = (
        Question.objects.published()
        .filter(slug=slug)
        .order_by("pk")
        .values_list("published_answer_id")
        .annotate(
            sources_at=Max("published_answer__sources__preprint__updated_at"),
            answered=Count(
                follow_ups, filter=Q(**{f"{follow_ups}__target__state": "published"}), distinct=True
            ),
            versions=Count("answers", distinct=True),
            marks=ArrayAgg(
                "published_answer__marks",
                filter=Q(published_answer__marks__resolved_at=None),
                distinct=True,
                default=[],
            ),
        )
        .first()
    )
    if row is None or settings.DEBUG:
        return None
    return f'"{hashlib.blake2b(repr((TEMPLATES_DIGEST, *row)).encode(), digest_size=12).hexdigest()}"'
