"""Pure: what an abstract's abbreviations stand for, as it says itself: "simulated annealing (SA)"."""

import re

from qa.wording import terms

SHORT_FORM = re.compile(r"((?:[\w'’-]+[ -]){1,8}?[\w'’-]+) \(([A-Z][A-Za-z]{0,4}[A-Z]s?)\)")
WORD = re.compile(r"\w+")


def read_acronyms(text: str) -> dict[str, frozenset[str]]:
    """The terms that each abbreviation of a text stands for, where its letters begin the words before it."""
    found = {}
    for match in SHORT_FORM.finditer(text):
        short = match[2].removesuffix("s")
        long_form = spelled_out(match[1], short)
        if long_form:
            found[short] = frozenset(terms(long_form))
    return found


def spelled_out(before: str, short: str) -> str:
    """The last words of a text that begin with these letters, one each; empty where they don't."""
    words = list(WORD.finditer(before))[-len(short) :]
    if [word[0][0].lower() for word in words] != list(short.lower()):
        return ""
    return before[words[0].start() :]


def expand(text: str, acronyms: dict[str, frozenset[str]]) -> frozenset[str]:
    """The terms that the abbreviations in a text stand for."""
    words = {word.removesuffix("s") for word in WORD.findall(text)}
    return frozenset(term for short in words & acronyms.keys() for term in acronyms[short])
