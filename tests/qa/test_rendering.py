"""Foreign text as HTML: what is rendered, what stays text, and that nothing in it ever runs."""

import contextlib
import random
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.utils.html import escape
from playwright.sync_api import Error as PlaywrightError

from qa.models import Citation
from qa.rendering import (
    render_answer,
    render_inline,
    render_marked,
    render_maths_text,
    render_stored,
    stems_of,
)
from tests.factories import PreprintFactory
from tests.qa.factories import QuestionFactory, add_citation, make_answer


def parsed(html):
    return BeautifulSoup(html, "html.parser")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *b* **c** `d<e>`", "a <em>b</em> <strong>c</strong> <code>d&lt;e&gt;</code>"),
        ("[link](https://evil.example)", "[link](https://evil.example)"),
        ("![image](https://evil.example/x.png)", "![image](https://evil.example/x.png)"),
        ("<https://evil.example>", "&lt;https://evil.example&gt;"),
        ("<b>bold</b> & <script>x</script>", "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;script&gt;x&lt;/script&gt;"),
        ("# not a heading", "# not a heading"),
        ("cost $5 and $6", "cost $5 and $6"),
        (r"so $\foo{x}$ stays", r"so <code>$\foo{x}$</code> stays"),
    ],
)
def test_render_inline_knows_emphasis_and_code_only(text, html):
    assert render_inline(text) == html


@pytest.mark.parametrize("text", ["$x^2$", r"\(x^2\)", "$$x^2$$"])
def test_render_inline_renders_formulas(text):
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in render_inline(text)


def test_render_maths_text_marks_words_of_a_search_but_not_in_formulas():
    html = render_maths_text("Noisy circuits: a circuit of $circuit$ <b>", stems=stems_of("the circuit"))

    assert html.startswith("Noisy <mark>circuits</mark>: a <mark>circuit</mark> of <math")
    assert "&lt;b&gt;" in html
    assert html.count("<mark>") == 2


def test_render_maths_text_shows_broken_tex_as_written():
    assert render_maths_text(r"A $\broken{$ formula") == r"A <code>$\broken{$</code> formula"


def test_render_marked_marks_spans_and_cuts_overlaps():
    assert render_marked("abcdefghi", [(3, 5), (4, 6), (8, 99)]) == (
        "abc<mark>de</mark><mark>f</mark>gh<mark>i</mark>"
    )
    assert render_marked("abc", []) == "abc"


def test_render_stored_drops_foreign_links_and_handlers():
    html = (
        '<p onclick="x()">a <a href="https://evil.example" class="weak">b</a>'
        '<a href="/abs/AG-2024.01-001">c</a><img src=x></p>'
    )

    assert render_stored(html) == '<p>a <a class="weak">b</a><a href="/abs/AG-2024.01-001">c</a></p>'


@pytest.mark.django_db
class TestAnswer:
    def make(self, texts, *, citations=(), **fields):
        """An answer with these statements, each resting on the sources numbered in `citations`."""
        preprints = [PreprintFactory(identifier=f"AG-2024.01-{n:03d}") for n in range(1, 5)]
        answer = make_answer(QuestionFactory(), statements=0, preprints=preprints, **fields)
        sources = {source.number: source for source in answer.sources.select_related("preprint")}
        for position, text in enumerate(texts):
            extra = text if isinstance(text, dict) else {"text": text}
            statement = answer.statements.create(position=position, **extra)
            for number in citations[position] if position < len(citations) else ():
                add_citation(statement, sources[number])
        return answer

    def test_markers_link_to_the_cited_preprints_before_the_full_stop(self):
        answer = self.make(["One claim.", "Another claim?"], citations=[(1,), (2, 3)])

        page = parsed(render_answer(answer))

        assert (
            page.get_text() == "One claim [AG-2024.01-001]. Another claim [AG-2024.01-002, AG-2024.01-003]?"
        )
        assert [link["href"] for link in page.select(".marker a")] == [
            "/abs/AG-2024.01-001", "/abs/AG-2024.01-002", "/abs/AG-2024.01-003",
        ]  # fmt: skip
        assert [(link["data-source"], link["data-statement"]) for link in page.select(".marker a")] == [
            ("1", "0"), ("2", "1"), ("3", "1"),
        ]  # fmt: skip

    def test_sections_have_headings_and_bullets_are_lists(self):
        answer = self.make(
            [
                {"text": "First.", "heading": "Findings", "section": 0},
                {"text": "Point one.", "heading": "Findings", "section": 0, "is_bullet": True},
                {"text": "Point two.", "heading": "Findings", "section": 0, "is_bullet": True},
                {"text": "Last.", "heading": "Limits of *all*", "section": 1},
            ]
        )

        page = parsed(render_answer(answer))

        assert [heading.decode_contents() for heading in page.find_all("h3")] == [
            "Findings", "Limits of <em>all</em>",
        ]  # fmt: skip
        assert [item.get_text() for item in page.select("ul > li")] == ["Point one.", "Point two."]
        assert [paragraph.get_text() for paragraph in page.find_all("p")] == ["First.", "Last."]

    def test_dropped_statements_are_not_shown(self):
        answer = self.make(["Kept.", {"text": "Dropped.", "is_dropped": True, "reasons": ["No source."]}])

        assert "Dropped" not in render_answer(answer)
        assert "Kept" in render_answer(answer)

    def test_a_quotation_looks_as_in_its_evidence(self):
        text = "The A*-search by Erd\\H{o}s -- with *two* costs $n^2$ -- is fast."
        answer = self.make([text], citations=[(1,)], is_quotation=True)
        assert str(render_maths_text(text)) in render_answer(answer)
        assert "Erdős – with *two* costs" in render_answer(answer)

    def test_quotations_stand_in_quotation_marks(self):
        answer = self.make(["Noise lowers it to 84.0%."], citations=[(1,)], is_quotation=True)

        page = parsed(render_answer(answer))

        assert page.blockquote.get_text() == "“Noise lowers it to 84.0%.” [AG-2024.01-001]"

    def test_weak_citations_look_different(self):
        answer = self.make(["A claim."], citations=[(1,)])
        Citation.objects.update(verdict=Citation.Verdict.WEAK)

        assert parsed(render_answer(answer)).select_one(".marker a")["class"] == ["weak"]

    @pytest.mark.parametrize("count", [1, 30])
    def test_reads_the_same_number_of_queries_whatever_its_length(self, count, django_assert_num_queries):
        answer = make_answer(QuestionFactory(), statements=count)

        with django_assert_num_queries(2):
            render_answer(answer)


