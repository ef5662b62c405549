"""Pure: a preprint's title -> a short heading, and a question that stands alone. Where a title isn't clean,
none.
"""

import re
from collections.abc import Iterable

from qa.wording import terms, word_set

MAX_HEADING = 100
BREAKS = re.compile(
    r"\s(?=(?:for|with|using|via|through|in|on|under|from|by|towards?|and its|based on|without|as)\s)",
    re.IGNORECASE,
)
LEADING = re.compile(
    r"^(?:(?:towards?|on|about|an?|the|some|note on|notes on|remarks on|introduction to|enabling|building"
    r"|designing|introducing"
    r"|rethinking|revisiting|exploring|investigating|understanding|leveraging|harnessing|unlocking"
    r"|presenting)\s+)+",
    re.IGNORECASE,
)
UNCLEAN = re.compile(
    r"[?!:;\"“”$\\{}_^<>|=]|--|\(un|\bgive\b|\b(?:is|are|was|were|can|could|do|does|did|has|have|will|would|should|may"
    r"|might|not|need|needs|beats?"
    r"|improves?|enables?|helps?|makes?|you|your|we|our|all you need|part [ivx\d]+|case study|survey"
    r"|review|report|challenge|proceedings"
    r"|workshop|comment|reply|erratum|lecture|thesis|solution|overview|tutorial|perspective|roadmap"
    r"|withdrawn|implications?|challenges?|opportunities|outlook|prospects|insights|advances|progress"
    r"|towards?|beyond|evidence|view|introducing|novel|new|simple|first|large-scale|comprehensive|two"
    r"|three|approach to|aid|via|story|guide|primer|notes|introduction|considerations?|remarks?|preliminary"
    r"|practitioners|learning to|generate|learn|detect|predict|classify|compare)\b",
    re.IGNORECASE,
)
STUDY = re.compile(
    r"^(?:(?:comprehensive|numerical|systematic|experimental|theoretical|empirical|comparative|critical"
    r"|detailed)\s+)*"
    r"(?:study|studies|analysis|investigation|evaluation|comparison|assessment|characteri[sz]ation"
    r"|demonstration)\s+of\s+(?:the\s+|an?\s+)?",
    re.IGNORECASE,
)
# A singular noun that needs no article; any other ("a benchmark", "a framework") would read badly without
# one.
MASS_NOUN = re.compile(
    r"(?:ing|[ts]ion|ity|ance|ence|(?<!environ)(?<!experi)(?<!instru)ment|ness|ism|ics|graphy|metry|scopy|therapy|theory|noise|light|matter"
    r"|energy|software|hardware|memory|AI|MRI|CT|data|ultrasound"
    r"|control|advantage|supremacy|diagnosis|synthesis|analysis|recovery|discovery|research|science"
    r"|feedback|transport|transfer|chaos|gravity|speed-?up|privacy|storage|cancer|care)$"
)
HEAD_ENDS = re.compile(  # as titles write them: short prepositions small, long ones either way
    r"\s(?:of|in|on|with|from|under|at|by|for|using|via|through|and|as|to|without|based|[Aa]gainst)\s"
)
PRAISE = re.compile(
    r"(?<![\w-])(?:(?:highly|more)\s+)?(?:efficient|effective|faster|unified|scalable|generali[sz]able|robust|unreasonable"
    r"|advanced|trustworthy|deeper|accurate|powerful|lightweight)\s+(?:and\s+)?(?!to\b|against\b)",
    re.IGNORECASE,
)
UNASKED = re.compile(  # what nobody would put into a question of their own: verbs, lists, parts of a system
    r",|\b(?:only|considering|based|guided|driven|requires?|meets?|explicitly|dataset|benchmarks?|miniatures"
    r"|simulation-based|framework|pipeline|theory\s+and|between|their|its|from\s.*\sto)\b|\band\s*$",
    re.IGNORECASE,
)
EFFECT = re.compile(
    r"^(?:effects?|influence|impact)\s+of\s+(?P<cause>.+?)\s+on\s+(?P<thing>.+)$", re.IGNORECASE
)
ROLE = re.compile(r"^roles?\s+of\s+(?P<cause>.+?)\s+in\s+(?P<thing>.+)$", re.IGNORECASE)
TOOL = re.compile(r"^(?P<aim>.+?)\s+(?:using|via|by means of)\s+(?P<tool>.+)$", re.IGNORECASE)
PURPOSE = re.compile(r"^(?P<tool>.+?)\s+for\s+(?P<aim>.+)$", re.IGNORECASE)
FEWEST_WORDS, LONGEST_TOOL, LONGEST_TOPIC = 3, 6, 12
WORDS_OF_AN_AIM = range(2, 9)
MINOR_WORDS = word_set(
    """
    a an and as at by for from in into of on or over the to towards under using via with without
    """
)
GERUND = re.compile(r"^[A-Za-z-]{3,}ing\b", re.IGNORECASE)
NOUNS_IN_ING = word_set(
    """
    learning imaging computing processing training sequencing scattering engineering reasoning modelling
    modeling lensing coupling
    """
)
PLAIN_GERUNDS = word_set(
    """
    classifying compressing controlling correcting decoding denoising detecting encoding enhancing
    estimating forecasting generating identifying improving measuring mitigating modelling modeling
    optimising optimizing predicting preparing reconstructing reducing segmenting simulating
    synthesising synthesizing testing tracking
    """
)
NO_PLAIN_PAST = {
    "classifying": "classified", "identifying": "identified", "controlling": "controlled",
    "modelling": "modelled", "testing": "tested",
}  # fmt: skip
PROPER = word_set(
    """
    bayesian gaussian markov hamiltonian hilbert fourier riemannian euclidean wasserstein lyapunov
    poisson boltzmann ising monte carlo heisenberg schrödinger einstein bose fermi rydberg pauli hubbard
    kerr newton turing
    """
)


