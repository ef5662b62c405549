"""Pure: whether a number in a text is a bound: "at least 90%", "p < 0.05", "90% or more"."""

import re
from collections.abc import Collection

# "Over", "under" and "within" are left out: over 14 days is no bound.
COMPARED = re.compile(
    r"(?:(?P<upper><=?|≤|\b(?:at\s+most|up\s+to|(?:less|fewer|lower|smaller|shorter)\s+than|below|(?:a\s+)?maximum\s+of"
    r"|as\s+(?:much|many|high|large|long)\s+as))"
    r"|(?P<lower>>=?|≥|\b(?:at\s+least|(?:more|greater|larger|higher|longer|better)\s+than|above|exceed(?:s|ed|ing)?"
    r"|(?:a\s+)?minimum\s+of|upwards\s+of)))"
    r"\s*(?:(?:about|approximately|around|roughly|~|≈)\s*)?-?$",
    re.IGNORECASE,
)
FOLLOWED = re.compile(
    r"\s*(?:(?P<lower>(?:or|and)\s+(?:more|higher|above|greater|longer|larger|better)\b|<=?|≤)"
    r"|(?P<upper>(?:or|and)\s+(?:less|fewer|lower|below|shorter|smaller)\b|>=?|≥))",
    re.IGNORECASE,
)
DENIED = re.compile(r"(?:\b(?:no|not|never|cannot)|n't)\s+(?:\w+\s+)?$", re.IGNORECASE)
REACH = 40  # characters before a number that are looked at


def bound_of(bare: str, start: int, end: int) -> tuple[int, str]:
    """1 for a lower bound ("at least"), -1 for an upper one, 0 for none, and the words that say so."""
    before = bare[max(0, start - REACH) : start]
    if found := COMPARED.search(before):
        bound = -1 if found["upper"] else 1
        denied = DENIED.search(before[: found.start()])
        words = before[denied.start() if denied else found.start() :].strip(" -")
        return (-bound if denied else bound), words
    if found := FOLLOWED.match(bare, end):
        return (1 if found["lower"] else -1), found.group().strip()
    return 0, ""


def is_turned(own: int, bounds: Collection[int]) -> bool:
    """Whether a bound is the other one wherever the sources have its number."""
    return own != 0 and set(bounds) == {-own}
