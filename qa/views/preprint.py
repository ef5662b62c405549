"""A preprint's page with the questions that cite it, and the way there from every identifier people use."""

from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import conditional
from archive.identifiers import Identifier, parse
from archive.models import Preprint
from archive.search import similar_to
from qa.caching import tag
from qa.conditions import preprint_validators
from qa.metadata import preprint_metadata
from qa.models import Answer, Citation, Question, Source
from qa.views.links import link_preprint, preprint_alternates

SIMILAR = 5
CITING_QUESTIONS = 20


@dataclass
class CitingQuestion:
    """A published question that cites the preprint, and the citations whose sentences it rests on."""

    question: Question
    citations: list[Citation] = field(default_factory=list)


def find_preprint(identifier: Identifier) -> Preprint | None:
    """The preprint that an identifier of this site, an arXiv id or a DOI names."""
    if identifier.kind == "own":
        return Preprint.objects.filter(identifier=identifier.value).first()
    if identifier.kind == "arxiv":
        return Preprint.objects.filter(source="arxiv", source_id=identifier.value).first()
    return Preprint.objects.filter(doi__iexact=identifier.value).order_by("pk").first()


def published_citations(preprint: Preprint) -> QuerySet[Citation]:
    """What published answers rest on in this preprint, newest questions first."""
    return (
        Citation.objects.filter(
            source__preprint=preprint,
            statement__is_dropped=False,
            answer__published_for__in=Question.objects.published(),
        )
        .select_related("answer__question", "source")
        .order_by("-answer__question__published_at", "statement__position", "position")
    )


def newest_citing(preprint: Preprint) -> QuerySet[Question]:
    """The newest published questions that cite the preprint, and one more where there are more to show."""
    cites = Source.objects.filter(answer=OuterRef("published_answer"), is_cited=True, preprint=preprint)
    citing = Question.objects.published().filter(Exists(cites))
    return citing.order_by("-published_at", "-pk")[: CITING_QUESTIONS + 1]


def group_by_question(citations: QuerySet[Citation]) -> list[CitingQuestion]:
    """One entry a question, each sentence once."""
    entries: dict[int, CitingQuestion] = {}
    seen: set[tuple[int, str]] = set()
    for citation in citations:
        question = citation.answer.question
        entry = entries.setdefault(question.pk, CitingQuestion(question))
        if (question.pk, citation.evidence) not in seen:
            seen.add((question.pk, citation.evidence))
            entry.citations.append(citation)
    return list(entries.values())


def highlighted_citation(request: HttpRequest, preprint: Preprint) -> Citation | None:
    """The citation of ?highlight=, if an answer that anybody may read, of whatever version, rests on it."""
    wanted = request.GET.get("highlight", "")
    if not wanted.isdecimal() or len(wanted) > 18:
        return None
    shown = Citation.objects.filter(
        source__preprint=preprint, statement__is_dropped=False, answer__in=Answer.objects.readable()
    )
    return shown.exclude(evidence="").select_related("source").filter(pk=int(wanted)).first()


def find_evidence(citation: Citation, preprint: Preprint) -> list[tuple[int, int]]:
    """Where the sentence stands in the present abstract: where it stood, or elsewhere, or nowhere."""
    start = citation.evidence_start
    if preprint.abstract[start : citation.evidence_end] != citation.evidence:
        start = preprint.abstract.find(citation.evidence)
    return [(start, start + len(citation.evidence))] if start >= 0 else []


@require_safe
@conditional(preprint_validators)
def preprint(request: HttpRequest, identifier: str) -> HttpResponse:
    """The page at the preprint's own identifier; every other name of it redirects there for good."""
    named = parse(identifier)
    found = find_preprint(named) if named else None
    if found is None:
        raise Http404
    if identifier != found.identifier:
        return HttpResponsePermanentRedirect(found.get_absolute_url())
    authors = list(found.authors.order_by("position"))
    newest = published_citations(found).filter(answer__question__in=newest_citing(found).values("pk"))
    citing = group_by_question(newest)
    citation = highlighted_citation(request, found)
    spans = find_evidence(citation, found) if citation else []
    context = {
        "canonical": found.get_absolute_url(),
        "preprint": found,
        "authors": authors,
        "spans": spans,
        "lost": citation if citation and not spans else None,
        "citing": citing[:CITING_QUESTIONS],
        "cites_more": len(citing) > CITING_QUESTIONS,
        "similar": [] if found.is_withdrawn else similar_to(found, limit=SIMILAR),
        "metadata": preprint_metadata(found, authors),
        "alternates": preprint_alternates(found),
    }
    response = keep_public(render(request, "archive/preprint.html", context))
    tag(response, questions=[entry.question.slug for entry in citing], preprints=[found.identifier])
    return link_preprint(response, found, authors)
