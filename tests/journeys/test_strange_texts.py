"""A hundred long and strange questions: none makes a page wider than its window."""

from urllib.parse import urlencode

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from qa.models import Question
from qa.rendering import render_answer
from qa.views.home import RECENT_QUESTIONS
from tests.factories import PreprintFactory
from tests.qa.factories import EVIDENCE, make_published_question

pytestmark = pytest.mark.django_db(transaction=True)

WIDTHS = (320, 768, 1280)
UNBROKEN = [
    "W",
    "i",
    "m",
    "@",
    "_",
    "-",
    ".",
    "/",
    "%",
    "0123456789",
    "Aa",
    "ﬃ",
    "ß",
    "Ǆ",
    "ｗ",
    "量",
    "한",
    "ไ",
    "ก็",
    "क्ष",
    "ع",
    "ש",
    "߷",
    "𝔐",
    "𝟘",
    "ℵ",
    "∑",
    "√",
    "→",
    "…",
    "—",
    "\u00a0x",
    "\u2060x",
    "a\u0301",
    "Z̸̡̛͚",
    "e\u20dd",
    "👩‍🔬",
    "🇬🇧",
    "🏳️‍🌈",
    "⚛️",
    "\u200bx",
    "a\u00ad",
    "&",
    "<",
    "{}",
    "()",
    "#",
    "*",
    "`",
    "\\",
]
WORDS = [
    "Pneumonoultramicroscopicsilicovolcanoconiosis ",
    "supercalifragilistic-expialidocious-antidisestablishment ",
    "ما هي حدود الدوائر الكمومية المتغيرة في وجود الضوضاء؟ ",
    "מה מגביל את עומק המעגלים הקוונטיים? ",
    "量子ノイズは変分回路の深さをどのように制限しますか？",
    "양자 회로의 깊이를 제한하는 것은 무엇입니까? ",
    "อะไรจำกัดความลึกของวงจรควอนตัม",
    "क्वांटम परिपथ की गहराई को क्या सीमित करता है? ",
    "Čo obmedzuje hĺbku kvantových obvodov? ",
    "Что ограничивает глубину квантовых схем? ",
    "left \u202eright\u202c ",
    "mixed عربي and 漢字 and עברית ",
    "<b>bold</b> & \"quoted\" 'text' ",
    "<script>alert(1)</script> ",
    "<img src=x onerror=alert(1)> ",
    "&lt;already&gt; &amp;escaped; ",
    "**bold** _under_ `code` # head ",
    "[link](https://example.org) ",
    "https://example.org/" + "path/" * 12,
    "a@b.example.org;",
    "{{ template }} {% tag %} ",
    "${shell} $(command) ",
    "C:\\folder\\file.txt ",
    "line\nbreaks\tand\ttabs ",
    "   spaces    and   more   ",
    "ALL CAPITALS AND LOUD ",
    "1,234,567.89e-10±0.0000001 ",
    "10^(10^(10^10)) ",
    "α≤β∧¬γ⟹δ∈Ω∖∅ ",
    "CH₃–CH₂–OH + O₂ ⇌ CO₂↑ ",
]
FORMULAS = [
    r"$\frac{\partial^{2} \langle \psi | \hat{H} | \psi \rangle}{\partial \theta_i^2}$ ",
    r"$x_{1}$ ",
    "$" + "+".join(f"x_{{{n}}}" for n in range(60)) + "$",
    "$$" + "a" * 400 + "$$",
    r"$\sqrt{\sqrt{\sqrt{x}}}$ ",
    r"$\begin{pmatrix} a & b \\ c & d \end{pmatrix}$ ",
    r"$\underbrace{abc}_{def}$ ",
    "$unclosed ",
    "$$ $ $$ ",
    "5$ and 6$ ",
    r"\(\sum_{i=0}^{\infty} i\) ",
    r"\[\prod_{i}\] ",
    r"$\unknown{command}$ ",
    r"$\mathbb{R}^{n \times m}$ ",
    r"$" + r"\frac{1}{" * 20 + "x" + "}" * 20 + "$",
    "$" + "x" * 498 + "$",
    r"\'e\`a\"o\~n ",
    r"\textbf{bold} \emph{em} ",
    r"$\hat{\hat{\hat{x}}}$ ",
    r"$^{235}_{92}\mathrm{U}$ ",
]
TEXTS = [(piece * 500)[:500] for piece in (*UNBROKEN, *WORDS, *FORMULAS)]
# Keeps the main part of each page as the server sends it now.
KEEP = """async (addresses) => {
  window.kept ??= new Map();
  for (const address of addresses) {
    const html = await (await fetch(address)).text();
    kept.set(address, new DOMParser().parseFromString(html, "text/html").querySelector("main").innerHTML);
  }
}"""
# Puts each of them into the open page, and tells which are too wide.
MEASURE = """() => {
  const main = document.querySelector("main");
  return [...kept].filter(([_, html]) => {
    main.innerHTML = html;
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth || main.querySelectorAll("h1").length !== 1;
  }).map(([address]) => address);
}"""


def test_there_are_a_hundred_different_texts():
    assert len(set(TEXTS)) == len(TEXTS) == 100


def make_pages() -> list[str]:
    """The answer page of each text, the preprint or the search of each fifth, and lists that together show
    all of them.
    """
    found = [f"/questions?page={number}" for number in range(1, 6)]
    found += [f"/recent?page={number}" for number in range(1, 5)]
    for number, text in enumerate(TEXTS):
        preprint = PreprintFactory(title=text, authors=[text[:255]], abstract=f"{text} {EVIDENCE}")
        question = make_published_question(
            text=text, preprints=[preprint], cited=1, statements=1, gap=text, verdict="partial"
        )
        answer = question.published_answer
        answer.statements.update(heading=text[:200], text=text)
        answer.html = render_answer(answer)
        answer.save(update_fields=["html"])
        found.append(question.get_absolute_url())
        found += [preprint.get_absolute_url()] if number % 5 == 0 else []
        found += [f"/search?{urlencode({'q': text})}"] if number % 5 == 2 else []
    return found


def test_no_strange_question_breaks_a_layout(live_server, page: Page):
    addresses = make_pages()
    page.goto(f"{live_server.url}/questions")
    page.evaluate(KEEP, addresses)
    published = list(Question.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(published), RECENT_QUESTIONS):  # the home page, whichever are the newest
        newest = Question.objects.filter(pk__in=published[start : start + RECENT_QUESTIONS])
        newest.update(published_at=timezone.now())
        page.evaluate(KEEP, [f"/?{start}"])
    trouble = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if wide := page.evaluate(MEASURE):
            trouble[width] = wide

    assert trouble == {}
