"""The embedded answerer `antigravity/extractive-1`: an answer made of sentences quoted from the sources, no
model needed.

`compose` is pure; `make_handler` offers it to LiteLLM as a custom provider, so that it takes the same road as
any model. Thresholds are fitted and reported by benchmarks/extractive.py on its own questions.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from archive.embeddings import Embedder, get_embedder
from archive.passages import Passage, split_sentences
from qa.acronyms import expand, read_acronyms
from qa.checking import CheckSource
from qa.focus import Focus, Phrase, as_list, named, phrase_share, read_focus
from qa.markup import find_markup
from qa.sentences import first_action, is_quotable, leans, nudge, tells_result
from qa.style import unbalanced
from qa.topics import about_the_same, follow_up, short_heading
from qa.wording import coverage, terms, weight

MODEL = "antigravity/extractive-1"

MAX_SENTENCES = 9
MAX_A_SOURCE = 4
MAX_GROUPS = 5
WORDS_OF_A_SENTENCE = range(6, 61)

# Relevance of a sentence: its meaning, its title's meaning, its own words, and its words together with its
# title's, each from 0 to 1.
MEANING_WEIGHT, TITLE_MEANING_WEIGHT, WORDS_WEIGHT, TITLE_WEIGHT = 0.45, 0.1, 0.25, 0.2
RELEVANT_FROM = 0.36  # under it a sentence doesn't bear on the question
MEANING_FROM = 0.34  # so does one whose cosine to the question is less, whatever words they share
ABSTAIN_UNDER = 0.5  # cosine of the best sentence to the question, under which there is no answer
RELATIVE_FLOOR = (
    0.68  # of the best sentence's relevance, unless it holds a part of the question that no other does
)
FLOOR_ROOF = 0.48  # where that floor ends: a perfect sentence doesn't shut out good ones
FRESH_SHARE = 0.1  # what such a part comes to, of the question's weight
# What a sentence is worth quoting: its relevance, more where its source bears on the question and where it
# tells a result, which seldom repeats the question's words. Fitted on sentences judged by hand, part "fit".
BEARING_WEIGHT = 0.4  # of the share that its source bears, beside the one that bears most
RESULT_WORTH = 0.08
REPETITION_WEIGHT = (
    0.15  # how far likeness to a chosen sentence counts against one (maximal marginal relevance)
)
NOVELTY_WEIGHT = 0.1  # how far a part of the question that no chosen sentence holds counts for one
REPEATED_FROM = 0.88  # cosine from which two sentences say the same

# How far a source bears on the question: its nearest sentence, and its words of the question, its title's.
# Fitted on the sources judged by hand, part "fit" (benchmarks/extractive.py).
SOURCE_WORDS_WEIGHT, SOURCE_TITLE_WEIGHT = 0.5, 0.3
BEARING_FROM = 0.85  # of the most relevant source; nothing is quoted from one that has less
FEWEST_SOURCES = 3  # that may be quoted whatever they have

# An answer, not a partial one: some source covers each phrase of the question and has a sentence near its
# meaning.
ANSWERED_MEANING = 0.5
PHRASE_SHARE = 0.75  # of a phrase's weight, in a source's title and relevant sentences
PHRASE_MEANING = 0.7  # cosine from which a sentence speaks of a phrase in other words


@dataclass
class Candidate:
    """A sentence that may be quoted."""

    source: CheckSource
    place: int  # among the sentences of its source
    passage: Passage
    vector: np.ndarray
    meaning: float
    relevance: float
    terms: frozenset[str]
    worth: float = 0.0


@dataclass
class Reading:
    """The question and its sources, split and embedded."""

    question: str
    focus: Focus
    sources: Sequence[CheckSource]
    candidates: list[Candidate] = field(default_factory=list)
    bearing: dict[int, float] = field(default_factory=dict)  # by source, 0 to 1; 1 for the most relevant one
    answering: set[int] = field(default_factory=set)  # the sources that answer the question by themselves
    phrase_vectors: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))


def compose(question: str, sources: Sequence[CheckSource], *, embedder: Embedder) -> dict[str, Any]:
    """The answer in the schema that every model answers in: sentences of the sources, verbatim, each with its
    source.

    The verdict is `unanswerable` where no sentence bears on the question, and `partial` with the gap said
    first where no source covers what is asked. Raises EmbedderUnavailable.
    """
    reading = read_sources(question, sources, embedder=embedder)
    chosen = choose(reading)
    if not chosen:
        return {"verdict": "unanswerable", "gap": "", "sections": [], "limits": "", "follow_ups": []}
    gap = find_gap(reading, chosen)
    return {
        "verdict": "partial" if gap else "answered",
        "gap": gap,
        "sections": group_sentences(chosen, reading.focus),
        "limits": "Only abstracts and summaries were read; the full texts may say more.",
        "follow_ups": suggest_questions(reading, chosen),
    }


def choose(reading: Reading) -> list[Candidate]:
    """What is quoted: of the sources that bear on the question, else of any.

    Where no source answers the question, each may cover another part of it: then some more are quoted.
    """
    fewest = 1 if reading.answering else FEWEST_SOURCES
    chosen = choose_sentences(of_bearing_sources(reading), reading.focus, fewest=fewest)
    return chosen or choose_sentences(reading.candidates, reading.focus, fewest=fewest)


def read_sources(question: str, sources: Sequence[CheckSource], *, embedder: Embedder) -> Reading:
    """All usable sentences of the sources with their relevance, after one call of the embedder."""
    reading = Reading(question, read_focus(question), sources)
    found = []
    for source in sources:
        passages = split_sentences(source.abstract)
        action = first_action(passages)
        found += [
            (source, place, passage, place < action)
            for place, passage in enumerate(passages)
            if is_quotable(passage.text)
        ]
    texts = [
        question,
        *(phrase.text for phrase in reading.focus.phrases),
        *(source.title for source in sources),
    ]
    vectors = embedder.embed([*texts, *(passage.text for _, _, passage, _ in found)])
    reading.phrase_vectors = vectors[1 : len(texts) - len(sources)]
    titles = vectors[len(texts) - len(sources) : len(texts)] @ vectors[0]
    title_meaning = {source.number: float(cosine) for source, cosine in zip(sources, titles, strict=True)}
    acronyms = {source.number: read_acronyms(source.abstract) for source in sources}
    for (source, place, passage, is_setting), vector in zip(found, vectors[len(texts) :], strict=True):
        meaning = float(vector @ vectors[0])
        own = frozenset(terms(passage.text)) | expand(passage.text, acronyms[source.number])
        relevance = rate(reading.focus, meaning=meaning, own=own, title=source.title)
        relevance += TITLE_MEANING_WEIGHT * title_meaning[source.number]
        relevance += nudge(passage.text, is_setting=is_setting and not reading.focus.is_explanatory)
        reading.candidates.append(Candidate(source, place, passage, vector, meaning, relevance, own))
    weigh(reading)
    return reading


def rate(focus: Focus, *, meaning: float, own: frozenset[str], title: str) -> float:
    """How much a sentence by itself bears on the question, 0 to 0.9; its title's meaning adds the rest."""
    with_title = own | set(terms(title))
    return (
        MEANING_WEIGHT * meaning
        + WORDS_WEIGHT * coverage(focus.terms, own)
        + TITLE_WEIGHT * coverage(focus.terms, with_title)
    )


