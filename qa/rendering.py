"""Foreign text as HTML: statements, citation markers, titles, abstracts. nh3 is always the last step.

The only room that marks text as safe. Change what is allowed here, and nowhere else.
"""

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

import nh3
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from archive.stems import stem_word
from archive.tex import (
    DROPPED,
    MATHML_ATTRIBUTES,
    MATHML_TAGS,
    plain_text,
    split_formulas,
    to_mathml,
    to_unicode,
)
from qa.models import Answer, Citation, Statement

TAGS = {"p", "h3", "ul", "li", "blockquote", "em", "strong", "code", "br", "span", "a", "mark", *MATHML_TAGS}
ATTRIBUTES = {"a": {"href", "data-source", "data-statement"}, **MATHML_ATTRIBUTES}
CLASSES = {"a": {"weak", "doubtful"}, "span": {"marker", "withdrawn"}}
MARKER_CLASS = {
    Citation.Verdict.WEAK: "weak",
    Citation.Verdict.UNSUPPORTED: "doubtful",
    Citation.Verdict.CONTRADICTED: "doubtful",
}
PREPRINT_ADDRESS = re.compile(r"/abs/AG-[0-9]{4}\.[0-9]{2}-[0-9]{3,}")
BRACKETED = re.compile(r"\\\((?P<round>.+?)\\\)|\\\[(?P<square>.+?)\\\]", re.DOTALL)
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def _own_attribute(tag: str, name: str, value: str) -> str | None:
    """Links lead to this site's preprints or nowhere; a number is a number."""
    if name == "href":
        return value if PREPRINT_ADDRESS.fullmatch(value) else None
    if name.startswith("data-"):
        return value if value.isdecimal() else None
    return value


def _clean(html: str) -> SafeString:
    """The last step of every rendering."""
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        attribute_filter=_own_attribute,
        clean_content_tags=DROPPED,
        link_rel=None,
    )
    return mark_safe(cleaned)  # noqa: S308


def _formula_html(formula: str, *, is_display: bool, as_written: str) -> str:
    return to_mathml(formula, is_display=is_display) or f"<code>{escape(as_written)}</code>"


