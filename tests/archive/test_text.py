import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text import RefusedText, clean_line, clean_text


@pytest.mark.parametrize("text", ["a\x00b", "lone \ud800", "\udfff"])
def test_nul_and_lone_surrogates_are_refused_by_name(text: str) -> None:
    with pytest.raises(RefusedText, match=r"U\+(0000|D800|DFFF)"):
        clean_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e\u0301tat", "\u00e9tat"),
        ("a\u202eb\u2066c\u200fd", "abcd"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("bell\x07 and\x1b[31m", "bell and[31m"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("q" + "\u0321" * 50, "q" + "\u0321" * 4),
        ("$\\alpha_{1}$ < \u03b2 \U0001f600", "$\\alpha_{1}$ < \u03b2 \U0001f600"),
    ],
)
def test_what_does_not_show_is_taken_out_and_the_rest_stays(text: str, expected: str) -> None:
    assert clean_text(text) == expected


def test_a_line_has_single_spaces() -> None:
    assert clean_line("  A title\n  over\t two lines ") == "A title over two lines"


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    try:
        cleaned = clean_text(text)
    except RefusedText:
        return
    assert clean_text(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