def of_bearing_sources(reading: Reading) -> list[Candidate]:
    """The sentences of the sources that answer the question, or bear on it about as much as any does; of the
    three that bear on it most in any case.
    """
    usable = {candidate.source.number for candidate in reading.candidates}
    ranked = sorted(usable, key=lambda number: -reading.bearing[number])
    quoted = {number for number in usable if reading.bearing[number] >= BEARING_FROM}
    quoted.update(reading.answering, ranked[:FEWEST_SOURCES])
    return [candidate for candidate in reading.candidates if candidate.source.number in quoted]


def weigh(reading: Reading) -> None:
    """Sets how far each source bears on the question, which answer it, and what each sentence is worth."""
    bearing = {source.number: bears(reading, source) for source in reading.sources}
    most = max(bearing.values(), default=0.0) or 1.0
    reading.bearing = {number: value / most for number, value in bearing.items()}
    numbers = {candidate.source.number for candidate in reading.candidates}
    reading.answering = {number for number in numbers if answers(reading, number)}
    for candidate in reading.candidates:
        candidate.worth = candidate.relevance - BEARING_WEIGHT * (
            1 - reading.bearing[candidate.source.number]
        )
        candidate.worth += RESULT_WORTH if tells_result(candidate.passage.text) else 0.0


def bears(reading: Reading, source: CheckSource) -> float:
    """How far a source bears on the question: by meaning, by its relevant sentences' words, by its title."""
    own = [candidate for candidate in reading.candidates if candidate.source.number == source.number]
    title = set(terms(source.title))
    relevant = (candidate for candidate in own if candidate.relevance >= RELEVANT_FROM)
    held = title.union(*(candidate.terms for candidate in relevant))
    return (
        max((candidate.meaning for candidate in own), default=0.0)
        + SOURCE_WORDS_WEIGHT * coverage(reading.focus.terms, held)
        + SOURCE_TITLE_WEIGHT * coverage(reading.focus.terms, title)
    )


