"""Query -> ranked preprints: words (BM25), meaning (vectors), identifiers and titles. All search SQL but the
postings'.

Each leg proposes a hundred preprints; of all of them together both the cosine and the share of the query's
words are known, and the calibrated evidence of the two ranks them (docs/decisions/0004). If vectors can't be
had, words alone rank, and a note says so.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Literal

import numpy as np
import structlog
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Q

from archive.calibration import get_calibration
from archive.embeddings import (
    LOCAL_MODELS,
    EmbedderUnavailable,
    RerankerUnavailable,
    load_embedder,
    rerank,
)
from archive.filters import Filters
from archive.identifiers import Identifier, parse
from archive.languages import is_foreign
from archive.models import Embedding, Preprint, PreprintQuerySet
from archive.postings import TextRanking, rank_by_text
from archive.text import RefusedText, clean_line
from archive.vectors import find_nearest, serving_model

# Fitted by benchmarks/similarity.py on questions of and beyond the archive's topics.
FLOOR = 0.03  # a hit less similar than this is no source of an answer
TOPIC_FLOOR = 0.12  # where the best hit is less similar, the archive has nothing on the question
CANDIDATES = 100  # of each leg
MAX_QUERY = 2_000  # characters
MAX_LIMIT = 200
TITLE_SIMILARITY = 0.5  # of trigrams, from which on a query counts as a mistyped title
TITLE_MILLISECONDS = 500  # that the search for mistyped titles may take
MAX_TITLE_WORDS = 40  # a longer query is no title
RERANKED = 24  # of the best hits are put in order by the reranking model, where there is one
MAX_NAMED = 10  # identifiers or titles in one query

NO_VECTORS = "Vector search is not available just now: these results are found by their words alone."
OTHER_LANGUAGE = "This archive is in English: in another language it is searched by meaning alone."
NO_RERANKER = "The reranking model is not available just now: this is the search's own order."
PARTLY_EMBEDDED = "Some preprints are still being indexed: they are found by their words alone."

BESIDE = ThreadPoolExecutor(thread_name_prefix="embedding")  # its threads begin with the first query
Mode = Literal["hybrid", "text", "vector"]
LISTED: PreprintQuerySet = Preprint.objects.defer(
    "search_vector"
)  # nobody reads it, and it is longer than the abstract
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hit:
    """A preprint found. `similarity` is the calibrated probability that it bears on the query, 0..1.

    That is the share of pairs with the same evidence (cosine of the vectors, share of the query's words
    weighted by rarity) that people judged relevant in three test collections. None where there is no vector
    or no calibration. `score` is what ranked it: only its order means something.
    """

    preprint: Preprint
    rank: int
    score: float
    similarity: float | None
    is_named: bool = False  # by its identifier or title, in the query itself


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first; notes say in words what was not as usual; settings are what an answer records of its
    search.
    """

    hits: list[Hit]
    notes: list[str] = field(default_factory=list)
    embedding_model: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether every part of the search was there: only then the archive alone decides what it finds."""
        return not {NO_VECTORS, NO_RERANKER} & set(self.notes)

    @property
    def sources(self) -> list[Hit]:
        """The hits that an answer may rest on: none where the archive has nothing on the question.

        Without vectors no similarity is known, and every hit is one. What the query names is one in any case.
        """
        known = [hit.similarity for hit in self.hits if hit.similarity is not None]
        if not known:
            return self.hits
        floor = FLOOR if max(known) >= TOPIC_FLOOR else 1.0
        return [hit for hit in self.hits if hit.is_named or (hit.similarity or 0.0) >= floor]


def search(
    query: str,
    *,
    limit: int = 8,
    categories: Sequence[str] = (),
    submitted_from: date | None = None,
    submitted_to: date | None = None,
    mode: Mode = "hybrid",
) -> SearchResult:
    """The preprints that bear most on a query: a question, words, a title, or identifiers.

    Takes any text; of what no preprint can match, nothing is found. Withdrawn preprints are found by
    identifier only.
    """
    query = clean_query(query)
    filters = Filters(categories=categories, submitted_from=submitted_from, submitted_to=submitted_to)
    limit = max(0, min(limit, MAX_LIMIT))
    if not query or not limit:
        return SearchResult(hits=[])
    if (identifier := parse(query)) is not None:
        named = find_named([identifier], among=filters.narrow(LISTED))
        return SearchResult(hits=[Hit(found, 1, 1.0, None) for found in named[:1]])
    found = Candidates(query, filters=filters, mode=mode)
    is_reranked = bool(settings.RERANK_MODEL) and not settings.IS_WEB_PROCESS and mode == "hybrid"
    hits = found.hits(max(limit, RERANKED) if is_reranked else limit)
    made_with = found.settings()
    if is_reranked and (order := rerank_hits(query, hits)):
        hits, made_with["reranker"] = order, settings.RERANK_MODEL
    elif is_reranked and hits:
        found.notes.append(NO_RERANKER)
    return SearchResult(hits[:limit], found.notes, found.model, made_with)


def rerank_hits(query: str, hits: list[Hit]) -> list[Hit]:
    """The best hits in the reranking model's order, those that the query names still first; none where the
    model is not available. Similarities stay what they are: a reranker's scores are no probabilities.
    """
    first = [hit for hit in hits if hit.is_named]
    others = [hit for hit in hits[:RERANKED] if not hit.is_named]
    if not others:
        return hits
    try:
        scores = rerank(query, [f"{hit.preprint.title}\n{hit.preprint.abstract}" for hit in others])
    except RerankerUnavailable as error:
        log.warning("search_not_reranked", reason=str(error))
        return []
    order = sorted(range(len(others)), key=lambda place: -scores[place])
    ordered = [*first, *(others[place] for place in order), *hits[RERANKED:]]
    return [replace(hit, rank=rank) for rank, hit in enumerate(dict.fromkeys(ordered), start=1)]


def clean_query(query: str) -> str:
    try:
        return clean_line(query[:MAX_QUERY])
    except RefusedText:
        return ""


class Candidates:
    """What the legs propose for one query, with what ranks them."""

    def __init__(self, query: str, *, filters: Filters, mode: Mode) -> None:
        self.query = query
        self.filters = filters
        self.mode = mode
        self.notes: list[str] = []
        self.model = ""
        self.few = filters.few()
        embedding = None if mode == "text" else self.begin_embedding()
        self.words = rank_by_text(query)
        by_text = [] if mode == "vector" else first_allowed(self.words, filters, self.few)
        self.named = [found.pk for found in find_named(named_in(query), among=filters.preprints())]
        titled = find_titled(query, filters, among=by_text, is_mistyped=self.words.has_strange)
        self.named += [pk for pk in titled if pk not in self.named]
        self.cosines = self.find_cosines(embedding, [*by_text, *self.named]) if embedding else {}
        if self.is_led_by_meaning():
            self.mode, by_text = "vector", []
        self.ids = np.array(sorted({*by_text, *self.named, *self.cosines}), dtype=np.int64)

    def is_led_by_meaning(self) -> bool:
        """Whether the words of a query say little, since they are of another language than the archive's.

        Hosted models know many languages, so that hybrid search serves them as it is.
        """
        is_led = self.mode == "hybrid" and self.model in LOCAL_MODELS and is_foreign(self.query)
        if is_led:
            self.notes.append(OTHER_LANGUAGE)
        return is_led

    def begin_embedding(self) -> Future[np.ndarray] | None:
        """The query's vector, made while the words are looked up; none, and a note, without an embedder."""
        try:
            embedder = load_embedder(serving_model())
        except (EmbedderUnavailable, DatabaseError) as error:
            self.do_without_vectors(error)
            return None
        self.model = embedder.model
        return BESIDE.submit(lambda: embedder.embed([self.query])[0])

    def find_cosines(self, embedding: Future[np.ndarray], by_text: list[int]) -> dict[int, float]:
        """Cosines of the nearest preprints and of those found by their words; none, and a note, without
        vectors.
        """
        try:
            cosines = find_nearest(
                embedding.result(), model=self.model, also=by_text, filters=self.filters, few=self.few
            )
        except (EmbedderUnavailable, DatabaseError) as error:
            self.do_without_vectors(error)
            return {}
        if set(by_text) - set(cosines):
            self.notes.append(PARTLY_EMBEDDED)
        return cosines

    def do_without_vectors(self, reason: Exception) -> None:
        log.warning("search_without_vectors", reason=str(reason))
        self.notes.append(NO_VECTORS)
        self.model = ""

    def hits(self, limit: int) -> list[Hit]:
        """The best of the candidates: those named in the query first, then by evidence."""
        if self.ids.size == 0 and not self.named:
            return []
        scores, similarities = self.rate()
        order = [
            *self.named,
            *(pk for pk in sorted(scores, key=lambda pk: -scores[pk]) if pk not in self.named),
        ]
        preprints = LISTED.in_bulk(order[:limit])
        return [
            Hit(preprints[pk], rank, scores.get(pk, 0.0), similarities.get(pk), pk in self.named)
            for rank, pk in enumerate((pk for pk in order[:limit] if pk in preprints), start=1)
        ]

    def rate(self) -> tuple[dict[int, float], dict[int, float]]:
        """What ranks each candidate, and the similarity of those that have one."""
        if not self.model:
            return dict(zip(self.ids.tolist(), self.words.scores_of(self.ids).tolist(), strict=True)), {}
        calibration = get_calibration()
        cosine = np.array([self.cosines.get(pk, np.nan) for pk in self.ids.tolist()])
        evidence = calibration.evidence(cosine, self.words.coverage_of(self.ids))
        scores = cosine if self.mode == "vector" else evidence
        known = ~np.isnan(cosine) & (calibration.model == self.model)
        shown = calibration.probability(evidence[known])
        similarities = dict(zip(self.ids[known].tolist(), shown.tolist(), strict=True))
        return dict(zip(self.ids.tolist(), scores.tolist(), strict=True)), similarities

    def settings(self) -> dict[str, Any]:
        """What an answer records of the search that it rests on."""
        return {
            "mode": self.mode if self.model or self.mode == "text" else "text",
            "candidates": CANDIDATES,
            "calibration": get_calibration().version,
            "floor": FLOOR,
        }


