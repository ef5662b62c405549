"""What pages say of themselves to machines: JSON-LD, Highwire tags, OpenGraph.

Search engines, reference managers and previews read it. A model is no author here: the site is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from archive import tex
from archive.citing import publisher_of
from archive.models import Author, Preprint
from archive.references import one_line, split_name
from qa.models import Answer, Question, Statement
from qa.rendering import plain_inline, put_marker

SCHEMA = "https://schema.org"
MODEL_WROTE_IT = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CARD_WIDTH, CARD_HEIGHT = 1200, 630  # pixels; what previews show whole
MAX_DESCRIPTION = 200  # characters; previews cut what is longer

Data = dict[str, Any]


class Tag(NamedTuple):
    """A <meta> of the page."""

    name: str
    content: str


@dataclass(frozen=True)
class PageMetadata:
    """What templates/includes/metadata.html puts into the head: `names` and `properties` are <meta> tags."""

    names: list[Tag]
    properties: list[Tag]
    json_ld: Data


def plain_text(text: str) -> str:
    """A title or a question without TeX's dollars: accents as letters, on one line."""
    return one_line(tex.plain_text(text))


@dataclass(frozen=True)
class Shown:
    """What a published answer's page shows of its evidence: the statements, with the identifiers that each
    cites by its position, and the preprints cited.
    """

    statements: Sequence[Statement]
    markers: Mapping[int, Sequence[str]]
    cited: Sequence[tuple[Preprint, Sequence[str]]]  # each with the names of its first authors


def _claims(answer: Answer, shown: Shown) -> Iterator[str]:
    """Headings and statements as plain text, each statement with its marker."""
    section = None
    for statement in shown.statements:
        if statement.section != section and statement.heading:
            yield plain_inline(statement.heading)
        section = statement.section
        named = shown.markers.get(statement.position)
        marker = f"[{', '.join(named)}]" if named else ""
        yield put_marker(plain_inline(statement.text), marker, is_quotation=answer.is_quotation)


def answer_text(answer: Answer, shown: Shown) -> str:
    """A whole answer as plain text, a line a statement: what it leaves open, its claims, its limits."""
    lines = [plain_inline(answer.gap), *_claims(answer, shown), plain_inline(answer.limits)]
    return "\n".join(filter(None, lines))


def summary_line(answer: Answer, shown: Shown) -> str:
    """What previews and search results say of an answer: its verdict, and how many preprints it cites."""
    number = len(shown.cited)
    return f"{answer.get_verdict_display().capitalize()} from {number} preprint{'' if number == 1 else 's'}"