def short_heading(title: str, wanted: Iterable[str] = ()) -> str:
    """A title as a heading of at most 100 characters: the whole, the side of its colon that has more of the
    wanted terms, or that up to a preposition.
    """
    title = " ".join(title.split()).rstrip(".")
    if len(title) <= MAX_HEADING:
        return title
    parts = [part.strip() for part in re.split(r":\s|\s[–—-]\s", title) if len(part.split()) >= 2]
    whole = max(parts, key=lambda part: (len(set(terms(part)) & set(wanted)), len(part)), default=title)
    if len(whole) > MAX_HEADING:
        cuts = [
            match.start()
            for match in BREAKS.finditer(whole)
            if MAX_HEADING / 2 <= match.start() <= MAX_HEADING
        ]
        whole = whole[: cuts[-1]] if cuts else whole[: MAX_HEADING - 2].rsplit(" ", 1)[0] + " …"
    return whole[0].upper() + whole[1:]


def follow_up(title: str, abstracts: str) -> str:
    """A question about a preprint's subject as a person would ask it, made from its title; empty where the
    title gives no clean noun phrase.
    """
    topic = title_topic(title, abstracts)
    if len(topic.split()) < FEWEST_WORDS or UNASKED.search(topic):
        return ""
    return ask_for_effect(topic) or ask_how_done(topic) or ask_for_use(topic) or ask_what_is_known(topic)


def ask_for_effect(topic: str) -> str:
    """ "Effects of noise on qubits": "How does noise affect qubits?"; "role of …" likewise."""
    if found := EFFECT.match(topic):
        return f"How {do_or_does(found['cause'])} {found['cause']} affect {found['thing']}?"
    if found := ROLE.match(topic):
        return f"What role {do_or_does(found['cause'])} {found['cause']} play in {found['thing']}?"
    return ""


def ask_how_done(topic: str) -> str:
    """ "Detecting items on maps": "How can items on maps be detected?"."""
    first, _, rest = topic.partition(" ")
    if first.lower() not in PLAIN_GERUNDS or rest.startswith("and "):
        return ""
    done = first[:-3] + "ed" if first.lower() not in NO_PLAIN_PAST else NO_PLAIN_PAST[first.lower()]
    tool = TOOL.match(rest)
    thing, by = (tool["aim"], f" with {tool['tool']}") if tool else (rest, "")
    cut = BREAKS.search(thing)
    thing, where = (thing[: cut.start()], thing[cut.start() :]) if cut else (thing, "")
    return f"How can {thing} be {done.lower()}{where}{by}?"


def ask_for_use(topic: str) -> str:
    """ "Deep learning for robots", "robots using deep learning": "How is deep learning used for robots?"."""
    used = TOOL.match(topic) or PURPOSE.match(topic)
    if not used or not is_noun_phrase(used["tool"]) or BREAKS.search(used["tool"]):
        return ""
    if " and " in used["tool"] or len(used["tool"].split()) > LONGEST_TOOL:
        return ""
    if len(used["aim"].split()) not in WORDS_OF_AN_AIM:
        return ""
    return f"How {'are' if is_plural(used['tool']) else 'is'} {used['tool']} used for {used['aim']}?"