def _render_formula(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    is_display = token.type == "math_inline_double"
    as_written = f"{token.markup}{token.content}{token.markup}"
    return _formula_html(token.content.strip(), is_display=is_display, as_written=as_written)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    """CommonMark's inline emphasis and code, and $maths$; no HTML, links or images."""
    markdown = MarkdownIt("commonmark", {"html": False})
    markdown.disable(["link", "image", "autolink", "html_inline"])
    dollarmath_plugin(markdown, allow_space=False, allow_digits=False, double_inline=True)
    for rule in ("math_inline", "math_inline_double"):
        markdown.add_render_rule(rule, _render_formula)
    return markdown


def _in_dollars(text: str) -> str:
    return BRACKETED.sub(
        lambda match: f"${match['round']}$" if match["round"] else f"$${match['square']}$$", text
    )


def _inline_html(text: str) -> str:
    return str(_markdown().renderInline(_in_dollars(text))).strip()


def plain_inline(text: str) -> str:
    """One line of an answer as plain text: emphasis without its signs, formulas without their dollars."""
    [line] = _markdown().parseInline(_in_dollars(text))
    words = {"softbreak": " ", "hardbreak": " "}
    parts = [
        plain_text(f"${token.content.strip()}$")
        if token.type.startswith("math_inline")
        else words.get(token.type, token.content)
        for token in line.children or []
    ]
    return "".join(parts).strip()


def render_inline(text: str) -> SafeString:
    """One line of an answer: emphasis, code and $maths$; everything else stays text."""
    return _clean(_inline_html(text))


def _marker_link(statement: Statement, citation: Citation) -> str:
    identifier = escape(citation.source.preprint.identifier)
    look = MARKER_CLASS.get(Citation.Verdict(citation.verdict), "")
    named = f' class="{look}"' if look else ""
    return (
        f'<a href="{reverse("archive:preprint", args=[identifier])}"'
        f'{named} data-source="{citation.source.number}"'
        f' data-statement="{statement.position}">{identifier}</a>'
    )


def _marker_html(statement: Statement, citations: Sequence[Citation]) -> str:
    """[AG-…, AG-…]: a link for each citation; its numbers name the source and the evidence below."""
    links = [_marker_link(statement, citation) for citation in citations]
    return f'<span class="marker">[{", ".join(links)}]</span>' if links else ""


def put_marker(text: str, marker: str, *, is_quotation: bool) -> str:
    """A statement and its marker, which stands before a claim's full stop and after a quotation."""
    if is_quotation:
        return f"“{text}” {marker}".strip()
    if marker and text.endswith((".", "!", "?")) and not text.endswith(".."):
        return f"{text[:-1]} {marker}{text[-1]}"
    return f"{text} {marker}".strip()


def _own_words_html(text: str, *, is_quotation: bool) -> str:
    """A claim is Markdown; a quotation is its source's text, and looks as its evidence does."""
    return _maths_text_html(text) if is_quotation else _inline_html(text)


def _statement_html(statement: Statement, *, is_quotation: bool) -> str:
    marker = _marker_html(statement, list(statement.citations.all()))
    text = _own_words_html(statement.text, is_quotation=is_quotation)
    return put_marker(text, marker, is_quotation=is_quotation)


def _section_html(statements: Sequence[Statement], *, is_quotation: bool) -> Iterable[str]:
    if statements[0].heading:
        yield f"<h3>{_own_words_html(statements[0].heading, is_quotation=is_quotation)}</h3>"
    for is_bullet, group in groupby(statements, key=lambda statement: statement.is_bullet):
        parts = [_statement_html(statement, is_quotation=is_quotation) for statement in group]
        if is_quotation:
            yield "<blockquote>" + "".join(f"<p>{part}</p>" for part in parts) + "</blockquote>"
        elif is_bullet:
            yield "<ul>" + "".join(f"<li>{part}</li>" for part in parts) + "</ul>"
        else:
            yield f"<p>{' '.join(parts)}</p>"


def render_statements(statements: Iterable[Statement], *, is_quotation: bool) -> SafeString:
    """The body of an answer without its dropped statements. Each brings its citations and their sources."""
    shown = [statement for statement in statements if not statement.is_dropped]
    parts: list[str] = []
    for _, section in groupby(shown, key=lambda statement: statement.section):
        parts.extend(_section_html(list(section), is_quotation=is_quotation))
    return _clean("\n".join(parts))


def render_answer(answer: Answer) -> SafeString:
    """The body of a recorded answer, for Answer.html: three queries, once per version."""
    citations = Citation.objects.select_related("source__preprint").order_by("position")
    statements = answer.statements.order_by("position").prefetch_related(Prefetch("citations", citations))
    return render_statements(statements, is_quotation=answer.is_quotation)


def render_stored(html: str, *, withdrawn: Iterable[str] = ()) -> SafeString:
    """A body as render_answer made it and the database kept it, cleaned again on its way out.

    The body never changes, so what became of its sources since is put in here: the markers of `withdrawn`
    identifiers say so.
    """
    names = "|".join(re.escape(identifier) for identifier in withdrawn)
    if names:
        html = re.sub(rf">({names})</a>", r'>\1</a> <span class="withdrawn">withdrawn</span>', html)
    return _clean(html)


def stems_of(query: str) -> frozenset[str]:
    """What to highlight for a query: the stems of its words of three letters or more."""
    return frozenset(stem_word(word.lower()) for word in WORD.findall(query) if len(word) > 2)


def _highlighted(text: str, stems: frozenset[str]) -> str:
    """Escaped text in which every word of these stems is marked."""
    if not stems:
        return escape(text)
    parts, end = [], 0
    for match in WORD.finditer(text):
        if stem_word(match[0].lower()) in stems:
            parts.append(f"{escape(text[end : match.start()])}<mark>{escape(match[0])}</mark>")
            end = match.end()
    return "".join(parts) + escape(text[end:])


def _maths_text_html(text: str, stems: frozenset[str] = frozenset()) -> str:
    parts = []
    for as_written, formula, is_display in split_formulas(text):
        if formula:
            parts.append(_formula_html(formula, is_display=is_display, as_written=as_written))
        else:
            parts.append(_highlighted(to_unicode(as_written), stems))
    return "".join(parts)


def render_maths_text(text: str, *, stems: frozenset[str] = frozenset()) -> SafeString:
    """A title or an abstract: plain text with TeX, broken TeX as written; words of `stems` are marked."""
    return _clean(_maths_text_html(text, stems))


def render_marked(text: str, spans: Iterable[tuple[int, int]]) -> SafeString:
    """An abstract with the given spans marked: offsets in characters, end exclusive, overlaps cut."""
    parts, end = [], 0
    for start, stop in sorted(spans):
        begin = max(start, end)
        if min(stop, len(text)) > begin:
            parts.append(_maths_text_html(text[end:begin]))
            parts.append(f"<mark>{_maths_text_html(text[begin:stop])}</mark>")
            end = stop
    return _clean("".join(parts) + _maths_text_html(text[end:]))


GUIDE_TAGS = {*TAGS, "h1", "h2", "ol", "pre", "table", "thead", "tbody", "tr", "th", "td"}


def render_guide(markdown: str) -> SafeString:
    """A guide of the project's own, without its title: CommonMark with tables, links to other sites."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown.partition("\n")[2])
    cleaned = nh3.clean(html, tags=GUIDE_TAGS, attributes={"a": {"href"}}, url_schemes={"https"})
    return mark_safe(cleaned)  # noqa: S308


IN_SCRIPT = str.maketrans({"<": "\\u003C", ">": "\\u003E", "&": "\\u0026"})


def render_json_ld(data: dict[str, Any]) -> SafeString:
    """Data for a <script> of type application/ld+json: nothing in it can end the script."""
    text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False)
    return mark_safe(text.translate(IN_SCRIPT))  # noqa: S308
