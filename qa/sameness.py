"""Pure: whether two questions that are near in meaning ask the same. The guard of the look-up of duplicates.

Embeddings hardly see a "not", a number or an exchanged organ: two questions are the same only where nothing
but grammar and framing differs. Every other word that one has and the other lacks keeps them apart, as does
another order of the same words, another tense, or an abbreviation that is a word in small letters. When in
doubt they differ: then both have their page.
"""

import re
from functools import cache

from qa.text_keys import normalise
from qa.wording import STOP_WORDS, word_set

SAME = 0.85  # cosine from which on the guard is asked; benchmarks/duplicates.py reports both together
RELATED = 0.62  # cosine from which on a question is suggested: precision .8 in benchmarks/duplicates.py

# Words that change neither what is asked about nor how it is asked. Prepositions do: trust in robots is not
# the robots' own.
GRAMMAR = word_set("a an the do does there please actually really currently presently")
# Wherever they stand, only their kind counts: whether something is, or has; and whether it was.
AUXILIARIES = {
    **dict.fromkeys(["is", "are", "be", "being"], "+be"),
    **dict.fromkeys(["was", "were"], "+be +past"),
    **dict.fromkeys(["has", "have"], "+have"),
    "had": "+have +past", "did": "+past", "been": "+be",
}  # fmt: skip
# In capitals it is a name: the WHO is not who, nor a PET a pet, and hepatitis A not any.
CAPITALS = re.compile(r"\b[A-Z]{2,}\b|(?<=\w )A\b")
WORDS_TOO = STOP_WORDS | word_set("aids arm cat dot led pet ram sat")
SOMEBODY = "(?:anybody|anyone|somebody|someone)"
LIKE_TO_KNOW = (
    "(?:i (?:would|d)|id) like to (?:know|learn|understand)|i want to (?:know|understand)"
    "|(?:i am|im) (?:curious|wondering)|i wonder"
)
# The same kind of asking in other words. On the left regular expressions on the normalised text.
FRAMES = [
    (r"^(?:hi|hello|hey)\b(?: (?:all|everybody|everyone|there)\b)?", ""),
    (rf"^ ?(?:please )?(?:can|could|would) (?:you|{SOMEBODY}) (?:please )?(?:tell me|explain|say)\b", ""),
    (
        rf"^ ?(?:please )?(?:{LIKE_TO_KNOW}|tell me|do you know|does {SOMEBODY} know)\b(?: whether\b)?",
        "",
    ),
    (r"\bwhat do (?:we|you) know about\b", "what is known about"),
    (r"^(?:please )?(?:explain|describe)\b(?= (?:how|why|what|when|where|which|who))", ""),
    (r"\b(?:in (?:what|which) (?:way|ways|manner)|by (?:what|which) means)\b", "how"),
    (
        r"\b(?:for what reasons?|how come|what (?:is|are) the reasons? (?:why|that|for what))\b",
        "why",
    ),
    (r"\b(what|which|how|why|when|where|who) exactly\b", r"\1"),
    (r"\ba few\b", "several"),
    (r"\ba little\b", "somewhat"),
    (r"\bwhich\b", "what"),
    (r"\b(what|how|why|when|where|who)s\b", r"\1 is"),
    (r"^what (?:is|are) (?:the )?(?:effects?|influences?|impacts?) of (.+?) on (.+)$", r"how affect \1 | \2"),
    (
        r"^what (?:effects?|influences?|impacts?) (?:does|do|has|have) (.+?) have on (.+)$",
        r"how affect \1 | \2",
    ),
    (r"^how (?:does|do|is|are) (.+?) (?:affect|influence|impact|affecting) (.+)$", r"how affect \1 | \2"),
    (r"^how did (.+?) (?:affect|influence|impact) (.+)$", r"how affect \1 | \2 did"),
    (r"^what (?:is|are) (?:the )?(\w+) of (.+)$", r"what \1 of \2"),
    (r"^what (\w+) (?:are|is) there of (.+)$", r"what \1 of \2"),
    (r"^what (\w+) (?:does|do) (.+) have$", r"what \1 of \2"),
    (r"\b(?:how come|why is it that)\b", "why"),
    (r"\bhow (?:can|could|do|does) (?:we|one|i|you)\b", "how somebody"),
    (r"\bis it (?:possible|feasible) to\b", "can somebody"),
    (r"\bcan (?:we|one|i|you)\b", "can somebody"),
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
OWN_PLURALS = word_set("arms customs glasses goods means news")  # their singular is another thing
JOINED = re.compile(r"\b(?:and|or|versus)\b")
# Behind these a joined pair stands by itself; an adjective may belong to its first word alone.
BEFORE_SIDES = word_set("about against among at between by for from in of on to with without")
ORDERED = word_set("advantage benefit commutator composition gain order quotient ratio respectively sequence")
# What may stand before two sides at the beginning of a question; "affect" is put there by FRAMES.
ASKING = word_set("how why what who when where whose can should will may somebody affect compare")


def ask_the_same(one: str, other: str) -> bool:
    """Whether nothing but grammar and framing tells two questions apart, by their words alone."""
    return canonical(one) == canonical(other)


def canonical(text: str) -> tuple[str, ...]:
    """What a question asks, word by word: without grammar and framing, each word in its plainest form, and
    the kinds of its auxiliaries at the end.

    Two sides that "and", "or" or "vs" join are put in alphabetical order; all other order counts.
    """
    plain = normalise(name_capitals(text))
    for pattern, replacement in frames():
        plain = pattern.sub(replacement, plain)
    kinds = {kind for word in plain.split() for kind in AUXILIARIES.get(word, "").split()}
    words = [lemma(word) for word in plain.split() if word not in GRAMMAR and word not in AUXILIARIES]
    return (*sort_joined(words), *sorted(kinds))


def name_capitals(text: str) -> str:
    """The text with those of its abbreviations marked that are words in small letters; of a text in capitals
    nothing can be told.
    """
    if text.isupper():
        return text
    return CAPITALS.sub(lambda found: found[0] + "0" * (found[0].lower() in WORDS_TOO), text)


@cache
def frames() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern), replacement) for pattern, replacement in FRAMES]


def lemma(word: str) -> str:
    """The word without a plural's ending, in American spelling, or the first of the words for its thing."""
    for group in ALIKE:
        if word in group:
            return min(group)
    if word in OWN_PLURALS:
        return word
    word = BRITISH.sub(r"\1iz\2", word)
    for pattern, replacement in ((IES, r"\1y"), (ES, r"\1"), (PLAIN_PLURAL, r"\1")):
        if pattern.match(word):
            return pattern.sub(replacement, word)
    return word


def sort_joined(words: list[str]) -> list[str]:
    """The words with the two neighbours of each "and", "or" and "versus" in alphabetical order, where these
    join two sides and no clauses: "A turns to B and C turns to D" is another thing with B and C exchanged.
    """
    if not ORDERED.isdisjoint(words):
        return words
    sorted_words = list(words)
    for place in range(1, len(words) - 1):
        if JOINED.fullmatch(words[place]) and joins_sides(words, place):
            before, after = sorted((words[place - 1], words[place + 1]))
            sorted_words[place - 1], sorted_words[place + 1] = before, after
    return sorted_words


def joins_sides(words: list[str], place: int) -> bool:
    """Whether nothing but the asking stands before two joined words, or "between", or a preposition before
    them and nothing behind.
    """
    before = words[: place - 1]
    if ASKING.issuperset(before) or before[-1] == "between":
        return True
    return before[-1] in BEFORE_SIDES and place + 2 == len(words)
