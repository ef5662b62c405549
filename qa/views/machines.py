"""Addresses that only programs ask for: robots.txt, llms.txt, the OpenSearch description, the sitemap."""

from typing import Any

from django.conf import settings
from django.contrib.sitemaps import views as sitemap_views
from django.contrib.sitemaps.views import SitemapIndexItem
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import conditional
from qa.conditions import list_validators
from qa.sitemaps import SECTIONS

ROBOTS = """User-agent: *
Disallow: /admin/
Disallow: /search
Disallow: /api/v1/search/
Disallow: /api/v1/export/
Disallow: /oai
Allow: /

Sitemap: {site}{sitemap}
"""

LLMS = """# {name}

> Questions answered from an archive of preprints. Every claim names the preprint it rests on, with the\
 sentence beside it and the verdict of an automatic check. A research aid, not a peer review.

Every page has the same content in formats that need no HTML: add an ending to its address.

- `{site}/ask/<slug>.md` and `.json`: a question and its answer; `.bib`, `.ris`, `.csl.json`: how to cite it
- `{site}/abs/<identifier>.md` and `.json`: a preprint; `.bib`, `.ris`, `.csl.json`: how to cite it

Cite the preprints that a claim names, and read them first: a verdict says what a check found.

## Find
- [Search]({site}/api/v1/search/?q=): `q` is a question or words; ranked preprints as JSON
- [Answered questions]({site}/api/v1/questions/): newest first
- Feeds, as Atom or with `.json` as JSON Feed: [answers]({site}/feeds/answers.atom),\
 [corrections]({site}/feeds/corrections.atom), `{site}/feeds/category/<category>.atom`,\
 `{site}/feeds/search.atom?q=<words>`, `{site}/feeds/question/<slug>.atom`
- MCP, for agents: `{site}/mcp`, Streamable HTTP: search, read, ask
- [OAI-PMH]({site}/oai?verb=Identify), for harvesters: preprints and answers in Dublin Core, with what was\
 taken back
- [REST API]({site}/api/): documentation; its [schema]({site}/api/schema/)
- [Sitemap]({site}{sitemap})

## About
- [What this is]({site}/about)
- [How answers are made and checked]({site}/method)
"""


def _text(template: str) -> HttpResponse:
    words = {"site": settings.SITE_URL, "name": settings.SITE_NAME, "sitemap": reverse("sitemap-index")}
    return keep_public(HttpResponse(template.format(**words), content_type="text/plain; charset=utf-8"))


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers should leave alone: what costs a search, and what is of no use to them."""
    return _text(ROBOTS)


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """What a language model needs to know to read this site well: https://llmstxt.org/."""
    return _text(LLMS)


@require_safe
def opensearch(request: HttpRequest) -> HttpResponse:
    """By which a browser offers this site's search in its own address bar."""
    return keep_public(
        TemplateResponse(
            request, "opensearch.xml", content_type="application/opensearchdescription+xml; charset=utf-8"
        ).render()
    )


@require_safe
@conditional(list_validators)
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The pages of the sitemap, 10,000 addresses each at most; a section without any is left out."""
    pages = []
    for name, kind in SECTIONS.items():
        section = kind()
        if not section.paginator.count:
            continue
        address = f"{settings.SITE_URL}{reverse('sitemap', args=[name])}"
        for number in section.paginator.page_range:
            location = address if number == 1 else f"{address}?p={number}"
            changed_at: Any = section.get_latest_lastmod()  # the stubs say bool
            pages.append(SitemapIndexItem(location, changed_at))
    context = {"sitemaps": pages}
    return keep_public(
        TemplateResponse(request, "sitemap_index.xml", context, content_type="application/xml").render()
    )


@require_safe
@conditional(list_validators)
def sitemap(request: HttpRequest, section: str) -> HttpResponse:
    """One page of the sitemap. Raises Http404 for a section or a page that is not there."""
    response = sitemap_views.sitemap(request, {**SECTIONS}, section=section)
    return keep_public(response.render())
