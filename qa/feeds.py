"""Feeds: one list of entries, written as Atom (RFC 4287) or as JSON Feed 1.1.

Ids are tag URIs (RFC 4151) and never change, wherever the site moves its pages: docs/decisions/0018.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed

from archive.models import Author, Preprint
from archive.references import one_line
from archive.text import xml_text
from qa.corrections import RETRACTED, Correction
from qa.metadata import plain_text
from qa.models import Answer, Mark, Question
from qa.rendering import render_inline, render_maths_text, render_stored

ENTRIES = 50
BEGAN = "2026"  # the year in which the site's tag URIs begin
ENDINGS = {"atom": "application/atom+xml", "json": "application/feed+json"}


@dataclass(frozen=True)
class Entry:
    """One thing that a reader is told of. `html` is clean and has absolute links only."""

    id: str
    title: str
    path: str
    html: str
    published_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    question: str = ""  # the slug, where it tells of one


@dataclass(frozen=True)
class Feed:
    """What a reader subscribes to: the page it belongs to, its own address, its entries, newest first."""

    id: str
    title: str
    description: str
    page: str
    path: str
    entries: Sequence[Entry]
    began_at: datetime  # says when it was updated while it has no entries

    @property
    def updated_at(self) -> datetime:
        return max((entry.updated_at for entry in self.entries), default=self.began_at)


def make_id(*parts: object) -> str:
    """A tag URI such as tag:example.org,2026:question/k3v9x0q2ab."""
    return f"tag:{settings.FEED_AUTHORITY},{BEGAN}:{'/'.join(map(str, parts))}"


def _url(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def _absolute(html: str) -> str:
    return html.replace('href="/', f'href="{settings.SITE_URL}/')


def _answer_html(answer: Answer) -> str:
    """What became of its sources comes before the answer, as on its page; answers have `standing_marks`."""
    marks: list[Mark] = answer.standing_marks  # type: ignore[attr-defined]
    lines = [f"<p><strong>Outdated:</strong> {render_maths_text(mark.words)}</p>" for mark in marks]
    lines += [f"<p><em>{render_inline(answer.gap)}</em></p>"] if answer.gap else []
    return _absolute("\n".join([*lines, str(render_stored(answer.html))]))


def _changed_at(answer: Answer, published_at: datetime) -> datetime:
    marks: list[Mark] = answer.standing_marks  # type: ignore[attr-defined]
    return max([published_at, *(mark.since for mark in marks)])


def answer_entry(question: Question, answer: Answer) -> Entry:
    """A question with its present answer: the same entry, updated, when it is answered again or marked."""
    published_at = answer.published_at or question.asked_at
    return Entry(
        id=make_id("question", question.slug),
        title=plain_text(question.text),
        path=question.get_absolute_url(),
        html=_answer_html(answer),
        published_at=question.published_at or published_at,
        updated_at=_changed_at(answer, published_at),
        tags=(answer.get_verdict_display(),),
        question=question.slug,
    )


def version_entry(question: Question, answer: Answer, path: str) -> Entry:
    """One version of an answer, for those who follow its question."""
    published_at = answer.published_at or question.asked_at
    reason = f"<p>{render_inline(answer.change_reason)}</p>\n" if answer.change_reason else ""
    return Entry(
        id=make_id("question", question.slug, f"v{answer.version}"),
        title=f"Version {answer.version}: {plain_text(question.text)}",
        path=path,
        html=f"{reason}{_answer_html(answer)}",
        published_at=published_at,
        updated_at=_changed_at(answer, published_at),
        tags=(answer.get_verdict_display(),),
        question=question.slug,
    )


def preprint_entry(preprint: Preprint, authors: Iterable[Author]) -> Entry:
    """A preprint, updated with its revisions."""
    submitted_at = datetime.combine(preprint.submitted_on, time(), UTC)
    revised_at = datetime.combine(preprint.revised_on or preprint.submitted_on, time(), UTC)
    return Entry(
        id=make_id("preprint", preprint.identifier),
        title=plain_text(preprint.title),
        path=preprint.get_absolute_url(),
        html=f"<p>{render_maths_text(preprint.abstract)}</p>",
        published_at=submitted_at,
        updated_at=max(submitted_at, revised_at),
        tags=tuple(preprint.categories),
        authors=tuple(author.name for author in authors),
    )


def correction_entry(correction: Correction) -> Entry:
    """What was retracted, answered again or overtaken. A retracted question's own words are not repeated."""
    question = correction.question
    what = "A retracted question" if correction.kind == RETRACTED else plain_text(question.text)
    detail = correction.preprint.identifier if correction.preprint else f"v{correction.version}"
    return Entry(
        id=make_id("correction", correction.kind, question.slug, detail, f"{correction.at:%Y%m%dT%H%M%S}"),
        title=f"{correction.kind.capitalize()}: {what}",
        path=question.get_absolute_url(),
        html=f"<p>{render_maths_text(correction.words)}</p>",
        published_at=correction.at,
        updated_at=correction.at,
        tags=(correction.kind,),
        question=question.slug,
    )


class _Atom(Atom1Feed):
    """Django's, with three things its own lacks: the time of the feed's own last entry (reading an empty
    one updates nothing), several authors, and whole texts as content.
    """

    def latest_post_date(self) -> datetime:
        return self.feed["updated"]

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.endElement("author")
        handler.addQuickElement("content", item["content"], {"type": "html"})


def to_atom(feed: Feed) -> str:
    """The feed as Atom."""
    atom = _Atom(
        title=xml_text(feed.title),
        link=_url(feed.page),
        description="",
        subtitle=xml_text(one_line(feed.description)),
        language="en-GB",
        author_name=settings.SITE_NAME,
        author_link=_url("/"),
        feed_url=_url(feed.path),
        feed_guid=feed.id,
        updated=feed.updated_at,
    )
    for entry in feed.entries:
        atom.add_item(
            title=xml_text(entry.title),
            link=_url(entry.path),
            description=None,  # type: ignore[arg-type]  # optional in Django's code, not in its stubs
            content=xml_text(entry.html),
            unique_id=entry.id,
            pubdate=entry.published_at,
            updateddate=entry.updated_at,
            categories=[xml_text(tag) for tag in entry.tags],
            authors=[xml_text(name) for name in entry.authors],
        )
    return atom.writeString("utf-8")


def _json_entry(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": _url(entry.path),
        "title": xml_text(entry.title),
        "content_html": xml_text(entry.html),
        "date_published": entry.published_at.isoformat(),
        "date_modified": entry.updated_at.isoformat(),
        "tags": list(entry.tags),
    }
    return item | ({"authors": [{"name": name} for name in entry.authors]} if entry.authors else {})


def to_json(feed: Feed) -> str:
    """The feed as JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": _url(feed.page),
        "feed_url": _url(feed.path),
        "description": feed.description,
        "language": "en-GB",
        "authors": [{"name": settings.SITE_NAME, "url": _url("/")}],
        "items": [_json_entry(entry) for entry in feed.entries],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)
