"""Pure: what a question asks about, and how much of that a text covers. Decides between an answer and a partial one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from qa.wording import STOP_WORDS, coverage, terms, weight

# Words that frame a question without being what it is about.
FRAME_WORDS = frozenset(
    [
        *"specific specifically particular exact current currently recent recently known available existing different various"
        " certain possible possibly main major key general typical typically actual actually today modern good best better"
        " effect effects affect affects role roles impact influence influences advantage advantages disadvantage"
        " disadvantages difference differences way ways kind kinds type types example examples reason reasons evidence"
        " results result research work works study studies paper papers preprint preprints archive literature question"
        " problem problems method methods approach approaches technique techniques strategy strategies progress state art"
        " explain describe compare compared comparing tell give list show shows shown overview summary think say says said".split()
    ]
)
# Verbs that stand between the things a question is about. Where one is a noun as well ("match", "limit"), the phrase
# only loses its first or last word.
VERBS = frozenset(
    [
        *"achieve achieved achieves allow allows applied apply arise arises become becomes behave behaves bring build built"
        " capture cause caused causes change changes compete come comes contribute depend depends detect detected determine"
        " determined differ differs emerge enable enables enabled estimate evaluate exceed exist exists explain explains find"
        " found generate generated generates get gets give gives go happen happens help helps hold holds implement"
        " implemented improve improved improves increase increases interact know lead leads learn limit limits limited make"
        " makes match matches matter matters measure measured mean means mitigate mitigated need needed needs obtain offer"
        " offers outperform outperforms perform performs performed play plays predict predicted prevent prevents produce"
        " produces provide provides reach reached realise realised realize realized reduce reduced reduces relate related"
        " remain remains require required requires run runs scale scales show solve solved suffer suffers suggest suggests"
        " support supports take takes train trained treat treated trust understand understood work worked works beat beats"
        " benefit benefits cope fail fails handle handles surpass surpasses constrain constrains tell tells".split()
    ]
)
TOKEN = re.compile(r"\$[^$]+\$|[^\W_](?:[\w'’./+-]*[\w+])?|[^\w\s]")
COMMON_UNDER = 1.0  # terms of less weight ("model", "perform", "result") are not asked for by name


@dataclass(frozen=True)
class Phrase:
    """A thing that the question is about, in its own words, with the terms that a text on it must hold."""

    text: str
    terms: frozenset[str]


@dataclass(frozen=True)
class Focus:
    """What a question is about."""

    terms: frozenset[str]
    phrases: list[Phrase]


def read_focus(question: str) -> Focus:
    """The content terms and the phrases of a question, its framing words left out."""
    phrases = []
    for run in word_runs(question):
        text = " ".join(trim_verbs(run))
        if wanted := weighty_terms(text):
            phrases.append(Phrase(text, wanted))
    phrases = [one for one in phrases if not any(one.terms < other.terms for other in phrases)]
    unique = {phrase.terms: phrase for phrase in reversed(phrases)}
    kept = [phrase for phrase in phrases if unique[phrase.terms] is phrase]
    return Focus(frozenset(term for phrase in kept for term in phrase.terms), kept)


def word_runs(question: str) -> list[list[str]]:
    """Runs of words that stand together, cut at stop words, framing words, signs and, inside a run, verbs."""
    runs: list[list[str]] = [[]]
    for token in TOKEN.findall(question):
        word = token.lower().replace("’", "'").removesuffix("'s")
        if word in STOP_WORDS or word in FRAME_WORDS or not re.search(r"\w", token):
            runs.append([])
        else:
            runs[-1].append(token)
    return [run for run in runs if run]


def trim_verbs(run: list[str]) -> list[str]:
    """A run without verbs at its ends."""
    while run and run[0].lower() in VERBS:
        run = run[1:]
    while run and run[-1].lower() in VERBS:
        run = run[:-1]
    return run


def weighty_terms(text: str) -> frozenset[str]:
    """The terms of a phrase that a text on it must hold: all but the commonest."""
    found = terms(text)
    return frozenset(term for term in found if weight(term) >= COMMON_UNDER) or frozenset(found[-1:])


def covers(found: Iterable[str], phrase: Phrase) -> bool:
    """Whether terms of a text hold all that a phrase asks for."""
    return phrase.terms <= set(found)


def covered_share(focus: Focus, found: Iterable[str]) -> float:
    """The share of the focus' weight that the terms of a text cover, 0 to 1."""
    return coverage(focus.terms, found)


def as_list(items: list[str], *, word: str = "and") -> str:
    """Items as they stand in a sentence: "a, b and c"."""
    return f" {word} ".join(filter(None, [", ".join(items[:-1]), items[-1]])) if items else ""
