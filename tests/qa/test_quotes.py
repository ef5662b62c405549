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
    ],
)
def test_missing_quotes_names_what_is_altered(statement):
    assert missing_quotes(statement, [SOURCE]) == find_quotes(statement)
