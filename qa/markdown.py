"""Answers and preprints as Markdown: the same content as their pages, for people's notes and for programs.

CommonMark; foreign text adds no link, image, heading or HTML to it. Formulas stay between dollars.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from archive.citing import describe_withdrawal
from archive.models import Author, Preprint
from archive.references import one_line
from archive.tex import split_formulas, to_unicode
from qa.models import Answer, Citation, FollowUp, Question, Source, Statement
from qa.rendering import put_marker

DISCLAIMER = "This is a research aid — not a peer review. Verify sources before citing."
SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
AT_START = re.compile(r"^(?=(?:[-+=]|\d{1,9}[.)]))")
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
ACTIVE = re.compile(r"(?<!\\)([\[\]<])")  # of an answer's own Markdown: links, images, HTML


def _escape(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


def _guard_start(text: str) -> str:
    """A text that begins no list and underlines no heading."""
    if text[:1].isdigit():
        return re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", text)
    return AT_START.sub(r"\\", text)


def plain_markdown(text: str) -> str:
    """Plain text with TeX, such as a title: every sign that Markdown knows is escaped outside of formulas."""
    parts = (
        as_written if formula else _escape(to_unicode(as_written))
        for as_written, formula, _ in split_formulas(one_line(text))
    )
    return _guard_start("".join(parts))


def _inline_part(text: str) -> str:
    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [ACTIVE.sub(r"\\\1", text[end : code.start()]), code[0]]
        end = code.end()
    return "".join(parts) + ACTIVE.sub(r"\\\1", text[end:])


def inline_markdown(text: str) -> str:
    """A line of an answer, which is Markdown already: emphasis, code and formulas stay, all else is text."""
    parts = (
        as_written if formula else _inline_part(as_written)
        for as_written, formula, _ in split_formulas(one_line(text))
    )
    written = "".join(parts)
    return f"\\{written}" if written.startswith(("#", ">", "|", "~")) else _guard_start(written)


def _link(text: str, path: str) -> str:
    return f"[{text}]({settings.SITE_URL}{path})"


def _preprint_link(preprint: Preprint) -> str:
    return _link(preprint.identifier, preprint.get_absolute_url())


def _marked(statement: Statement, *, is_quotation: bool) -> str:
    links = [_preprint_link(citation.source.preprint) for citation in statement.citations.all()]
    marker = f"\\[{', '.join(links)}\\]" if links else ""
    return put_marker(inline_markdown(statement.text), marker, is_quotation=is_quotation)


def _body(statements: Iterable[Statement], *, is_quotation: bool) -> Iterator[str]:
    section, is_list = None, False
    for statement in statements:
        starts, section = statement.section != section, statement.section
        if starts and statement.heading:
            yield f"\n### {plain_markdown(statement.heading)}\n"
        sign = "> " if is_quotation else "- " if statement.is_bullet else ""
        gap = "" if sign == "- " and is_list and not starts else "\n"
        is_list = sign == "- "
        yield f"{gap}{sign}{_marked(statement, is_quotation=is_quotation)}"


def _evidence(citation: Citation) -> str:
    return f"   - {citation.get_verdict_display()}: “{plain_markdown(citation.evidence)}”"


def _source(source: Source, citations: Iterable[Citation]) -> Iterator[str]:
    preprint = source.preprint
    similarity = f" · similarity {round(source.similarity * 100)}%" if source.similarity is not None else ""
    yield (
        f"{source.number}. {_preprint_link(preprint)} {plain_markdown(preprint.title)}"
        f" · {plain_markdown(preprint.primary_category)}{similarity}"
    )
    if withdrawal := describe_withdrawal(preprint):
        yield f"   - **{plain_markdown(withdrawal)}**"
    sentences = {(one.verdict, one.evidence): one for one in citations if one.evidence}
    yield from map(_evidence, sentences.values())


def _sources(answer: Answer, statements: Sequence[Statement]) -> Iterator[str]:
    citations = [one for statement in statements for one in statement.citations.all()]
    sources = list(answer.sources.all())
    for title, is_cited in (("Sources", True), ("Also retrieved", False)):
        chosen = [source for source in sources if source.is_cited == is_cited]
        if chosen:
            yield f"\n## {title}\n"
        for source in chosen:
            yield from _source(source, [one for one in citations if one.source_id == source.pk])


def _follow_ups(follow_ups: Sequence[FollowUp]) -> Iterator[str]:
    if follow_ups:
        yield "\n## Keep exploring\n"
    for follow_up in follow_ups:
        text, page = plain_markdown(follow_up.text), follow_up.answered_by()
        yield f"- {_link(text, page.get_absolute_url())}" if page else f"- {text}"


def write_answer(question: Question, answer: Answer) -> str:
    """One version of an answer. It brings its rows as qa.serializers.ANSWER_ROWS has them."""
    statements = list(answer.statements.all())
    day = date_format(timezone.localtime(answer.published_at), "j F Y")
    model = plain_markdown(answer.model_named)
    permalink = reverse("qa:version", args=[question.slug, answer.version])
    lines = [
        f"# {plain_markdown(question.text)}\n",
        f"Answered by {model} · {day} · {answer.get_verdict_display()} · version {answer.version}",
        *(f"\n**Outdated:** {plain_markdown(mark.words)}" for mark in answer.standing_marks),  # type: ignore[attr-defined]
        *([f"\n{inline_markdown(answer.gap)}"] if answer.gap else []),
        *_body(statements, is_quotation=answer.is_quotation),
        *([f"\n## What the sources do not say\n\n{inline_markdown(answer.limits)}"] if answer.limits else []),
        *_sources(answer, statements),
        *_follow_ups(list(answer.follow_ups.all())),
        f"\n{DISCLAIMER}\n",
        f"Cite this version as <{settings.SITE_URL}{permalink}>.",
    ]
    return "\n".join(lines) + "\n"


def write_preprint(preprint: Preprint, authors: Sequence[Author], citing: Sequence[Question]) -> str:
    """A preprint, and the published questions whose answers cite it."""
    withdrawal = describe_withdrawal(preprint)
    kind = "Summary by this site" if preprint.abstract_kind == Preprint.AbstractKind.SUMMARY else "Abstract"
    categories = ", ".join(map(plain_markdown, preprint.categories))
    day = date_format(preprint.submitted_on, "j F Y")
    original = f" · arXiv:{preprint.arxiv_id} <{preprint.arxiv_url}>" if preprint.arxiv_id else ""
    lines = [
        f"# {plain_markdown(preprint.title)}\n",
        ", ".join(plain_markdown(author.name) for author in authors) + "\n",
        *([f"**{plain_markdown(withdrawal)}**\n"] if withdrawal else []),
        f"{preprint.identifier} · {categories} · submitted {day} · version {preprint.version}{original}",
        f"\n## {kind}\n\n{plain_markdown(preprint.abstract)}",
        *(["\n## Questions that cite this preprint\n"] if citing else []),
        *(f"- {_link(plain_markdown(one.text), one.get_absolute_url())}" for one in citing),
        f"\n<{settings.SITE_URL}{preprint.get_absolute_url()}>",
    ]
    return "\n".join(lines) + "\n"
