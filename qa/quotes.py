"""Pure: the quoted spans of a text, and whether they stand verbatim in a source."""

import re
from collections.abc import Sequence

from qa.verbatim import NEGATORS, find_words
from qa.wording import squash

# Marks of every kind are read as one double and one single mark, whatever was paired with what. Primes are
# none: they are feet, minutes and derivatives. Behind a backslash a mark is an accent of TeX. A backtick is
# one only before a word that ends as TeX has it.
DOUBLE = str.maketrans(dict.fromkeys("“”„‟«»＂〝〞〟❝❞「」『』《》", '"'))
SINGLE = str.maketrans(dict.fromkeys("‘’‚‛‹›＇❛❜", "'"))
TEX_SINGLE = re.compile(r"(?<![\w`])`(?=[^`'\n]+'(?![\w']))")
# A single mark is an apostrophe beside a letter: a quotation begins after a space or bracket, ends before
# none of the letters, and is no "'n'" and no "'90s".
QUOTE = re.compile(
    r"(?<!\\)\"((?:\\.|[^\"\\])+)\"|``(.+?)''"
    r"|(?<![^\s(\[—–/\"-])'(?!\d\ds)((?:[^'\s]|(?<=\w)'(?=\w))(?:[^']|(?<=\w)'(?=\w))+)(?<!\\)'(?!\w)",
    re.DOTALL,
)
ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:\.\.\.|…)\s*\]|\.\.\.|…)\s*")


def find_quotes(text: str) -> list[str]:
    """What stands between quotation marks, in order."""
    return [quoted_part(text, match) for match in match_quotes(text)]


def match_quotes(text: str) -> list[re.Match[str]]:
    """The quotations of a text, at their places there: each mark is read as another of one character."""
    return list(QUOTE.finditer(TEX_SINGLE.sub("'", text.translate(DOUBLE).translate(SINGLE))))


def quoted_part(text: str, match: re.Match[str]) -> str:
    """What a match holds between its marks, as the text has it."""
    start, end = match.span(match.lastindex or 0)
    return text[start:end]


def missing_quotes(text: str, sources: Sequence[str]) -> list[str]:
    """The quotations that none of the texts has verbatim. Spaces, dashes, kinds of quotes and TeX may be
    written otherwise.
    """
    held = [squash(source) for source in sources]
    return [quote for quote in find_quotes(text) if not any(stands_in(quote, source) for source in held)]


def without_quotes(text: str, sources: Sequence[str]) -> str:
    """The text without the quotations that stand in a source: those words are the source's own."""
    held = [squash(source) for source in sources]
    for match in reversed(match_quotes(text)):
        if any(stands_in(quoted_part(text, match), source) for source in held):
            text = f"{text[: match.start()]} {text[match.end() :]}"
    return text


def stands_in(quote: str, source: str) -> bool:
    """Whether all parts of a quotation, split where it leaves something out, stand in a squashed text in
    their order, as whole words. What is left out may be no "not".
    """
    parts = [part for part in (squash(part) for part in ELLIPSIS.split(quote)) if part]
    end = None
    for part in parts:
        place = find_words(source, part, end or 0)
        if place < 0 or (end is not None and NEGATORS.search(source[end:place])):
            return False
        end = place + len(part)
    return True