FIRES = """
for (const name of ["alert", "confirm", "prompt", "print"])
  window[name] = () => console.log(`XSS FIRED in ${window.name}`);
"""
PROVOKE = """
const frames = [...document.querySelectorAll("iframe")];
for (const inner of [document, ...frames.map((frame) => frame.contentDocument)]) {
  for (const element of inner?.body?.querySelectorAll(":not(iframe)") ?? []) {
    const handled = element.getAttributeNames().filter((name) => name.startsWith("on"));
    for (const type of ["mouseover", "focus", "keydown", "load", ...handled.map((name) => name.slice(2))])
      element.dispatchEvent(new Event(type, { bubbles: true }));
    if (element.click) element.click();
  }
}
"""
ADDRESS = "http://127.0.0.1:9/"  # answered by the test itself
BATCH = 250
FRAMES = 50  # unsanitised payloads on one page, each in a frame of its own
SANDBOX = "allow-scripts allow-same-origin"
FIRED_FRAME = re.compile(r"XSS FIRED in (frame-\d+)")


def read_payloads(folder: Path) -> list[str]:
    """Every line of the payload lists, once, in an order that does not change."""
    lists = sorted((folder / "security" / "xss-markdown" / "raw").rglob("*.txt"))
    lines = {
        line.strip()
        for file in lists
        if file.name != "spec.txt"
        for line in file.read_text(errors="replace").splitlines()
    }
    payloads = sorted(line for line in lines if "<" in line or "javascript" in line.lower())
    random.Random(1).shuffle(payloads)
    return payloads


class Court:
    """Loads HTML in Chromium without any policy in its way, and says where a script ran."""

    def __init__(self, page):
        self.page, self.html, self.said = page, "", []
        page.add_init_script(FIRES)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("dialog", lambda dialog: (self.said.append("XSS FIRED in a dialog"), dialog.dismiss()))
        page.route(f"{ADDRESS}**", lambda route: route.fulfill(content_type="text/html", body=self.html))

    def runs(self, html: str) -> bool:
        """Whether a script ran on a page with this body."""
        self.show(html)
        self.provoke()
        return any("XSS FIRED" in words for words in self.said)

    def count_running(self, payloads: list[str]) -> int:
        """In how many of these payloads a script runs, each in a frame that can't lead the page away."""
        frames = [
            f'<iframe name="frame-{number}" sandbox="{SANDBOX}" srcdoc="{escape(payload)}"></iframe>'
            for number, payload in enumerate(payloads)
        ]
        self.show("".join(frames))
        self.provoke()
        return len({name for words in self.said for name in FIRED_FRAME.findall(words)})

    def provoke(self) -> None:
        """Does what a visitor's hand might do to every element."""
        with contextlib.suppress(PlaywrightError):  # a payload may have taken the page elsewhere
            self.page.evaluate(PROVOKE)
        self.page.wait_for_timeout(20)

    def show(self, body: str) -> None:
        self.html, self.said = f"<!doctype html><meta charset=utf-8><body>{body}", []
        with contextlib.suppress(PlaywrightError):
            self.page.goto(ADDRESS, wait_until="load", timeout=20_000)


def every_way(payload: str) -> str:
    """The payload through every door that foreign text has to a page."""
    formula = rf"$\text{{{payload}}}$"
    texts = [
        render_inline(payload),
        render_maths_text(payload),
        render_inline(formula),
        render_maths_text(formula),
        render_marked(payload, [(1, 9)]),
        render_stored(payload),
    ]
    return "".join(f"<div>{text}</div>" for text in texts)


@pytest.mark.slow
def test_no_payload_runs_in_a_browser_while_its_unsanitised_twin_does(data_dir, page, foreign_requests):
    payloads = read_payloads(data_dir)[:2_000]
    court = Court(page)

    executed = [
        start
        for start in range(0, len(payloads), BATCH)
        if court.runs("".join(map(every_way, payloads[start : start + BATCH])))
    ]
    asked_for = list(foreign_requests)
    fired = 0
    for start in range(0, len(payloads), FRAMES):
        fired += court.count_running(payloads[start : start + FRAMES])
        if fired >= 150:
            break

    assert len(payloads) == 2_000
    assert executed == []
    assert asked_for == []
    assert fired >= 150
