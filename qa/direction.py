"""Pure: whether a statement points the other way than the sentence it rests on: negation, antonyms, who beats
whom, and what was cut off.

A hint and labelled so: on SciFact such signs tell SUPPORT from CONTRADICT badly. A flag sends an answer to a
curator; it never drops a statement, and its absence blesses nothing.
"""

import re
from collections.abc import Sequence

from qa.verbatim import NEGATORS, NO_NEGATION, cut_off, denied_part
from qa.wording import STOP_WORDS, coverage, plain, stem, terms, word_set

# Each line: words of one direction | words of the other, in any form, since they are compared by stem.
OPPOSITES = """
increase raise rise grow growth | decrease reduce reduction drop decline fall shrink lower
higher | lower
more | less fewer
greater larger | smaller less
stronger strengthen | weaker weaken
enhance amplify | suppress attenuate
gain win | lose
transparent | opaque
sharper | blurrier
faster quicker | slower slowly
longer | shorter
improve improvement enhance better best superior | worsen degrade degradation deteriorate worse worst inferior
outperform exceed surpass beat | underperform lag trail
upper | lower
maximum maximal above | minimum minimal below
sensitive sensitivity | insensitive insensitivity
stable stability | unstable instability
robust robustness | fragile brittle
possible feasible able | impossible infeasible unable
sufficient suffice enough adequate | insufficient inadequate
efficient | inefficient
consistent compatible agree agreement | inconsistent incompatible disagree disagreement tension conflict
require necessary | remove eliminate unnecessary avoid
allow enable permit | prevent forbid preclude exclude hinder
accelerate speed faster | slow slowly decelerate slower
positive positively | negative negatively
linear linearly | nonlinear nonlinearly
convergent converge | divergent diverge
known | unknown
support confirm favour favor | refute contradict disfavour disfavor reject
promote activate activation induce | inhibit inhibition suppress block
early earlier before prior | late later after
easy easier simple simpler | hard harder difficult complex challenging
often frequently frequent | rarely rare seldom
major leading | minor negligible
success successful succeed | failure fail unsuccessful
present presence | absent absence lack
gain advantage benefit | loss disadvantage penalty drawback
strong strongly | weak weakly
symmetric symmetry | asymmetric asymmetry
classical | nonclassical
reversible | irreversible
deterministic | stochastic probabilistic
"""
PREFIXES = ("un", "in", "im", "il", "ir", "non", "dis")
# "Informed" doesn't deny "formed".
NO_OPPOSITE = word_set(
    "formed formation former forming covered covering covers played playing tended tribute tributes stance"
    " stances stalled vested creased creases tension tensions"
)
COMPARISON = re.compile(
    r"\b(?P<verb>outperform\w*|exceed\w*|surpass\w*|beats?|better\s+than|higher\s+than|faster\s+than"
    r"|more\s+\w+\s+than|superior\s+to|larger\s+than|greater\s+than"
    r"|stronger\s+than|(?P<less>worse\s+than|lower\s+than|slower\s+than|less\s+\w+\s+than|inferior\s+to"
    r"|smaller\s+than|lags?\s+behind|weaker\s+than|fewer\s+\w+\s+than))\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(
    r"[,;:.()]|\b(?:and|but|while|whereas|although|because|which|when|with|in|on|by|at|for)\b", re.IGNORECASE
)
# The share of the statement's words that the evidence has, under which a missing "not" says nothing; and one
# that is enough for the weaker hint of several sentences (benchmarks/checking.py reports both).
ALIKE = 0.5
ALIKE_ENOUGH = 0.25
DENIED_FROM = 0.6  # of the statement's words, that stand in what the evidence denies; else it says more


def read_opposites() -> list[tuple[frozenset[str], frozenset[str]]]:
    """The pairs of directions, by stems."""
    pairs = []
    for line in OPPOSITES.strip().splitlines():
        one, other = (frozenset(stem(word) for word in side.split()) for side in line.split("|"))
        pairs.append((one - other, other - one))
    return pairs


PAIRS = read_opposites()


def turned_share(statement: str, sentences: Sequence[str]) -> float:
    """The share of a text's sentences nearest to a statement that seem to say the opposite, 0 to 1.

    A weaker sign than `direction_differs`, one of those that `qa/polarity.py` adds up: it tells SciFact's
    CONTRADICT from SUPPORT better, and is wrong more often.
    """
    turned = [bool(direction_differs(statement, one, alike=ALIKE_ENOUGH)) for one in sentences]
    return sum(turned) / len(turned) if turned else 0.0


