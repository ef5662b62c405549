"""What the page of a published answer shows, in a number of queries that does not grow with the answer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.urls import reverse

from archive.models import Author
from qa.checking import WORD_FOR_WORD
from qa.metadata import Shown, answer_metadata, summary_line
from qa.models import Answer, Citation, FollowUp, Opinion, Question, Source
from qa.views.links import answer_alternates

UNREAD = [f"preprint__{name}" for name in ("search_vector", "abstract", "versions", "comments")]
NAMED_AUTHORS = 10  # of a source, in structured data: a collaboration's list is on its own page
VERDICTS = Citation.Verdict.values  # the best first; a source's sentences are shown in this order


@dataclass
class Evidence:
    """A sentence of a source, and the statements (by position) that rest on it."""

    citation: Citation
    opinions: tuple[tuple[str, str], ...]  # a second model's name, and what it says in words
    positions: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # of all these statements, each once
    support: float = 1.0  # of the statement that it carries least

    @property
    def is_verbatim(self) -> bool:
        """Whether nothing more is to be said than that these words are the source's own."""
        return self.reasons == [WORD_FOR_WORD]

    def add(self, citation: Citation) -> None:
        """Takes in one more statement that rests on this sentence."""
        self.positions.append(citation.statement.position)
        self.reasons += [reason for reason in citation.reasons if reason not in self.reasons]
        self.support = min(self.support, citation.score)


@dataclass
class SourceEntry:
    """A source as the list shows it: once, with every sentence that the answer rests on."""

    source: Source
    evidence: list[Evidence] = field(default_factory=list)


def shown_citations(answer: Answer) -> list[Citation]:
    """The citations of the statements on the page, in their order, each with what other models `said`."""
    said = Opinion.objects.filter(citations=OuterRef("pk")).order_by("pk")
    opinions = ArraySubquery(said.values(said=JSONObject(model="model_named", verdict="verdict")))
    citations = answer.citations.filter(statement__is_dropped=False).select_related("statement")
    return list(citations.annotate(said=opinions).order_by("statement__position", "position"))


def list_sources(answer: Answer, citations: Sequence[Citation]) -> list[SourceEntry]:
    """Cited ones first, each by its number, with what the answer rests on in it; one query.

    Each brings the first `names` of its authors.
    """
    authors = Author.objects.filter(preprint=OuterRef("preprint")).order_by("position")
    rows = answer.sources.select_related("preprint").defer(*UNREAD)
    rows = rows.annotate(names=ArraySubquery(authors.values("name")[:NAMED_AUTHORS]))
    entries = {source.pk: SourceEntry(source) for source in rows.order_by("-is_cited", "number")}
    seen: dict[tuple[object, ...], Evidence] = {}
    for citation in citations:
        said = citation.said  # type: ignore[attr-defined]
        named = tuple((one["model"], Opinion.Verdict(one["verdict"]).label) for one in said)
        key = (citation.source_id, citation.evidence, citation.verdict, named)
        if key not in seen:
            seen[key] = Evidence(citation, named)
            entries[citation.source_id].evidence.append(seen[key])
        seen[key].add(citation)
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
    shown = FollowUp.objects.shown().filter(answer=answer)
    return [{"text": follow_up.text, "target": follow_up.answered_by()} for follow_up in shown]


def gather_shown(answer: Answer, entries: Sequence[SourceEntry], citations: Sequence[Citation]) -> Shown:
    """What metadata tell of the answer; one query for its statements, those without a citation included."""
    identifiers = {entry.source.pk: entry.source.preprint.identifier for entry in entries}
    markers: dict[int, list[str]] = {}
    for citation in citations:
        markers.setdefault(citation.statement.position, []).append(identifiers[citation.source_id])
    return Shown(
        statements=list(answer.statements.filter(is_dropped=False).order_by("position")),
        markers=markers,
        cited=[
            (entry.source.preprint, entry.source.names)  # type: ignore[attr-defined]
            for entry in entries
            if entry.source.is_cited
        ],
    )


def answer_context(question: Question, answer: Answer) -> dict[str, object]:
    """Everything on the page: six queries beyond the question's own."""
    citations = shown_citations(answer)
    entries = list_sources(answer, citations)
    shown = gather_shown(answer, entries, citations)
    versions = Answer.objects.readable().filter(question=question)
    return {
        "question": question,
        "answer": answer,
        "metadata": answer_metadata(question, answer, shown),
        "summary": summary_line(answer, shown),
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
