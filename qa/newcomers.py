"""Which new preprints would be among the sources of an answer, had they been there when it was made.

New vectors are compared with the published questions. A question that one of them comes near enough is
searched again, by the search that answers rest on: a preprint that enters its first eight, with a similarity
of at least the median of what the answer cites, marks the answer. So is one that was published since the last
sweep: what came in while its answer was written, or waited for a curator, was compared without it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

import numpy as np
import structlog
from django.conf import settings
from django.db.models import QuerySet

from archive.calibration import get_calibration
from archive.embeddings import Embedder, get_embedder
from archive.models import Embedding
from archive.search import search
from qa.models import MAX_SOURCES, Mark, Question, Source

USUAL_COVERAGE = 0.7  # of a question's words that a preprint holds at most, as a rule: docs/benchmarks.md
VECTORS = 64  # new vectors that are compared at a time
SEARCHES = 300  # at most for these: the questions that they come nearest, about 12 seconds' work
SECONDS = 60.0  # after which the rest is left to the next sweep: a task may take 120
OVERLAP = 1_000  # ids looked at again: a vector may be committed after one with a higher id
QUESTIONS = 1_000  # read at a time

log = structlog.get_logger(__name__)


@dataclass
class Newcomers:
    """The marks found, and the id of the last vector that was compared with every question."""

    marks: dict[tuple[int, int], Mark] = field(default_factory=dict)  # by answer and preprint
    until: int = 0
    compared: int = 0
    searched: set[int] = field(default_factory=set)  # ids of questions
    is_whole: bool = True  # False: more vectors wait for the next sweep


@dataclass(frozen=True)
class Board:
    """The published questions: their ids, their vectors, and how near a preprint must come to matter."""

    ids: np.ndarray
    vectors: np.ndarray  # [n, dimensions]
    needed: np.ndarray  # cosines

    def nearest(self, vectors: np.ndarray) -> list[int]:
        """The ids of the questions that some of these vectors come near enough, the nearest first."""
        excess = (self.vectors @ vectors.T).max(axis=1) - self.needed
        near = np.flatnonzero(excess >= 0)
        order = near[np.argsort(-excess[near])]
        if len(order) > SEARCHES:
            log.warning("newcomers_cut", questions=len(order), searched=SEARCHES)
        return self.ids[order[:SEARCHES]].tolist()


def find_newcomers(*, after: int, published_since: datetime | None) -> Newcomers:
    """Compares the vectors that came in after this id, and looks at what was published since a time.

    Raises EmbedderUnavailable.
    """
    embedder = get_embedder()
    found = Newcomers(until=after)
    if published_since:
        search_again(published_late(published_since, embedder.model)[:SEARCHES], found)
    if not vectors_of(embedder.model).filter(pk__gt=after).exists():
        return found
    board = read_board(embedder)
    give_up = time.monotonic() + SECONDS
    for batch in batches(embedder.model, after=max(0, after - OVERLAP)):
        if time.monotonic() > give_up:
            found.is_whole = False
            break
        compare(batch, board, found)
        found.until = max(found.until, batch[-1].pk)
        found.compared += len(batch)
    return found


def published_late(since: datetime, model: str) -> QuerySet[Question, int]:
    """The ids of questions published since a time, whose own search did not see the newest preprint."""
    newest = Embedding.objects.filter(model=model).order_by("-pk").values("created_at")[:1]
    late = Question.objects.published().filter(published_answer__published_at__gt=since)
    return late.filter(published_answer__run__started_at__lt=newest).values_list("pk", flat=True)


def vectors_of(model: str) -> QuerySet[Embedding]:
    """The vectors of the preprints that answers may rest on."""
    return Embedding.objects.filter(model=model, preprint__withdrawn_on=None)


def batches(model: str, *, after: int) -> Iterator[list[Embedding]]:
    while batch := list(vectors_of(model).filter(pk__gt=after).order_by("pk")[:VECTORS]):
        yield batch
        after = batch[-1].pk


def read_board(embedder: Embedder) -> Board:
    """All published questions. Embedding one takes some 3 ms."""
    parts = [
        (
            np.array([question.pk for question in questions]),
            embedder.embed([question.text for question in questions]),
            np.array([needed_cosine(bar_of(question), embedder.model) for question in questions]),
        )
        for questions in published_questions()
    ]
    if not parts:
        return Board(np.empty(0, int), np.empty((0, embedder.dimensions)), np.empty(0))
    return Board(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def published_questions() -> Iterator[list[Question]]:
    """All of them, in batches, with their answers' sources."""
    rows = (
        Question.objects.published()
        .select_related("published_answer")
        .prefetch_related("published_answer__sources")
        .order_by("pk")
    )
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:QUESTIONS]):
        yield batch
        last = batch[-1].pk


def bar_of(question: Question) -> float:
    """The similarity from which on a newcomer matters: the median of what the answer cites.

    Above every similarity where none is known.
    """
    assert question.published_answer is not None  # the database sees to it
    sources: Iterable[Source] = question.published_answer.sources.all()
    known = [one.similarity for one in sources if one.is_cited and one.similarity is not None]
    return median(known) if known else 2.0


def needed_cosine(bar: float, model: str, *, coverage: float = USUAL_COVERAGE) -> float:
    """The cosine below which a preprint with this share of the words can't reach this similarity."""
    calibration = get_calibration()
    if bar >= 1 or calibration.model != model:
        return 2.0  # no similarity is known, so none can be compared
    evidence = np.log(max(bar, 1e-6) / (1 - bar))
    return float((evidence - calibration.intercept - calibration.coverage * coverage) / calibration.cosine)


def compare(batch: Sequence[Embedding], board: Board, found: Newcomers) -> None:
    """Searches again for the questions that the vectors of this batch come near."""
    if not board.ids.size:
        return
    near = board.nearest(np.array([np.array(row.vector, dtype=np.float32) for row in batch]))
    search_again(near, found)


def search_again(ids: Iterable[int], found: Newcomers) -> None:
    """Sets the marks that these questions' answers deserve, each question once a sweep."""
    questions = Question.objects.published().select_related("published_answer__run")
    wanted = set(ids) - found.searched
    for question in questions.prefetch_related("published_answer__sources").filter(pk__in=wanted):
        found.searched.add(question.pk)
        for mark in newcomers_of(question):
            found.marks[mark.answer_id, mark.preprint_id] = mark


def newcomers_of(question: Question) -> list[Mark]:
    """The marks that a question's answer deserves for preprints that its own search could not find yet."""
    answer = question.published_answer
    assert answer is not None  # the database sees to it
    bar = bar_of(question)
    known = {source.preprint_id for source in answer.sources.all()}
    known |= set(answer.marks.filter(resolved_at=None).values_list("preprint_id", flat=True))
    preprints = {
        hit.preprint.pk: hit.preprint
        for hit in search(question.text, limit=MAX_SOURCES).sources
        if hit.preprint.pk not in known and hit.similarity is not None and hit.similarity >= bar
    }
    since = answer.run.started_at or answer.created_at
    new = Embedding.objects.filter(
        preprint__in=preprints, model=settings.EMBEDDING_MODEL, created_at__gt=since
    ).values_list("preprint_id", flat=True)
    return [
        Mark(
            answer=answer,
            preprint=preprints[pk],
            kind=Mark.Kind.NEWER,
            preprint_version=preprints[pk].version,
        )
        for pk in new
    ]
