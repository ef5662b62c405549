"""Pure: whether sentences point the other way than a statement, weighed together: a hint for curators.

Where `qa/direction.py` looks for one plain sign of a reversal, this adds up weak ones: words that raise or
lower, with the negations before them, findings of no effect, and where both stand among shared words.
Fitted by benchmarks/checking.py on one half of SciFact's claims and reported on the other, both ways.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qa.direction import PAIRS, turned_share
from qa.wording import plain, stem, terms, word_set

# Written by: python benchmarks/checking.py
INTERCEPT = -0.19
COEFFICIENTS = (0.14, 0.96, 0.51, 0.65, 0.25)

MENTIONED_FROM = (
    0.6  # so that 7 % of the true claims of the fitted half are mentioned, and 30 % of the turned
)

NEGATION_REACH = 4  # words after a negator whose direction it turns
NEARNESS = 4.0  # words from a shared one, over which a direction word's say falls to a third
MOST_OPPOSITES = 2

RAISING = word_set(
    """
    increase raise rise grow growth higher more greater larger stronger strengthen enhance amplify gain
    win faster quicker longer improve improvement better best superior outperform exceed surpass beat
    upper sensitive sensitivity stable stability robust possible feasible able sufficient adequate
    efficient consistent agree require necessary allow enable permit accelerate positive positively
    promote activate activation induce stimulate elevate upregulate augment facilitate boost expand
    extend maintain preserve protect support confirm favour success successful presence present strong
    strongly benefit advantage effective associated linked essential critical high common frequent
    contribute cause lead trigger drive confer susceptible express overexpress
    """
)
LOWERING = word_set(
    """
    decrease reduce reduction drop decline fall shrink lower less fewer smaller weaker weaken suppress
    attenuate lose slower slowly shorter worsen degrade degradation deteriorate worse worst inferior
    underperform insensitive unstable instability fragile impossible infeasible unable insufficient
    inadequate inefficient inconsistent disagree remove eliminate unnecessary avoid prevent forbid
    preclude exclude hinder slow decelerate negative negatively inhibit inhibition block refute
    contradict reject failure fail unsuccessful absence absent lack weak weakly disadvantage loss
    ineffective unrelated low rare rarely impair abrogate abolish deplete downregulate diminish
    deficient deficiency deletion knockdown knockout mutant disrupt restrict limit mitigate alleviate
    ameliorate dispensable independent resist resistant minimal impede repress silence reverse
    counteract antagonize
    """
)
NEGATORS = word_set(
    "not no without cannot neither nor never lack lacks lacking fail fails failed absence little none"
    " unlikely"
)
NO_EFFECT = re.compile(
    r"""\b(?:no\s+(?:(?:significant|clear|apparent|overall|additional|further)\s+)?(?:\w+\s+)?
        (?:effect|association|difference|change|evidence|increase|decrease|reduction|impact|benefit
        |relationship|correlation|influence|role|link)s?
    | not\s+(?:(?:significantly|statistically|been)\s+)?(?:\w+\s+)?
        (?:associated|differ\w*|affect\w*|change\w*|alter\w*|influence\w*|improve\w*|reduce\w*|increase\w*
        |correlat\w*|related|significant\w*|linked|required|necessary)
    | (?:did|does|do)\s+not | nonsignificant | unchanged | unaffected | unaltered
    | similar\s+(?:in|between|among|across) | independent(?:ly)?\s+of | dispensable | failed\s+to
    | neither)\b""",
    re.IGNORECASE | re.VERBOSE,
)
DENIES = re.compile(r"\bnot\b|\bno\b|cannot|lack", re.IGNORECASE)


@dataclass(frozen=True)
class Sign:
    """A word of direction: its place among the words, +1 or -1 with its negation, its stem."""

    place: int
    value: int
    stem: str


@dataclass(frozen=True)
class Pointed:
    """A text's stems in order, with those of them that point up or down."""

    stems: list[str]
    signs: list[Sign]

    @property
    def product(self) -> int:
        """+1 where an even number of them points down, -1 where an odd one does, 0 where there is none."""
        return int(np.prod([sign.value for sign in self.signs])) if self.signs else 0


def stems_of(words: frozenset[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words)


UP, DOWN = stems_of(RAISING) - stems_of(LOWERING), stems_of(LOWERING) - stems_of(RAISING)


def read_signs(text: str) -> Pointed:
    """The directions of a text. "does not increase" points down."""
    words = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", plain(text).lower())
    stems = [stem(word) for word in words]
    signs = []
    for place, one in enumerate(stems):
        value = (one in UP) - (one in DOWN)
        if value and not NEGATORS.isdisjoint(words[max(0, place - NEGATION_REACH) : place]):
            value = -value
        if value:
            signs.append(Sign(place, value, one))
    return Pointed(stems, signs)


def other_product(own: Pointed, other: Pointed) -> float:
    """1 where the directions of the two multiply to different signs, -1 where to the same."""
    return -float(own.product * other.product)


def other_leaning(own: Pointed, other: Pointed) -> float:
    """-1 to 1: whether the other's directions near the words that both have sum up to the other sign."""
    leaning = np.sign(sum(sign.value for sign in own.signs))
    shared = set(own.stems) - {sign.stem for sign in own.signs}
    places = [place for place, one in enumerate(other.stems) if one in shared]
    total = 0.0
    for sign in other.signs:
        away = min((abs(sign.place - place) for place in places if place != sign.place), default=math.inf)
        total += sign.value * math.exp(-away / NEARNESS)
    return -float(leaning) * math.tanh(total)


def reversal_features(statement: str, sentences: Sequence[str]) -> np.ndarray:
    """Five signs of a reversal. Averaged over the sentences: another product, another leaning, a finding of
    no effect on one side only, a turned sentence; then how many words have an opposite there.
    """
    own = read_signs(statement)
    own = Pointed([one for one in own.stems if one in set(terms(statement))], own.signs)
    others = [read_signs(sentence) for sentence in sentences]
    denies = bool(NO_EFFECT.search(statement) or DENIES.search(statement))
    silent = [bool(NO_EFFECT.search(sentence)) != denies for sentence in sentences]
    return np.array(
        [
            mean(other_product, own, others),
            mean(other_leaning, own, others),
            sum(silent) / max(1, len(silent)),
            turned_share(statement, sentences),
            min(sum(count_opposites(own, other) for other in others), MOST_OPPOSITES),
        ]
    )


def mean(measure: Callable[[Pointed, Pointed], float], own: Pointed, others: Sequence[Pointed]) -> float:
    return sum(measure(own, other) for other in others) / max(1, len(others))


def count_opposites(own: Pointed, other: Pointed) -> int:
    """How many words of direction in one have an opposite in the other."""
    there = {sign.stem for sign in other.signs}
    pairs = [pair for one, two in PAIRS for pair in ((one, two), (two, one))]
    return sum(
        sign.stem in said and not there.isdisjoint(meant) for sign in own.signs for said, meant in pairs
    )


def reversal_score(statement: str, sentences: Sequence[str]) -> float:
    """How much the sentences nearest to a statement seem to say the opposite, 0 to 1. No probability."""
    value = INTERCEPT + float(reversal_features(statement, sentences) @ np.array(COEFFICIENTS))
    return 1 / (1 + math.exp(-value))