def ask_what_is_known(topic: str) -> str:
    """ "What is known about …?" of a short topic, with the article that "vulnerability of …" wants."""
    if len(topic.split()) > LONGEST_TOPIC or is_gerund_phrase(topic):
        return ""
    article = "the " if re.match(r"(?:[\w-]+\s){1,3}of\s", topic) else ""
    return f"What is known about {article}{topic}?"


def do_or_does(phrase: str) -> str:
    return "do" if is_plural(phrase) else "does"


def title_topic(title: str, abstract: str) -> str:
    """The noun phrase of a title in sentence case; empty where it isn't clean."""
    parts = [part.strip() for part in re.split(r":\s", " ".join(title.split()).rstrip(".")) if part.strip()]
    stripped = [PRAISE.sub("", STUDY.sub("", LEADING.sub("", part))) for part in parts]
    clean = [part for part in stripped if not UNCLEAN.search(part) and has_clean_head(part)]
    clean = [part for part in clean if 3 <= len(part.split()) <= 12]
    if len(parts) > 2 or not clean:
        return ""
    return sentence_case(max(clean, key=lambda part: len(part.split())), abstract)


def sentence_case(phrase: str, abstract: str) -> str:
    """A title's words as they would stand inside a sentence; the abstract shows which keep their capitals."""
    return " ".join(lower_word(word, abstract) for word in phrase.split())


def lower_word(word: str, abstract: str) -> str:
    """A word in lower case, unless it is a name or an abbreviation."""
    if "-" in word:
        return "-".join(lower_word(part, abstract) if part else part for part in word.split("-"))
    bare = word.strip("(),.'’")
    bare = re.sub(r"['’]s$", "", bare)
    if not bare[:1].isupper() or re.search(r"\d", bare) or sum(letter.isupper() for letter in bare) > 1:
        return word
    if (len(bare) == 1 and bare != "A") or bare != word.strip("(),.'’") or is_name(bare, abstract):
        return word
    return word[0].lower() + word[1:]


def is_name(word: str, abstract: str) -> bool:
    """Whether a capitalised word is a name: the abstract has it so in mid-sentence, never in lower case.

    In a run of capitals ("Support Vector Machines (SVM)") a capital tells nothing.
    """
    if re.search(rf"\b{re.escape(word.lower().removesuffix('s'))}", abstract):
        return False
    if word.lower() in PROPER or word.endswith("ian"):
        return True
    return bool(re.search(rf"[a-z,]\s\(?{re.escape(word)}\b(?!\s+[A-Z(])", abstract))


def is_noun_phrase(phrase: str) -> bool:
    """Whether a phrase can be the subject of "is used for": no gerund with an object, no preposition in
    front.
    """
    first = phrase.split(maxsplit=1)[0].lower()
    return (
        len(phrase.split()) <= 7
        and first not in MINOR_WORDS
        and (not GERUND.match(first) or first in NOUNS_IN_ING)
    )


def head_noun(phrase: str) -> str:
    """The last word before the first preposition: "networks" in "neural networks for images"."""
    return HEAD_ENDS.split(phrase)[0].split()[-1]


def has_clean_head(phrase: str) -> bool:
    """Whether the phrase can stand without an article: a plain gerund, a plural or a noun without number at
    its head.
    """
    if not phrase:
        return False
    first = phrase.split(maxsplit=1)[0].lower()
    if is_gerund_phrase(phrase):
        return first in PLAIN_GERUNDS
    if EFFECT.match(phrase) or ROLE.match(phrase):
        return True
    return is_plural(phrase) or bool(MASS_NOUN.search(head_noun(phrase)))


def is_gerund_phrase(phrase: str) -> bool:
    """Whether it begins with what is done: "detecting items"; "imaging" and "learning" are things."""
    first = phrase.split(maxsplit=1)[0].lower()
    return bool(GERUND.match(first)) and first not in NOUNS_IN_ING


def is_plural(phrase: str) -> bool:
    """Whether a noun phrase takes "are": by its head, or by an "and" before its first preposition."""
    if re.search(r"\sand\s", re.split(r"\s(?:of|in|on|with|from|under|at|by|for)\s", phrase)[0]):
        return True
    head = head_noun(phrase)
    return (head.endswith("s") and not head.endswith(("ss", "us", "is", "ics"))) or head == "data"


def about_the_same(one: str, other: str) -> bool:
    """Whether two texts are about the same: two thirds of the shorter one's terms are in the other."""
    first, second = set(terms(one)), set(terms(other))
    smaller = min(len(first), len(second)) or 1
    return len(first & second) >= 2 / 3 * smaller