def first_allowed(words: TextRanking, filters: Filters, few: np.ndarray | None) -> list[int]:
    """The first hundred of a ranking that the filters let through: read on until there are so many."""
    if not filters or few is not None:
        return words.best(CANDIDATES, among=few).tolist()
    for size in (CANDIDATES * 10, CANDIDATES * 100, CANDIDATES * 1_000):
        part = words.best(size).tolist()
        passing = set(filters.preprints().filter(pk__in=part).values_list("pk", flat=True))
        if len(passing) >= CANDIDATES or len(part) < size:
            break
    return [pk for pk in part if pk in passing][:CANDIDATES]


def find_titled(query: str, filters: Filters, *, among: list[int], is_mistyped: bool) -> list[int]:
    """The preprints whose title a query nearly is, nearest first: by trigrams, so a slip of the pen does no
    harm.

    A title that is typed right stands among those with its words. All titles are looked through only where a
    word is one that hardly any preprint has, since that takes long.
    """
    if "?" in query or len(query.split()) > MAX_TITLE_WORDS:
        return []
    conditions, values = filters.sql()
    if titled := match_titles(query, f"preprint.id = ANY (%s) AND {conditions}", [among, *values]):
        return titled
    return find_mistyped(query, conditions, values) if is_mistyped else []


