"""Tags and filters of every page: titles with maths, dates, percentages, the name and address of the site."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from archive.models import Author, Preprint
from archive.tex import plain_text
from qa.models import Answer, Citation
from qa.rendering import (
    render_guide,
    render_inline,
    render_json_ld,
    render_marked,
    render_maths_text,
    render_stored,
)

register = template.Library()

SHOWN_AUTHORS = 4
VERDICT_WORDS = {
    Citation.Verdict.SUPPORTED: "The answer rests on",
    Citation.Verdict.WEAK: "The answer rests weakly on",
    Citation.Verdict.UNSUPPORTED: "Cited, but no sentence was found that carries the claim; the nearest is",
    Citation.Verdict.CONTRADICTED: "Cited, but this sentence says something else",
}


@register.filter
def maths(text: str) -> SafeString:
    """A title or an abstract with its TeX rendered."""
    return render_maths_text(text)


@register.filter
def maths_marked(text: str, stems: frozenset[str]) -> SafeString:
    """The same, with the words of a search marked."""
    return render_maths_text(text, stems=stems)


@register.filter
def inline(text: str) -> SafeString:
    """One line of an answer: emphasis, code and $maths$."""
    return render_inline(text)


@register.simple_tag
def lang_of(preprint: Preprint) -> str:
    """The lang attribute of a preprint's own words, where they are not in the language of the page."""
    code = preprint.language
    return "" if code in ("", "en") else format_html(' lang="{}"', code)


@register.filter
def plain(text: str) -> str:
    """A title as plain text, for <title> and attributes: accents resolved, formulas without their dollars."""
    return plain_text(text)


@register.filter
def percent(share: float | None) -> str:
    """0.684 as 68%; nothing where there is no number."""
    return "" if share is None else f"{round(share * 100)}%"


@register.filter
def whole_percent(share: float) -> int:
    """0.684 as 68, for the width of a bar."""
    return round(share * 100)


@register.simple_tag
def day(moment: date | datetime | None) -> str:
    """A date as people write it, 9 May 2026, in a <time> that machines read."""
    if moment is None:
        return ""
    if isinstance(moment, datetime):
        stamp = moment.isoformat(timespec="seconds")  # HTML takes no more than three digits of a second
        return format_html(
            '<time datetime="{}">{}</time>', stamp, date_format(timezone.localtime(moment), "j F Y")
        )
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), date_format(moment, "j F Y"))


@register.filter
def iso_date(text: str) -> date | None:
    """A date that JSON keeps as text, 2024-01-13."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@register.simple_tag
def site_name() -> str:
    return settings.SITE_NAME


@register.simple_tag
def site_url() -> str:
    """The site's address without a slash at its end."""
    return settings.SITE_URL


@register.simple_tag
def contact_email() -> str:
    return settings.CONTACT_EMAIL


@register.simple_tag
def marked(text: str, spans: Iterable[tuple[int, int]]) -> SafeString:
    """An abstract with the sentences marked that were asked for."""
    return render_marked(text, spans)


@register.simple_tag
def body(answer: Answer, withdrawn: Iterable[str] = ()) -> SafeString:
    """An answer's body: as it was stored, with the markers of withdrawn preprints named as such."""
    return render_stored(answer.html, withdrawn=withdrawn)


@register.simple_tag
def json_ld(data: dict[str, Any]) -> SafeString:
    """Structured data as the content of its <script>."""
    return render_json_ld(data)


@register.filter
def byline(authors: Iterable[Author]) -> str:
    """The first authors' names; a long list ends in a number."""
    names = [author.name for author in authors]
    if len(names) > SHOWN_AUTHORS + 1:
        return f"{', '.join(names[:SHOWN_AUTHORS])} and {len(names) - SHOWN_AUTHORS} others"
    return ", ".join(names)


@register.filter
def rests(citation: Citation) -> str:
    """The verdict on a citation, in words that promise no more than the check found."""
    return VERDICT_WORDS[Citation.Verdict(citation.verdict)]


@register.simple_tag
@lru_cache(maxsize=1)
def api_guide() -> SafeString:
    """docs/api.md for the page of the API, with this site's address in its examples; nothing where an
    installation leaves the documents out.
    """
    path = settings.BASE_DIR / "docs" / "api.md"
    guide = path.read_text() if path.exists() else ""
    return render_guide(guide.replace("http://127.0.0.1:8000", settings.SITE_URL))