def choose_sentences(candidates: list[Candidate], focus: Focus, *, fewest: int) -> list[Candidate]:
    """The sentences most worth quoting, without repetition, best first, at most four of a source.

    The floor does not hold for the first sentence of a source, until so many sources are quoted.
    """
    if max((candidate.meaning for candidate in candidates), default=0.0) < ABSTAIN_UNDER:
        return []
    floor = min(RELATIVE_FLOOR * max(candidate.worth for candidate in candidates), FLOOR_ROOF)
    pool = [
        candidate
        for candidate in candidates
        if candidate.relevance >= RELEVANT_FROM and candidate.meaning >= MEANING_FROM
    ]
    chosen: list[Candidate] = []
    while pool and len(chosen) < MAX_SENTENCES:
        best = max(pool, key=lambda candidate: marginal(candidate, chosen, focus))
        pool.remove(best)
        quoted = {one.source.number for one in chosen}
        is_wanted = len(quoted) < fewest and best.source.number not in quoted
        is_good = best.worth >= floor or fresh_share(best, chosen, focus) >= FRESH_SHARE
        if (is_good or is_wanted) and fits(best, chosen):
            chosen.append(best)
    return [candidate for candidate in chosen if stands_alone(candidate, chosen)]


def marginal(candidate: Candidate, chosen: list[Candidate], focus: Focus) -> float:
    """What a sentence adds to those chosen: its worth, more for what they lack, less for what they have."""
    fresh = fresh_share(candidate, chosen, focus)
    return candidate.worth + NOVELTY_WEIGHT * fresh - REPETITION_WEIGHT * likeness(candidate, chosen)


def fresh_share(candidate: Candidate, chosen: list[Candidate], focus: Focus) -> float:
    """The share of the question's weight that a sentence holds and those chosen don't."""
    held = {term for other in chosen for term in other.terms}
    total = sum(weight(term) for term in focus.terms) or 1.0
    return sum(weight(term) for term in focus.terms & candidate.terms - held) / total


def likeness(candidate: Candidate, chosen: list[Candidate]) -> float:
    """The cosine to the nearest sentence chosen so far."""
    return max((float(candidate.vector @ other.vector) for other in chosen), default=0.0)


def fits(candidate: Candidate, chosen: list[Candidate]) -> bool:
    """Whether a sentence says something new, and its source has room."""
    groups = {other.source.number for other in chosen}
    of_source = sum(other.source.number == candidate.source.number for other in chosen)
    if of_source >= MAX_A_SOURCE or (candidate.source.number not in groups and len(groups) >= MAX_GROUPS):
        return False
    return likeness(candidate, chosen) < REPEATED_FROM


def stands_alone(candidate: Candidate, chosen: list[Candidate]) -> bool:
    """Whether a sentence can be read without the one before it, or that one is quoted too."""
    if not leans(candidate.passage.text):
        return True
    return any(
        other.source.number == candidate.source.number and other.place == candidate.place - 1
        for other in chosen
    )


def group_sentences(chosen: list[Candidate], focus: Focus) -> list[dict[str, Any]]:
    """Sections, one a preprint, the best first, by its best sentence and by what its title has of the
    question; inside, the order of the abstract.
    """
    best: dict[int, float] = {}
    for candidate in chosen:
        title = TITLE_WEIGHT * coverage(focus.terms, terms(candidate.source.title))
        best[candidate.source.number] = max(best.get(candidate.source.number, 0.0), candidate.worth + title)
    sections = []
    for number in sorted(best, key=lambda number: -best[number]):
        group = sorted((c for c in chosen if c.source.number == number), key=lambda c: c.place)
        heading = short_heading(group[0].source.title, focus.terms)
        sections.append(
            {
                "heading": None if find_markup(heading) or unbalanced(heading) else heading,
                "statements": [{"text": c.passage.text, "sources": [number], "bullet": False} for c in group],
            }
        )
    return sections


def find_gap(reading: Reading, chosen: list[Candidate]) -> str:
    """What stays open, the first sentence of a partial answer; empty where a source covers what is asked."""
    if any(candidate.source.number in reading.answering for candidate in chosen):
        return ""
    phrases = named(reading.focus.phrases)
    covered = [phrase.text for phrase in phrases if speaks_of(reading, phrase)]
    missing = [phrase.text for phrase in phrases if phrase.text not in covered]
    if reading.focus.task and not missing and not does_the_task(reading, reading.candidates):
        missing = [reading.focus.task.text]
    return word_gap(missing, covered)