def _shorten(text: str) -> str:
    text = one_line(text)
    if len(text) <= MAX_DESCRIPTION:
        return text
    return text[: MAX_DESCRIPTION - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def _url(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def _site() -> Data:
    return {"@type": "Organization", "name": settings.SITE_NAME, "url": _url("/")}


def _named(name: str) -> Data:
    is_group = " " in name and not split_name(name).given
    return {"@type": "Organization" if is_group else "Person", "name": name}


def _person(author: Author) -> Data:
    person = _named(author.name)
    if not split_name(author.name).given:
        return person
    if author.affiliation:
        person["affiliation"] = {"@type": "Organization", "name": author.affiliation}
    if author.orcid:
        person["sameAs"] = f"https://orcid.org/{author.orcid}"
    return person


def _status(preprint: Preprint) -> str:
    return "Withdrawn" if preprint.is_withdrawn else "Preprint"


def describe_source(preprint: Preprint) -> Data:
    """A preprint as an answer's `citation` names it."""
    return {
        "@type": "ScholarlyArticle",
        "@id": _url(preprint.get_absolute_url()),
        "url": _url(preprint.get_absolute_url()),
        "name": plain_text(preprint.title),
        "headline": plain_text(preprint.title),
        "identifier": preprint.identifier,
        "datePublished": preprint.submitted_on.isoformat(),
        "creativeWorkStatus": _status(preprint),
    }


def _without_empty(data: Data) -> Data:
    return {name: value for name, value in data.items() if value not in ("", None, [])}


def describe_preprint(preprint: Preprint, authors: Sequence[Author]) -> Data:
    """JSON-LD of a preprint's page."""
    same_as = [preprint.arxiv_url, f"https://doi.org/{preprint.doi}" if preprint.doi else ""]
    return _without_empty({
        "@context": SCHEMA,
        **describe_source(preprint),
        "author": [_person(author) for author in authors],
        "dateModified": preprint.revised_on.isoformat() if preprint.revised_on else "",
        "abstract": plain_text(preprint.abstract),
        "keywords": preprint.categories,
        "inLanguage": preprint.language,
        "version": preprint.version,
        "license": preprint.licence,
        "sameAs": [address for address in same_as if address],
        "publisher": {"@type": "Organization", "name": publisher_of(preprint)},
    })  # fmt: skip


def describe_question(question: Question, answer: Answer, shown: Shown) -> Data:
    """JSON-LD of a published answer's page: a QAPage whose answer cites preprints.

    The question has no author: nobody's name is kept with it.
    """
    accepted = {
        "@type": "Answer",
        "url": _url(reverse("qa:version", args=[question.slug, answer.version])),
        "text": answer_text(answer, shown),
        "dateCreated": answer.published_at,
        "datePublished": answer.published_at,
        "author": _site(),
        "version": answer.version,
        "upvoteCount": 0,
        "digitalSourceType": MODEL_WROTE_IT,
        "creativeWorkStatus": answer.get_verdict_display(),
        "citation": [
            describe_source(preprint) | {"author": [_named(name) for name in names]}
            for preprint, names in shown.cited
        ],
    }
    return {
        "@context": SCHEMA,
        "@type": "QAPage",
        "@id": _url(question.get_absolute_url()),
        "url": _url(question.get_absolute_url()),
        "name": plain_text(question.text),
        "inLanguage": question.language,
        "dateModified": answer.published_at,
        "publisher": _site(),
        "mainEntity": {
            "@type": "Question",
            "name": plain_text(question.text),
            "text": plain_text(question.text),
            "answerCount": 1,
            "dateCreated": question.asked_at,
            "datePublished": question.published_at,
            "acceptedAnswer": accepted,
        },
    }


def _previews(title: str, description: str, path: str) -> list[Tag]:
    return [
        Tag("og:site_name", settings.SITE_NAME),
        Tag("og:type", "article"),
        Tag("og:title", title),
        Tag("og:description", _shorten(description)),
        Tag("og:url", _url(path)),
        Tag("og:locale", "en_GB"),
    ]


def _card(question: Question, answer: Answer) -> list[Tag]:
    return [
        Tag("og:image", _url(reverse("qa:card", args=[question.slug, answer.version]))),
        Tag("og:image:type", "image/png"),
        Tag("og:image:width", str(CARD_WIDTH)),
        Tag("og:image:height", str(CARD_HEIGHT)),
        Tag("og:image:alt", plain_text(question.text)),
    ]


def answer_metadata(question: Question, answer: Answer, shown: Shown) -> PageMetadata:
    """Of a published answer's page."""
    title = plain_text(question.text)
    published_on = timezone.localtime(answer.published_at).date()
    claims = " ".join(plain_inline(statement.text) for statement in shown.statements)
    description = f"{summary_line(answer, shown)}: {claims}"
    return PageMetadata(
        names=[
            Tag("z:itemType", "webpage"),
            Tag("citation_title", title),
            Tag("citation_online_date", f"{published_on:%Y/%m/%d}"),
            Tag("citation_language", question.language),
            Tag("citation_public_url", _url(reverse("qa:version", args=[question.slug, answer.version]))),
            Tag("twitter:card", "summary_large_image"),
        ],
        properties=[
            *_previews(title, description, question.get_absolute_url()),
            *_card(question, answer),
            Tag("article:published_time", published_on.isoformat()),
        ],
        json_ld=describe_question(question, answer, shown),
    )


def preprint_metadata(preprint: Preprint, authors: Sequence[Author]) -> PageMetadata:
    """Of a preprint's page: what Google Scholar and Zotero take a preprint in by."""
    title, page = plain_text(preprint.title), _url(preprint.get_absolute_url())
    names = [
        Tag("z:itemType", "preprint"),
        Tag("citation_title", title),
        *(Tag("citation_author", author.name) for author in authors),
        Tag("citation_publication_date", f"{preprint.submitted_on:%Y/%m/%d}"),
        Tag("citation_online_date", f"{preprint.submitted_on:%Y/%m/%d}"),
        Tag("citation_technical_report_institution", settings.SITE_NAME),
        Tag("citation_technical_report_number", preprint.identifier),
        Tag("citation_publisher", publisher_of(preprint)),
        Tag("citation_doi", preprint.doi),
        Tag("citation_arxiv_id", preprint.arxiv_id),
        Tag("citation_keywords", "; ".join(preprint.categories)),
        Tag("citation_language", preprint.language),
        Tag("citation_abstract_html_url", page),
        Tag("twitter:card", "summary"),
    ]
    return PageMetadata(
        names=[one for one in names if one.content],
        properties=_previews(title, plain_text(preprint.abstract), preprint.get_absolute_url()),
        json_ld=describe_preprint(preprint, authors),
    )
