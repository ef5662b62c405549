"""Pure: whether a statement's figures stand beside the same words as in the text that it cites.

Every figure of "A reached 0.80, B 0.70" can be found in a text that says it the other way round. So the words
around each figure are compared with those around the same figure in the source, and around the others that
could have stood there. A hint like the direction: it sends an answer to a curator, and drops nothing.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from qa.figures import GOES_ON, comparable, read_figures
from qa.quantities import LOOSE_VALUES, Figure
from qa.verbatim import find_words
from qa.wording import STOP_WORDS, squash, stem, weight

# benchmarks/checking.py prints how many exchanged figures these catch, and how many good ones they doubt.
CLEARLY = 0.3  # by so much the words around another figure must fit better
FITTING_FROM = 0.45  # and as well as this
NEAR = 3.0  # content words, after which a word counts half
BEYOND_FIGURE = 0.4  # what a word counts for on the other side of the next figure
OTHER_SIDE = 0.5  # and where it stands after the figure instead of before it

WORD = re.compile(r"[A-Za-z][A-Za-z-]+|[.;](?=\s|$)")


@dataclass(frozen=True)
class Placed:
    """A figure and the words around it: how much each counts, by stem, before and after it.

    `series` is one number for all figures of a list or range: what stands between them tells them not apart.
    """

    figure: Figure
    series: int
    before: dict[str, float]
    after: dict[str, float]


def exchanged_figures(statement: str, sources: Sequence[str]) -> tuple[str, str] | None:
    """A figure of the statement, and the one that the sources have in its place; None where all stand right.

    Only figures that a source has are judged: the others are missing ones.
    """
    if any(find_words(squash(source), squash(statement)) >= 0 for source in sources):
        return None
    for one in place_figures(statement):
        is_known, here, there, rival = False, 0.0, 0.0, None
        for source in sources:
            placed = place_figures(source, is_source=True)
            same = [other for other in placed if not one.figure.keys.isdisjoint(other.figure.keys)]
            is_known = is_known or bool(same)
            here = max([here, *(fit(one, other) for other in same)])
            for other in find_rivals(one, placed, same):
                if (value := fit(one, other)) > there:
                    there, rival = value, other
        if rival and is_known and there >= FITTING_FROM and there - here >= CLEARLY:
            return one.figure.shown, rival.figure.shown
    return None


def find_rivals(one: Placed, placed: Sequence[Placed], same: Sequence[Placed]) -> list[Placed]:
    """The figures of a source that could stand in a figure's place, and aren't listed together with it."""
    together = {other.series for other in same}
    return [other for other in placed if is_rival(one.figure, other.figure) and other.series not in together]


def is_rival(figure: Figure, other: Figure) -> bool:
    """Whether another figure could stand in a figure's place: another value of its unit, no "both"."""
    is_loose = other.shown.lower() in LOOSE_VALUES
    return figure.unit == other.unit and figure.keys.isdisjoint(other.keys) and not is_loose


def fit(own: Placed, other: Placed) -> float:
    """How much of the words around a figure stands around another, 0 to 1, near ones counting most."""
    total = gained = 0.0
    for words, same_side, far_side in (
        (own.before, other.before, other.after),
        (own.after, other.after, other.before),
    ):
        for word, near in words.items():
            value = near * weight(word)
            total += value
            gained += value * max(
                min(1.0, same_side.get(word, 0.0) / near),
                OTHER_SIDE * min(1.0, far_side.get(word, 0.0) / near),
            )
    return gained / total if total else 0.0


@lru_cache(maxsize=256)
def place_figures(text: str, *, is_source: bool = False) -> tuple[Placed, ...]:
    """The numbers of a text with the words of their sentence around them; kept, as each statement asks."""
    bare = comparable(text)
    figures = [one for one in read_figures(text, is_source=is_source) if one.value is not None]
    starts = [one.start for one in figures]
    words = [match for match in WORD.finditer(bare) if match.group() in ".;" or is_content(match.group())]
    series = [0]
    for one, following in pairwise(figures):
        is_joined = GOES_ON.fullmatch(bare, one.end, max(one.end, following.start))
        series.append(series[-1] + (not is_joined))
    return tuple(
        Placed(
            one,
            number,
            near_words([m for m in reversed(words) if m.end() <= one.start], one.start, starts),
            near_words([m for m in words if m.start() >= one.end], one.end, starts),
        )
        for one, number in zip(figures, series, strict=False)
    )


def is_content(word: str) -> bool:
    """Whether a word says something of a figure beside it."""
    return word.lower() not in STOP_WORDS


def near_words(words: list[re.Match[str]], start: int, figures: list[int]) -> dict[str, float]:
    """How much each word counts, from a figure on to the end of the sentence: less and less."""
    found: dict[str, float] = {}
    for distance, match in enumerate(words):
        if match.group() in ".;":
            break
        low, high = sorted((bisect(figures, start), bisect(figures, match.start())))
        beyond = high - low
        found.setdefault(stem(match.group().lower()), BEYOND_FIGURE ** max(0, beyond) / (1 + distance / NEAR))
    return found
