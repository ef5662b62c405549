"""What the page of a published answer shows, in a number of queries that does not grow with the answer."""

from collections import Counter
from dataclasses import dataclass, field

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.urls import reverse

from qa.metadata import answer_metadata
from qa.models import Answer, Citation, FollowUp, Opinion, Question, Source
from qa.views.links import answer_alternates

UNREAD = [f"preprint__{name}" for name in ("search_vector", "abstract", "versions", "comments")]
VERDICTS = Citation.Verdict.values  # the best first; a source's sentences are shown in this order


@dataclass
class Evidence:
    """A sentence of a source, and the statements (by position) that rest on it."""

    citation: Citation
    opinions: tuple[tuple[str, str], ...]  # a second model's name, and what it says in words
    positions: list[int] = field(default_factory=list)


@dataclass
class SourceEntry:
    """A source as the list shows it: once, with every sentence that the answer rests on."""

    source: Source
    evidence: list[Evidence] = field(default_factory=list)


def list_sources(answer: Answer) -> list[SourceEntry]:
    """Cited ones first, each by its number; two queries."""
    rows = answer.sources.select_related("preprint").defer(*UNREAD)
    entries = {source.pk: SourceEntry(source) for source in rows.order_by("-is_cited", "number")}
    citations = answer.citations.filter(statement__is_dropped=False).select_related("statement")
    seen: dict[tuple[object, ...], Evidence] = {}
    said = Opinion.objects.filter(citations=OuterRef("pk")).order_by("pk")
    opinions = ArraySubquery(said.values(said=JSONObject(model="model_named", verdict="verdict")))
    for citation in citations.annotate(said=opinions).order_by("statement__position", "position"):
        named = tuple((one["model"], Opinion.Verdict(one["verdict"]).label) for one in citation.said)
        key = (citation.source_id, citation.evidence, citation.verdict, named)
        if key not in seen:
            seen[key] = Evidence(citation, named)
            entries[citation.source_id].evidence.append(seen[key])
        seen[key].positions.append(citation.statement.position)
    for entry in entries.values():
        entry.evidence.sort(key=lambda one: VERDICTS.index(one.citation.verdict))
    return list(entries.values())


def count_verdicts(entries: list[SourceEntry]) -> list[tuple[str, int]]:
    """How many citations on the page have each verdict, the best first; those that none has are left out."""
    counts: Counter[str] = Counter()
    for entry in entries:
        for evidence in entry.evidence:
            counts[evidence.citation.verdict] += len(evidence.positions)
    return [(verdict.label, counts[verdict]) for verdict in Citation.Verdict if counts[verdict]]


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
    cited = [entry.source.preprint for entry in entries if entry.source.is_cited]
    versions = Answer.objects.readable().filter(question=question)
    return {
        "question": question,
        "answer": answer,
        "metadata": answer_metadata(question, answer, cited),
        "alternates": answer_alternates(question),
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
        "search_settings": answer.retrieval.get("settings", {}),
        "verdicts": count_verdicts(entries),
    }
