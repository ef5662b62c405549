"""Quoted spans are verbatim, however their quotation marks, dashes, spaces and TeX are written."""

import pytest

from qa.quotes import find_quotes, missing_quotes

SOURCE = (
    "We report ``slower convergence'' -- compared with a state-of-the-art baseline -- and a rate of "
    "$\\alpha = 10^{-3}$. "
    "The model doesn't generalise."
)


@pytest.mark.parametrize(
    "statement",
    [
        "They saw “slower convergence” there.",
        'They saw "Slower convergence," there.',
        "It was “compared with a state-of-the-art baseline – and a rate of α = 10⁻³”.",
        "“We report … compared with a state-of-the-art baseline”",
        "The model “doesn’t generalise.”",
        "Nothing is quoted in the model's own words.",
        "They saw 'slower convergence' there.",
        "The model 'doesn't generalise' yet.",
        "The ‘model doesn’t generalise’.",
        "They saw „slower convergence“, ‚slower convergence‘ and „slower convergence” there.",
        "They saw »slower convergence«, «slower convergence» and ‹slower convergence›.",
        "They saw 「slower convergence」.",
        "It doesn't say whether the networks' depth or the models' width matters in the '90s.",
        "A 5' end, f'(x), rock 'n' roll and $x'$ or $y'$ are no quotations, nor is the maps' scale.",
        r"""Die Komplexit\"at der Bl\"ocke w\"achst, pratique d\'emontr\'ee par""",
        "`code` isn't a quotation, and neither are the networks' names.",
    ],
)
def test_missing_quotes_accepts_what_is_verbatim(statement):
    assert missing_quotes(statement, [SOURCE]) == []


@pytest.mark.parametrize(
    "statement",
    [
        "They saw “faster convergence” there.",
        "It was “compared with a baseline”.",
        "“baseline … We report”",
        "‘the model does generalise’",
        "They saw 'faster convergence' there.",
        "The model 'does generalise' there.",
        "They saw ‘faster’ convergence.",
        "The ‘model doesn’t converge’.",
        "They saw „faster convergence“ there.",
        "They saw „faster convergence” there.",
        "They saw ”faster convergence” there.",
        "They saw ‚faster convergence‘ there.",
        "They saw ‹faster convergence› there.",
        "They saw »faster convergence« there.",
        "They saw «faster convergence» there.",
        "They saw 「faster convergence」 there.",
        "They saw ＂faster convergence＂ there.",
        "They saw `faster convergence' there.",
        "It has “lower convergence”.",
        "“The model … generalise”",
    ],
)
def test_missing_quotes_names_what_is_altered(statement):
    assert missing_quotes(statement, [SOURCE]) == find_quotes(statement)