def answers(reading: Reading, number: int) -> bool:
    """Whether one source covers every phrase of the question and has a sentence near its meaning."""
    own = [candidate for candidate in reading.candidates if candidate.source.number == number]
    if max(candidate.meaning for candidate in own) < ANSWERED_MEANING:
        return False
    relevant = [candidate for candidate in own if candidate.relevance >= RELEVANT_FROM]
    held = {term for candidate in relevant for term in candidate.terms} | set(terms(own[0].source.title))
    covers_all = all(
        phrase_share(phrase, held) >= PHRASE_SHARE or nearest(reading, phrase, relevant) >= PHRASE_MEANING
        for phrase in named(reading.focus.phrases)
    )
    return covers_all and does_the_task(reading, relevant)


def does_the_task(reading: Reading, candidates: list[Candidate]) -> bool:
    """Whether the question names no task, or one of these sentences or their title speaks of it.

    Its words decide: a vector hardly tells detecting a thing from making it.
    """
    task = reading.focus.task
    titles = {frozenset(terms(candidate.source.title)) for candidate in candidates}
    texts = [*titles, *(candidate.terms for candidate in candidates)]
    return task is None or any(task.is_in(held) for held in texts)


def nearest(reading: Reading, phrase: Phrase, candidates: list[Candidate]) -> float:
    """The cosine of a phrase to the sentence that comes nearest to it."""
    vector = reading.phrase_vectors[reading.focus.phrases.index(phrase)]
    return max((float(candidate.vector @ vector) for candidate in candidates), default=0.0)


def speaks_of(reading: Reading, phrase: Phrase) -> bool:
    """Whether some sentence of the sources, or its title, has all terms of a phrase or comes near its
    meaning.
    """
    if nearest(reading, phrase, reading.candidates) >= PHRASE_MEANING:
        return True
    texts = [candidate.terms for candidate in reading.candidates]
    texts += [frozenset(terms(source.title)) for source in reading.sources]
    return any(phrase.terms <= held for held in texts)


def word_gap(missing: list[str], covered: list[str]) -> str:
    """The gap in words. The phrases are the question's own, so that it says no more than is known."""
    opening = "No preprint found here settles this question"
    if missing and covered:
        return (
            f"{opening}: none of them covers {as_list(missing, word='or')}; what follows bears on "
            f"{as_list(covered)}."
        )
    if missing:
        return (
            f"{opening}: none of them covers {as_list(missing, word='or')}; what follows comes nearest to it."
        )
    if len(covered) > 1:
        return (
            f"{opening}: none of them covers {covered[0]} together with {as_list(covered[1:])}; what "
            f"follows bears on parts of it."
        )
    bears = f"bears on {covered[0]}" if covered else "comes nearest to it"
    return f"{opening}; what follows {bears}."


def suggest_questions(reading: Reading, chosen: list[Candidate]) -> list[str]:
    """Up to three questions about the sources that were quoted least, each near the question and none about
    the same.
    """
    quoted = [candidate.source.number for candidate in chosen]
    abstracts = " ".join(source.abstract for source in reading.sources)
    found: list[str] = []
    for source in sorted(reading.sources, key=lambda source: (quoted.count(source.number), source.number)):
        text = follow_up(source.title, abstracts)
        is_near = not reading.focus.terms.isdisjoint(terms(text))
        if text and is_near and not any(about_the_same(text, other) for other in (reading.question, *found)):
            found.append(text)
    return found[:3]


def make_handler() -> Any:
    """The LiteLLM provider. It takes `question` and `sources` from `extra_body`, costs nothing and counts no
    tokens.
    """
    import litellm

    class ExtractiveAnswerer(litellm.CustomLLM):  # type: ignore[name-defined]  # it is offered at run time only
        """Quotes the sources; the messages are not read."""

        def completion(self, *args: Any, **kwargs: Any) -> litellm.ModelResponse:
            body = kwargs["optional_params"]["extra_body"]
            sources = [CheckSource(**source) for source in body["sources"]]
            answer = compose(body["question"], sources, embedder=get_embedder())
            response = kwargs["model_response"]
            response.model = MODEL
            response.choices[0].message.content = json.dumps(answer, ensure_ascii=False)
            response.choices[0].finish_reason = "stop"
            response.usage = litellm.Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
            return response

    return ExtractiveAnswerer()
