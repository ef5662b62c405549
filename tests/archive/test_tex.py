"""TeX in titles and abstracts, as authors write it."""

import pytest

from archive.tex import MAX_FORMULA, plain_text, split_formulas, to_mathml, to_unicode


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"Schr\"odinger", "Schrödinger"),
        (r"Poincar{\'e} and Poincar\'{e}", "Poincaré and Poincaré"),
        (r"Na\"{\i}ve", "Naïve"),
        (r"\v{C}ech, Erd\H{o}s, Gar\c con, K\"ahler", "Čech, Erdős, Garçon, Kähler"),
        (r"stra{\ss}e, \O{}rsted, \L ukasiewicz, \AA ngstr\"om", "straße, Ørsted, Łukasiewicz, Ångström"),
        (r"\textbf{bold} {\it Kepler} \emph{so}", "bold Kepler so"),
        (r"5\% of R\&D", "5% of R&D"),
        ("``quoted'' pages 3--7 --- or so", "“quoted” pages 3–7 — or so"),
        (r"\unknowncommand{x} stays", r"\unknowncommand{x} stays"),
        ("C:\\path {braces} ~ stay", "C:\\path {braces} ~ stay"),
    ],
)
def test_to_unicode_resolves_what_it_knows(written, shown):
    assert to_unicode(written) == shown


def test_split_formulas_finds_every_kind_of_delimiter():
    pieces = list(split_formulas(r"a $x$ b $$y$$ c \(z\) d \[w\] e $ v $ f"))

    assert [formula for _, formula, _ in pieces if formula] == ["x", "y", "z", "w", "v"]
    assert [is_display for _, formula, is_display in pieces if formula] == [False, True, False, True, False]
    assert "".join(as_written for as_written, _, _ in pieces) == r"a $x$ b $$y$$ c \(z\) d \[w\] e $ v $ f"


@pytest.mark.parametrize("text", ["$5 and $6 a head", "costs $5", r"\$x\$", "a $ b", "$$"])
def test_split_formulas_leaves_money_alone(text):
    assert [formula for _, formula, _ in split_formulas(text) if formula] == []


def test_to_mathml_keeps_fractions_scripts_and_functions():
    assert "<mfrac>" in to_mathml(r"\frac{a}{b}")
    assert "<msub>" in to_mathml(r"\alpha_s")
    assert '<mi>log</mi><mspace width="0.17em"></mspace><mi>n</mi>' in to_mathml(r"\log n")
    assert 'display="block"' in to_mathml("x", is_display=True)


@pytest.mark.parametrize(
    "formula", [r"\foo{x}", r"\begin{pmatrix} a", "{" * 400, "x" * (MAX_FORMULA + 1), r"\left("]
)
def test_to_mathml_gives_up_on_broken_formulas(formula):
    assert to_mathml(formula) == ""


@pytest.mark.parametrize(
    "formula",
    [
        r"\text{<img src=x onerror=alert(1)>}",
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//evil.example)}{x}",
        r"\class{card}{x}",
        r"\text{</math><script>alert(1)</script>}",
        r"x<annotation-xml encoding='text/html'><img src=x onerror=alert(1)></annotation-xml>",
    ],
)
def test_to_mathml_lets_nothing_but_mathml_through(formula):
    html = to_mathml(formula).lower()

    for forbidden in ("<img", "<a", "href", "style=", "class=", "<script", "onerror=", "annotation"):
        assert forbidden not in html


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"On $\mathcal{O}(n^2)$ walks of Schr\"odinger's cats", "On O(n^2) walks of Schrödinger's cats"),
        (r"$H\to\gamma\gamma$ in $\mathbb{R}^n$", "H→γγ in R^n"),
        (r"$\operatorname{\mathrm{Tr}} \unknown{x}$", r"Tr \unknown{x}"),
        ("5$ and 6$", "5$ and 6$"),
    ],
)
def test_plain_text_is_what_people_would_type(text, plain):
    assert plain_text(text) == plain
