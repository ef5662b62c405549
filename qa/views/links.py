"""Signposting: Link headers that lead programs from a page to its citation, its formats, its authors.

https://signposting.org/: cite-as, item, describedby, license, author and type on pages; describes and
collection on the formats, each with the page as canonical.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.encoding import iri_to_uri

from archive.models import Author, Preprint
from qa.models import Answer, Question

MAX_AUTHOR_LINKS = 20  # servers refuse headers that grow with a collaboration


class Format(NamedTuple):
    """A format that stands beside every answer and preprint: its ending, media type, and name for people."""

    ending: str
    media_type: str
    name: str
    is_content: bool  # else it describes: bibliographic data


FORMATS = (
    Format("bib", "application/x-bibtex", "BibTeX", False),
    Format("ris", "application/x-research-info-systems", "RIS", False),
    Format("csl.json", "application/vnd.citationstyles.csl+json", "CSL-JSON", False),
    Format("md", "text/markdown", "Markdown", True),
    Format("json", "application/json", "JSON", True),
)
MEDIA_TYPES = {one.ending: one.media_type for one in FORMATS}


@dataclass(frozen=True)
class Alternate:
    """A format of one page, with its address."""

    format: Format
    path: str


def answer_alternates(question: Question, number: int | None = None) -> list[Alternate]:
    """The formats of a published answer, or of one version of it."""
    view, args = ("qa:version-format", [number]) if number else ("qa:format", [])
    return [Alternate(one, reverse(view, args=[question.slug, *args, one.ending])) for one in FORMATS]


def preprint_alternates(preprint: Preprint) -> list[Alternate]:
    return [
        Alternate(one, reverse("archive:format", args=[preprint.identifier, one.ending])) for one in FORMATS
    ]


def _link(address: str, rel: str, media_type: str = "") -> str:
    absolute = f"{settings.SITE_URL}{address}" if address.startswith("/") else address
    kind = f'; type="{media_type}"' if media_type else ""
    return f'<{iri_to_uri(absolute).replace(">", "%3E")}>; rel="{rel}"{kind}'


def _alternate_links(alternates: Iterable[Alternate]) -> list[str]:
    return [
        _link(one.path, "item" if one.format.is_content else "describedby", one.format.media_type)
        for one in alternates
    ]


def _set(response: HttpResponse, links: Iterable[str]) -> HttpResponse:
    response["Link"] = ", ".join(links)
    return response


def link_answer(response: HttpResponse, question: Question, answer: Answer, *, is_old: bool) -> HttpResponse:
    """On the page of an answer. It is cited by the address of its version."""
    cite_as = reverse("qa:version", args=[question.slug, answer.version])
    alternates = answer_alternates(question, answer.version if is_old else None)
    kinds = [_link("https://schema.org/AboutPage", "type"), _link("https://schema.org/QAPage", "type")]
    return _set(response, [_link(cite_as, "cite-as"), *_alternate_links(alternates), *kinds])


def link_preprint(response: HttpResponse, preprint: Preprint, authors: Sequence[Author]) -> HttpResponse:
    """On a preprint's page, with its licence and those authors who have an ORCID."""
    orcids = [f"https://orcid.org/{author.orcid}" for author in authors if author.orcid][:MAX_AUTHOR_LINKS]
    licence = preprint.licence if preprint.licence.startswith(("https://", "http://")) else ""
    return _set(
        response,
        [
            _link(preprint.get_absolute_url(), "cite-as"),
            *_alternate_links(preprint_alternates(preprint)),
            *(_link(address, "author") for address in orcids),
            *([_link(licence, "license")] if licence else []),
            _link("https://schema.org/AboutPage", "type"),
            _link("https://schema.org/ScholarlyArticle", "type"),
        ],
    )


def link_format(response: HttpResponse, page: str, ending: str) -> HttpResponse:
    """On a format: back to its page, which is what search engines should show."""
    is_content = next(one.is_content for one in FORMATS if one.ending == ending)
    rel = "collection" if is_content else "describes"
    return _set(response, [_link(page, "canonical"), _link(page, rel, "text/html")])
