"""Pure: what a question asks about, and how much of that a text covers. Decides between an answer and a
partial one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from qa.wording import STOP_WORDS, coverage, terms, weight, word_set

# Words that frame a question without being what it is about.
FRAME_WORDS = word_set(
    """
    limits limit cause causes useful specific specifically particular exact current currently recent
    recently known available existing different various certain possible possibly main major general
    typical typically actual actually today modern good best better effect effects affect affects role
    roles impact influence influences disadvantage disadvantages difference differences way ways kind
    kinds type types reason reasons evidence results result research work works study
    studies paper papers preprint preprints archive literature problem problems method methods approach
    approaches technique techniques strategy strategies progress explain describe compare compared
    comparing across enough tell give list show shows shown overview summary think say says said
    """
)
# Verbs that stand at the end of a phrase, or between two.
VERBS = word_set(
    """
    apply applies arise arises run runs act acts fail fails succeed succeeds aged allowed applied asked
    based become becomes behave behaves bring built captured caused changed chosen come comes compete
    composed contribute correspond depend depends derived determined differ differs emerge enabled
    evaluated exist exists explained found generated get gets give given gives go gone grown happen
    happens held implemented know lead leads learned limited lost made matter matters mean means
    measured needed obtained occur occurs performed play plays prepared proposed put read realised
    realized reduced related relate remain remains say says seen sent set shown solved spent spoken
    stated suffer suffers taken taught tell tells thought told treated trust understand understood won
    worked written
    """
)
# Verbs that seldom are nouns, so that they part two phrases wherever they stand.
PARTING = re.compile(
    r"(?:achieve|affect|allow|avoid|become|benefit|classify|classifie|communicate|compete|constrain|cope"
    r"|describe|detect|diagnose|determine|enable|enhance|ensure"
    r"|exceed|explain|exploit|generalise|generalize|generate|handle|help|improve|increase|inform|learn"
    r"|load|lower|mitigate|offer|outperform"
    r"|overcome|perform|predict|prevent|produce|protect|prove|provide|reach|recover|reduce|replace"
    r"|represent|require|resist|reveal"
    r"|save|scale|simulate|solve|speed|suffer|suppress|surpass|synthesise|synthesize|tolerate)s?"
)
# At a phrase's end it says how something is done. Not every word in -ly does: "anomaly", "assembly", "early".
HANGING = re.compile(r"[a-z]{3,}(?:ed|ise|ize)|[a-z]+(?:al|ab|ib|ive|ous|ful|ate?|ct|ent|ant|ick|id)ly")
# Verbs that are nouns as well: they part two phrases after a plural only.
VERBS_OF_PLURALS = word_set(
    """
    act address adapt answer approach attack beat behave bind block bound break build carry cause change
    check choose combine compare compress compute control converge correct count couple cover cut decay
    deform design differ drive encode evolve fail fall filter find flow follow form gain give grow guide
    hold identify image impact infer interact invent join judge keep know lag lead leave limit lose map
    mark match measure merge model move need plan point process read recognise recognize reconstruct
    register relax repair report respond rise run scatter search see segment select sense separate set
    shape share shift show solve sort speak spread stop store study support switch take test track trade
    train transfer transform translate treat trust turn use vary win work write
    """
)
ASKED_HOW = re.compile(
    r"\bhow\s+(?:many|much|well|far|often|long|fast|large|big|high|low|close|deep|accurately|quickly"
    r"|strongly|fair)\b|\bstate[- ]of[- ]the[- ]art\b|\bexamples? of\b|\bfor example\b|\b[a-z]+er than\b",
    re.IGNORECASE,
)
ADJECTIVE = re.compile(
    r"(?:robust|fast|fair|accurate|safe|deep|reliable|secure|stable|\w+(?:able|ible|ous|ful|ive|ical|less))",
    re.IGNORECASE,
)
ENOUGH = re.compile(rf"\b({ADJECTIVE.pattern})\s+enough\b", re.IGNORECASE)
RECOGNITION = ("recogn", "detect", "identif", "distinguish")
# Verbs that name a task, with the beginnings of the stems that name the same task in a text. A source that
# speaks of the objects of a question and not of its task does not answer it.
TASKS = {
    "compress": ("compress",), "decode": ("decod",), "denoise": ("denois",),
    "detect": ("detect",), "estimate": ("estim", "quantif"),
    "forecast": ("forecast", "predict"), "measure": ("measur",), "predict": ("predict", "forecast"),
    "recognise": RECOGNITION, "recognize": RECOGNITION,
    "reconstruct": ("reconstruct",), "segment": ("segment",), "simulate": ("simul",), "track": ("track",),
    "verify": ("verif",),
}  # fmt: skip
TASK_FORM = re.compile(
    rf"\b(?P<passive>(?:be|been|is|are|was|were|being)\s+)?"
    rf"(?P<verb>{'|'.join(verb.removesuffix('e') for verb in TASKS)})(?P<end>e|ed|es|s|ing)?\b",
    re.IGNORECASE,
)
TOKEN = re.compile(r"\$[^$]+\$|\d{1,3}(?:,\d{3})+|[^\W_](?:[\w'’./+-]*[\w+])?|[^\w\s]")
LIGHT_HEADS = word_set("scan imag data dataset sampl devic platform")
COMMON_UNDER = 1.0  # terms of less weight ("model", "perform", "result") are not asked for by name


EXPLANATORY = re.compile(r"\s*(?:why|how (?:do|does|did)|what (?:is|are|causes?|limits?))\b", re.IGNORECASE)


@dataclass(frozen=True)
class Phrase:
    """A thing that the question is about, in its own words, with the terms that a text on it must hold."""

    text: str
    terms: frozenset[str]


@dataclass(frozen=True)
class Task:
    """What a question asks to be done to something: "detecting adversarial examples"."""

    text: str
    stems: tuple[str, ...]  # one of them begins some term of a text that speaks of the task
    terms: frozenset[str]  # of the thing that it is done to

    def is_in(self, found: Iterable[str]) -> bool:
        """Whether a text with these terms speaks of the task and of all of its object."""
        held = frozenset(found)
        return self.terms <= held and any(term.startswith(self.stems) for term in held)


@dataclass(frozen=True)
class Focus:
    """What a question is about."""

    terms: frozenset[str]
    phrases: list[Phrase]
    task: Task | None = None
    is_explanatory: bool = False  # what was known before answers it too: "why do gradients vanish"


def read_focus(question: str) -> Focus:
    """The content terms and the phrases of a question, its framing words left out, and its task if any."""
    phrases = []
    for run in word_runs(question):
        text = " ".join(trim_verbs(run))
        if wanted := weighty_terms(text):
            phrases.append(Phrase(text, wanted))
    phrases = [one for one in phrases if not any(one.terms < other.terms for other in phrases)]
    unique = {phrase.terms: phrase for phrase in reversed(phrases)}
    kept = [phrase for phrase in phrases if unique[phrase.terms] is phrase]
    everything = frozenset(term for phrase in kept for term in phrase.terms)
    return Focus(everything, kept, read_task(question, kept), bool(EXPLANATORY.match(question)))


def read_task(question: str, phrases: list[Phrase]) -> Task | None:
    """The first task that a question names together with its object: the phrase after the verb ("detect
    vessels"), or before it ("can vessels be detected"). None where a phrase holds the verb itself.
    """
    match = TASK_FORM.search(question)
    if not match:
        return None
    verb = next(verb for verb in TASKS if verb.removesuffix("e") == match["verb"].lower())
    places = [(question.find(phrase.text), phrase) for phrase in phrases]
    if any(place <= match.start("verb") < place + len(phrase.text) for place, phrase in places):
        return None
    before = [phrase for place, phrase in places if 0 <= place < match.start()]
    after = [phrase for place, phrase in places if place > match.start()]
    is_passive = match["passive"] and match["end"] == "ed"
    found = before[-1:] if is_passive else after[:1]
    if not found:
        return None
    return Task(f"{match['verb'].lower()}ing {found[0].text}", TASKS[verb], found[0].terms)


def word_runs(question: str) -> list[list[str]]:
    """Runs of words that stand together, cut at stop words, framing words, signs and verbs."""
    runs: list[list[str]] = [[]]
    parted = ENOUGH.sub(r", \1,", ASKED_HOW.sub(" , ", question))  # what is enough is not what it is for
    for token in TOKEN.findall(parted):
        word = token.lower().replace("’", "'").removesuffix("'s")
        if is_parting(token, word) or (runs[-1] and follows_plural(runs[-1][-1], word)):
            runs.append([])
        else:
            runs[-1].append(token)
    return [run for run in runs if run]


def is_parting(token: str, word: str) -> bool:
    """Whether a word stands between phrases wherever it is."""
    if word in STOP_WORDS or word in FRAME_WORDS:
        return True
    return not re.search(r"\w", token) or bool(PARTING.fullmatch(word))


def follows_plural(before: str, word: str) -> bool:
    """Whether a word is the verb of a plural before it: "codes correct errors", "transformers segment
    vessels".
    """
    return (
        before.endswith("s") and not before.endswith(("ss", "us", "is", "ics")) and word in VERBS_OF_PLURALS
    )


def trim_verbs(run: list[str]) -> list[str]:
    """A run without verbs at its ends, and adverbs at its end; a participle there belongs to "can be"."""
    while run and (run[0].lower() in VERBS or (len(run) > 2 and run[0] in VERBS_OF_PLURALS)):
        run = run[1:]
    while run and (run[-1].lower() in VERBS or HANGING.fullmatch(run[-1])):
        run = run[:-1]
    return run


def weighty_terms(text: str) -> frozenset[str]:
    """The terms of a phrase that a text on it must hold: all but the commonest, and a head that goes without
    saying ("MRI" is "MRI scans").
    """
    found = terms(text)
    if len(found) > 1 and found[-1] in LIGHT_HEADS:
        found = found[:-1]
    return frozenset(term for term in found if weight(term) >= COMMON_UNDER) or frozenset(found[-1:])


def phrase_share(phrase: Phrase, found: Iterable[str]) -> float:
    """The share of a phrase's weight that the terms of a text cover, 0 to 1."""
    return coverage(phrase.terms, found)


def as_list(items: list[str], *, word: str = "and") -> str:
    """Items as they stand in a sentence: "a, b and c"."""
    return f" {word} ".join(filter(None, [", ".join(items[:-1]), items[-1]])) if items else ""


def named(phrases: Iterable[Phrase]) -> list[Phrase]:
    """The phrases that name a thing: not a lone adjective, as in "how robust are …"."""
    return [phrase for phrase in phrases if not ADJECTIVE.fullmatch(phrase.text)]
