"""Pure: whether two questions that are near in meaning ask the same. The guard of the look-up of duplicates.

Embeddings hardly see a "not", a number or an exchanged organ: two questions are the same only where nothing
but grammar and framing differs. Every other word that one has and the other lacks keeps them apart, as does
another order of the same words. When in doubt they differ: then both have their page.
"""

import re
from functools import cache

from qa.text_keys import normalise
from qa.wording import word_set

SAME = 0.85  # cosine from which on the guard is asked; benchmarks/duplicates.py reports both together
RELATED = 0.62  # cosine from which on a question is suggested: precision .8 in benchmarks/duplicates.py

# Words that change neither what is asked about nor how it is asked.
GRAMMAR = word_set(
    """
    a an the of in at as do does did is are was were be been being has have had that there it its
    please exactly actually really currently presently also their
    """
)
# The same kind of asking in other words. On the left regular expressions on the normalised text.
FRAMES = [
    (
        r"^(?:please )?(?:can|could|would) (?:you|someone|anybody) (?:please )?(?:tell me|explain|say)\b",
        "",
    ),
    (r"^(?:i (?:would|d) like to know|i want to know|i wonder|i am wondering|tell me|do you know)\b", ""),
    (r"^(?:please )?(?:explain|describe)\b(?= (?:how|why|what|when|where|which|who))", ""),
    (r"\b(?:in (?:what|which) (?:way|ways|manner)|by (?:what|which) means)\b", "how"),
    (
        r"\b(?:for what reasons?|how come|what (?:is|are) the reasons? (?:why|that|for what))\b",
        "why",
    ),
    (r"\bwhich\b", "what"),
    (r"\bwhat s\b", "what is"),
    (r"^what (?:is|are) (?:the )?(?:effects?|influences?|impacts?) of (.+?) on (.+)$", r"how affect \1 | \2"),
    (
        r"^what (?:effects?|influences?|impacts?) (?:does|do|has|have) (.+?) have on (.+)$",
        r"how affect \1 | \2",
    ),
    (r"^how (?:does|do|did|is|are) (.+?) (?:affect|influence|impact|affecting) (.+)$", r"how affect \1 | \2"),
    (r"\b(?:how come|why is it that)\b", "why"),
    (r"\bis it (?:possible|feasible) to\b", "can somebody"),
    (r"\bcan (?:we|one|i|you)\b", "can somebody"),
    (r"\bhow (?:can|could|do|does|should|would) (?:we|one|i|you)\b", "how somebody"),
]
ALIKE = [  # words for one thing; only such as can't be told apart in any field
    word_set("use using used usage utilise utilize employ employed utilised utilized"),
    word_set("approach approaches method methods technique techniques"),
    word_set("big large"), word_set("tumor tumour"), word_set("color colour"), word_set("behavior behaviour"),
    word_set("restrict limit constrain restricts limits constrains"), word_set("purpose aim"),
    word_set("show demonstrate"), word_set("paper article"), word_set("photo photograph"),
    word_set("main principal"), word_set("vs versus"), word_set("start begin"),
]  # fmt: skip
PLAIN_PLURAL = re.compile(r"^(\w{2,}[^siux\d])s$")
IES = re.compile(r"^(\w{3,})ies$")
ES = re.compile(r"^(\w+(?:ss|sh|ch|x))es$")
BRITISH = re.compile(r"^(\w{3,})is(e|ed|er|ers|es|ing|ation|ations)$")
JOINED = re.compile(r"\b(?:and|or|versus)\b")
# What may stand before two sides at the beginning of a question; "affect" is put there by FRAMES.
ASKING = word_set("how why what who when where whose can should will may somebody affect compare")


def ask_the_same(one: str, other: str) -> bool:
    """Whether nothing but grammar and framing tells two questions apart, by their words alone."""
    return canonical(one) == canonical(other)


def canonical(text: str) -> tuple[str, ...]:
    """What a question asks, word by word: without grammar and framing, each word in its plainest form.

    Two sides that "and", "or" or "vs" join are put in alphabetical order; all other order counts.
    """
    plain = normalise(text)
    for pattern, replacement in frames():
        plain = pattern.sub(replacement, plain)
    words = [lemma(word) for word in plain.split() if word not in GRAMMAR]
    return tuple(sort_joined(words))


@cache
def frames() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern), replacement) for pattern, replacement in FRAMES]


def lemma(word: str) -> str:
    """The word without a plural's ending, in American spelling, or the first of the words for its thing."""
    for group in ALIKE:
        if word in group:
            return min(group)
    word = BRITISH.sub(r"\1iz\2", word)
    for pattern, replacement in ((IES, r"\1y"), (ES, r"\1"), (PLAIN_PLURAL, r"\1")):
        if pattern.match(word):
            return pattern.sub(replacement, word)
    return word


def sort_joined(words: list[str]) -> list[str]:
    """The words with the two neighbours of each "and", "or" and "versus" in alphabetical order, where these
    join two sides and no clauses: "A turns to B and C turns to D" is another thing with B and C exchanged.
    """
    sorted_words = list(words)
    for place in range(1, len(words) - 1):
        if JOINED.fullmatch(words[place]) and joins_sides(words, place):
            before, after = sorted((words[place - 1], words[place + 1]))
            sorted_words[place - 1], sorted_words[place + 1] = before, after
    return sorted_words


def joins_sides(words: list[str], place: int) -> bool:
    """Whether nothing but the asking stands before two joined words, or nothing after them; what "versus" or
    "between" join are no clauses.
    """
    before = words[: place - 1]
    is_plain = words[place] == "versus" or before[-1:] == ["between"]
    return is_plain or ASKING.issuperset(before) or place + 2 == len(words)
