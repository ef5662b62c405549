"""Which questions are near another one in meaning: their vectors, and the look-ups that rest on them.

Vectors of questions come from the local embedding model, whatever model searches the archive: it runs in
every process, 3 ms a question. Where it can't be had, nothing is near and asking goes on without.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from django.db import connection
from pgvector import HalfVector

from archive.embeddings import EmbedderUnavailable, load_embedder
from qa.models import Question, QuestionEmbedding
from qa.questions import LOCAL_MODEL, MAX_LENGTH
from qa.sameness import RELATED, SAME, ask_the_same

log = structlog.get_logger(__name__)
CANDIDATES = 20
SUGGESTED = 5
SUGGEST_FROM = 8  # characters; one word says too little


@dataclass(frozen=True)
class NearQuestion:
    """A question and the cosine of its text to the one that was looked up."""

    question: Question
    cosine: float


def embed_question(text: str) -> np.ndarray | None:
    """The text's vector, of length 1; None where the local model is not there."""
    try:
        return load_embedder(LOCAL_MODEL).embed([text])[0]
    except EmbedderUnavailable as error:
        log.warning("questions_without_vectors", reason=str(error))
        return None


def keep_vector(question: Question, vector: np.ndarray) -> None:
    QuestionEmbedding.objects.update_or_create(
        question=question, model=LOCAL_MODEL, defaults={"vector": HalfVector(vector)}
    )


def find_published_near(
    vector: np.ndarray, *, limit: int = CANDIDATES, least: float = RELATED, without: Iterable[int] = ()
) -> list[NearQuestion]:
    """Published questions near a vector, nearest first."""
    return find_near(vector, states=[Question.State.PUBLISHED], limit=limit, least=least, without=without)


def find_near(
    vector: np.ndarray, *, states: Sequence[str], limit: int, least: float, without: Iterable[int] = ()
) -> list[NearQuestion]:
    """Questions in some states whose cosine to a vector is `least` or more, nearest first.

    The cast stands in the statement as in the index, else that would not be used.
    """
    size = len(vector)
    literal = "[" + ",".join(f"{value:.6g}" for value in vector.tolist()) + "]"
    statement = f"""
        SELECT question.id, 1 - (embedding.vector::halfvec({size}) <=> %s::halfvec({size})) AS cosine
        FROM qa_questionembedding AS embedding JOIN qa_question AS question ON question.id = question_id
        WHERE embedding.model = %s AND question.state = ANY(%s) AND NOT question.id = ANY(%s)
        ORDER BY embedding.vector::halfvec({size}) <=> %s::halfvec({size}) LIMIT %s
    """  # noqa: S608 -- only a number is put in
    with connection.cursor() as cursor:
        cursor.execute(statement, [literal, LOCAL_MODEL, list(states), list(without), literal, limit])
        cosines = {pk: cosine for pk, cosine in cursor.fetchall() if cosine >= least}
    questions = Question.objects.select_related("published_answer").in_bulk(cosines)
    return [NearQuestion(questions[pk], cosine) for pk, cosine in cosines.items() if pk in questions]


def find_mergeable(question: Question) -> list[NearQuestion]:
    """Questions near one that it could be merged into, whatever curators think of it."""
    vector = embed_question(question.text)
    if vector is None:
        return []
    closed = {Question.State.REJECTED, Question.State.RETRACTED, Question.State.MERGED}
    states = [state for state in Question.State if state not in closed]
    return find_near(vector, states=states, limit=SUGGESTED, least=RELATED, without=[question.pk])


def suggest_questions(text: str) -> list[Question]:
    """A few published questions near what somebody types; none for a text too short or long to tell."""
    words = " ".join(text.encode(errors="ignore").decode().split())
    if not SUGGEST_FROM <= len(words) <= MAX_LENGTH:
        return []
    vector = embed_question(words)
    if vector is None:
        return []
    return [near.question for near in find_published_near(vector, limit=SUGGESTED)]


def find_same(text: str, vector: np.ndarray) -> list[Question]:
    """Published questions that ask the same in other words: very near, and the guard agrees."""
    near = find_published_near(vector, least=SAME)
    return [one.question for one in near if ask_the_same(one.question.text, text)]


def embed_missing(limit: int) -> int:
    """Gives vectors to questions that have none, such as those of before there were any; how many it were."""
    waiting = Question.objects.filter(closed_at=None).exclude(embeddings__model=LOCAL_MODEL)
    missing = list(waiting.order_by("-pk")[:limit])
    for question in missing:
        vector = embed_question(question.text)
        if vector is None:
            return 0
        keep_vector(question, vector)
    return len(missing)