def find_mistyped(query: str, conditions: str, values: list[Any]) -> list[int]:
    """The same among all titles, by their trigram index; nothing where it takes too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pg_trgm.similarity_threshold', %s, true),"
                " set_config('statement_timeout', %s, true)",
                [str(TITLE_SIMILARITY), str(TITLE_MILLISECONDS)],
            )
            return match_titles(query, f"preprint.title %% %s AND {conditions}", [query, *values])
    except OperationalError as error:
        log.info("titles_not_searched", reason=str(error))
        return []


def match_titles(query: str, conditions: str, values: list[Any]) -> list[int]:
    """The best of the preprints under some conditions whose titles are near to a query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id FROM (
                SELECT preprint.id, similarity(preprint.title, %s) AS likeness
                FROM archive_preprint AS preprint WHERE {conditions}
            ) AS titled WHERE likeness >= {TITLE_SIMILARITY} ORDER BY likeness DESC, id LIMIT {MAX_NAMED}
            """,  # noqa: S608 -- only our own conditions are put in
            [query, *values],
        )
        return [pk for (pk,) in cursor.fetchall()]


def named_in(query: str) -> list[Identifier]:
    """The identifiers that stand as words in a query."""
    words = (word.strip(".,;:?!()[]{}\"'") for word in query.split())
    parsed = (parse(word) for word in words if any(character.isdigit() for character in word))
    return list(dict.fromkeys(identifier for identifier in parsed if identifier))[:MAX_NAMED]


def find_named(identifiers: Sequence[Identifier], *, among: PreprintQuerySet) -> list[Preprint]:
    """The preprints that some identifiers name, in their order."""
    if not identifiers:
        return []
    condition = reduce(or_, map(named_by, identifiers))
    found = list(among.filter(condition).defer("search_vector"))
    return sorted(found, key=lambda preprint: (place_among(identifiers, preprint), preprint.pk))


def named_by(identifier: Identifier) -> Q:
    """The condition that an identifier is, in the form that an index serves."""
    if identifier.kind == "own":
        return Q(identifier=identifier.value)
    if identifier.kind == "arxiv":
        return Q(source="arxiv", source_id=identifier.value)
    return Q(doi__iexact=identifier.value)


def place_among(identifiers: Sequence[Identifier], preprint: Preprint) -> int:
    """Which of the identifiers is the first that names a preprint."""
    names = {("own", preprint.identifier), ("arxiv", preprint.arxiv_id), ("doi", preprint.doi.lower())}
    return next(
        (place for place, named in enumerate(identifiers) if (named.kind, named.value) in names),
        len(identifiers),
    )


def similar_to(preprint: Preprint, *, limit: int = 5) -> list[Hit]:
    """The available preprints nearest in meaning to one, itself left out; by words where it has no vector
    yet, and none where they can't be looked for now.

    Between two preprints nothing is calibrated, so no similarity is told.
    """
    try:
        near = find_near(preprint, limit=limit + 1)
    except DatabaseError as error:  # a page about a preprint is whole without its neighbours
        log.warning("similar_not_found", preprint=preprint.identifier, reason=str(error))
        return []
    order = sorted((pk for pk in near if pk != preprint.pk), key=lambda pk: -near[pk])[:limit]
    found = LISTED.in_bulk(order)
    return [Hit(found[pk], rank, near[pk], None) for rank, pk in enumerate(order, start=1) if pk in found]


def find_near(preprint: Preprint, *, limit: int) -> dict[int, float]:
    """Preprints near to one, itself among them, with what orders them."""
    own = Embedding.objects.filter(preprint=preprint, model=serving_model()).first()
    if own is None:
        hits = search(preprint.title, limit=limit, mode="text").hits
        return {hit.preprint.pk: hit.score for hit in hits}
    vector = np.array(own.vector, dtype=np.float32)
    return find_nearest(vector, model=own.model, also=[], filters=Filters())