def direction_differs(statement: str, evidence: str, *, alike: float = ALIKE) -> str:
    """Why the statement seems to turn its evidence around, as the end of a sentence; empty where nothing
    shows it, or where less than the share `alike` of its words stand there.
    """
    around = cut_off(statement, evidence)
    if around is not None:
        return around
    own, other = plain(statement), plain(evidence)
    if coverage(terms(own), terms(other)) < alike:
        return ""
    compared = compare_sides(own, other)
    if compared is not None and compared < 0:
        return "the two things that are compared have changed places"
    turned = opposite_words(own, other) if compared is None else ""
    return turned or other_negation(own, other) or denied_there(own, other)


def denied_there(statement: str, evidence: str) -> str:
    """What the evidence refutes or leaves open as a whole, where the statement says it as if it were so."""
    found = denied_part(evidence)
    if found is None or NEGATORS.search(statement) or denied_part(statement):
        return ""
    words, denied = found
    is_said = coverage(terms(statement), terms(denied)) >= DENIED_FROM
    return f"the source says “{words}” of it" if is_said else ""


def direction_agrees(statement: str, evidence: str) -> bool:
    """Whether the evidence points in the statement's direction: the same winner, or the same words."""
    own, other = plain(statement), plain(evidence)
    if COMPARISON.search(own):
        return (compare_sides(own, other) or 0) > 0
    stems, there = all_stems(own), all_stems(other)
    return any(stems & side & there for pair in PAIRS for side in pair)


def all_stems(text: str) -> set[str]:
    """Stems of all words of a text: "non-linear" closed up, "more slowly" as "slowly"."""
    closed = re.sub(r"\bmore (?=\w+ly\b)", "", re.sub(r"\b(non|un|in)-", r"\1", text.lower()))
    return {stem(word) for word in re.findall(r"[a-z]+", closed)}


def opposite_words(statement: str, evidence: str) -> str:
    """A word of one direction in the statement where the evidence has only words of the other."""
    own, other = all_stems(statement), all_stems(evidence)
    for one, opposite in PAIRS:
        for said, meant in ((one, opposite), (opposite, one)):
            if own & said and not own & meant and other & meant and not other & said:
                word, there = show(statement, own & said), show(evidence, other & meant)
                return f"it says “{word}” where the source says “{there}”"
    return prefixed_word(statement, evidence)


def prefixed_word(statement: str, evidence: str) -> str:
    """A word of the one that stands in the other only with an "un", "in" or the like before it."""
    own, other = (set(re.findall(r"[a-z]{6,}", text.lower())) for text in (statement, evidence))
    for mine, theirs in ((own, other), (other, own)):
        for word in sorted(mine - theirs):
            found = {prefix + word for prefix in PREFIXES} & (theirs - mine)
            if found and word not in NO_OPPOSITE:
                said, there = (word, min(found)) if mine is own else (min(found), word)
                return f"it says “{said}” where the source says “{there}”"
    return ""


def show(text: str, stems: set[str]) -> str:
    """The first word of the text that has one of the stems, as it is written there."""
    found = (word for word in re.findall(r"[A-Za-z]+(?:-[A-Za-z]+)*", text) if all_stems(word) & stems)
    return next(found, min(stems))


def compare_sides(statement: str, evidence: str) -> int | None:
    """Above 0 where what wins a comparison in one wins in the other too, under 0 where it loses; None where
    unclear.
    """
    own, other = COMPARISON.search(statement), COMPARISON.search(evidence)
    if not own or not other:
        return None
    winner, loser = sides(statement, own)
    winner_there, loser_there = sides(evidence, other)
    if winner & loser_there and loser & winner_there and not loser & loser_there:
        return -1  # whatever else both say beside the winner, such as where it was tested
    straight = len(winner & winner_there) + len(loser & loser_there)
    crossed = len(winner & loser_there) + len(loser & winner_there)
    return straight - crossed or None


def sides(text: str, match: re.Match[str]) -> tuple[set[str], set[str]]:
    """Terms of what wins and of what loses a comparison, without the terms that both have."""
    before = CLAUSE.split(text[: match.start()])[-1]
    after = CLAUSE.split(text[match.end() :].lstrip())[0]
    first, second = set(terms(before)), set(terms(after))
    first, second = first - second, second - first
    return (second, first) if match["less"] else (first, second)


def other_negation(statement: str, evidence: str) -> str:
    """One of the two denies what the other says: a "not" beside words that both have."""
    own, other = denied_terms(statement), denied_terms(evidence)
    if bool(own) == bool(other):
        return ""
    shared = (own or other) & set(terms(evidence if own else statement))
    if not shared:
        return ""
    return "it denies what the source says" if own else "the source denies what it says"


def denied_terms(text: str) -> set[str]:
    """Content terms among the five words after each negator."""
    bare = NO_NEGATION.sub(" ", text)
    denied: set[str] = set()
    for match in NEGATORS.finditer(bare):
        following = [
            word for word in re.findall(r"[a-z-]+", bare[match.end() :].lower()) if word not in STOP_WORDS
        ][:3]
        denied.update(stem(word) for word in following)
    return denied
