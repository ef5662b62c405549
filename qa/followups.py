"""Questions to go on with, under "Keep exploring": published ones near this first, then the writer's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Count

from archive.embeddings import Embedder
from archive.models import Preprint
from archive.search import search
from qa.figures import missing_figures
from qa.models import Question
from qa.nearness import embed_question, find_published_near, find_same
from qa.questions import Refused, accept_question, judge_meaning
from qa.quotes import missing_quotes
from qa.style import stray_words, style_problems
from qa.text_keys import make_text_key
from qa.wording import terms

WANTED = 3
CANDIDATES = 20
NEAR = 0.5  # cosine of MiniLM between two questions on one subject
SAME = 0.92  # and from here on they ask the same
PRESUPPOSES = 0.75  # cosine to a dropped statement, from which on a suggestion builds on it


@dataclass(frozen=True)
class Suggestion:
    """A follow-up: its text, and the published question that answers it, if there is one."""

    text: str
    target: Question | None = None


class Chooser:
    """Collects follow-ups of a question that differ from it and from each other."""

    def __init__(self, question: Question, embedder: Embedder) -> None:
        self.question = question
        self.embedder = embedder
        self.vectors = [self.embed(question.text)]
        self.keys = {question.text_key}
        self.chosen: list[Suggestion] = []

    def embed(self, text: str) -> np.ndarray:
        return self.embedder.embed([text])[0]

    @property
    def is_done(self) -> bool:
        return len(self.chosen) >= WANTED

    def add(self, suggestion: Suggestion, vector: np.ndarray) -> None:
        """Takes a suggestion, unless it asks the same as the question or as one taken already."""
        if not self.is_done and all(float(vector @ other) < SAME for other in self.vectors):
            self.chosen.append(suggestion)
            self.vectors.append(vector)


def choose_follow_ups(
    question: Question,
    *,
    preprint_ids: Sequence[int],
    suggestions: Iterable[str],
    dropped: Sequence[str],
    embedder: Embedder,
) -> list[Suggestion]:
    """Up to three. `preprint_ids` are the answer's sources, which suggestions have to keep to; `dropped` are
    statements that failed their checks: nothing may build on them.
    """
    chooser = Chooser(question, embedder)
    texts = read_texts(question, preprint_ids)
    for near in find_near_published(question, preprint_ids=preprint_ids, chooser=chooser):
        chooser.add(Suggestion(near.text, near), chooser.embed(near.text))
    refuted = embedder.embed(list(dropped))
    for text in suggestions:
        if chooser.is_done:
            break
        suggestion = judge_suggestion(text, keys=chooser.keys, texts=texts)
        if suggestion is None:
            continue
        vector = chooser.embed(suggestion.text)
        if not any(float(vector @ other) >= PRESUPPOSES for other in refuted):
            chooser.add(suggestion, vector)
    return chooser.chosen


def find_near_published(
    question: Question, *, preprint_ids: Sequence[int], chooser: Chooser
) -> list[Question]:
    """Published questions near this one, or whose answers rest on the same preprints, nearest first."""
    vector = embed_question(question.text)
    by_meaning = find_published_near(vector, least=NEAR, without=[question.pk]) if vector is not None else []
    by_sources = list(
        Question.objects.published()
        .exclude(pk=question.pk)
        .filter(published_answer__sources__preprint__in=preprint_ids)
        .annotate(shared=Count("published_answer__sources"))
        .order_by("-shared", "-published_at")[:CANDIDATES]
    )
    candidates = {near.pk: near for near in [*by_sources, *(one.question for one in by_meaning)]}
    nearness = {pk: float(chooser.embed(near.text) @ chooser.vectors[0]) for pk, near in candidates.items()}
    near_enough = [pk for pk in candidates if nearness[pk] >= NEAR]
    return [candidates[pk] for pk in sorted(near_enough, key=lambda pk: -nearness[pk])]


def read_texts(question: Question, preprint_ids: Sequence[int]) -> list[str]:
    """What a suggestion may build on: the question, and the titles and abstracts of the sources."""
    pairs = Preprint.objects.filter(pk__in=preprint_ids).values_list("title", "abstract")
    return [question.text, *(f"{title}. {abstract}" for title, abstract in pairs)]


def judge_suggestion(text: str, *, keys: set[str], texts: Sequence[str]) -> Suggestion | None:
    """The suggestion, if it could be asked here as it stands, presupposes no figure that the texts don't have
    and this archive has something on it.
    """
    try:
        accepted = accept_question(text)
        if (vector := embed_question(accepted)) is not None:
            judge_meaning(accepted, vector)
    except Refused:
        return None
    if (
        style_problems(accepted, sources=texts)
        or missing_figures(accepted, texts)
        or missing_quotes(accepted, texts)
    ):
        return None
    key = make_text_key(accepted)
    known = Question.objects.filter(text_key=key).first()
    if key in keys or (known and known.state in (Question.State.REJECTED, Question.State.RETRACTED)):
        return None
    target = find_target(accepted, known, vector)
    if target is None and not has_evidence(accepted, texts):
        return None
    return Suggestion(accepted, target)


def find_target(text: str, known: Question | None, vector: np.ndarray | None) -> Question | None:
    """The published question that a suggestion asks: the same text, what that was merged into, or the same in
    other words.
    """
    if known and known.merged_into:
        known = known.merged_into
    if known and known.state == Question.State.PUBLISHED:
        return known
    return next(iter(find_same(text, vector)), None) if vector is not None else None


def has_evidence(text: str, texts: Sequence[str]) -> bool:
    """Whether a search for it finds a preprint that could be a source, and that preprint and the texts hold
    its words.
    """
    hits = search(text, limit=1).sources
    held = [*texts, *(f"{hit.preprint.title}. {hit.preprint.abstract}" for hit in hits)]
    return bool(hits) and not stray_words(text, {term for one in held for term in terms(one)})
