"""Pure: the quoted spans of a statement, and whether they stand verbatim in a cited text."""

import re
from collections.abc import Sequence

from qa.wording import squash

# Double quotes of every kind, TeX's included; single ones only around several words, as they are
# apostrophes too.
QUOTE = re.compile(r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|``(.+?)''|(?<![\w])‘([^‘’]+\s[^‘’]+)’(?!\w)")
ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:\.\.\.|…)\s*\]|\.\.\.|…)\s*")


def find_quotes(text: str) -> list[str]:
    """What stands between quotation marks, in order."""
    return [next(group for group in match.groups() if group) for match in QUOTE.finditer(text)]


def missing_quotes(text: str, sources: Sequence[str]) -> list[str]:
    """The quotations that none of the texts has verbatim. Spaces, dashes, kinds of quotes and TeX may be
    written otherwise.
    """
    held = [squash(source) for source in sources]
    return [quote for quote in find_quotes(text) if not any(stands_in(quote, source) for source in held)]


def stands_in(quote: str, source: str) -> bool:
    """Whether all parts of a quotation, split where it leaves something out, stand in a squashed text in
    their order.
    """
    place = 0
    for part in filter(None, (squash(part) for part in ELLIPSIS.split(quote))):
        place = source.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True
