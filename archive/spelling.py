"""What a search may have meant whose words stand in no preprint: the nearest words of titles."""

import re
from collections import Counter
from difflib import SequenceMatcher

import structlog
from django.db import OperationalError, connection, transaction

from archive.search import clean_query

MAX_WORDS = 12
SHORTEST = 4  # letters; shorter words are near to everything
NEAR_TITLES = 50
TRIGRAMS_SHARED = 0.4  # of a word's, from which on a title is looked at
WORD_MILLISECONDS = 200  # that looking for one word's titles may take
NEAR_ENOUGH = 0.75  # difflib's ratio: "quantm" and "quantum" have .92, "quantum" and "quanta" .77
log = structlog.get_logger(__name__)
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

UNKNOWN = """
SELECT word FROM unnest(%s::text[]) WITH ORDINALITY AS typed (word, place),
    LATERAL (SELECT tsvector_to_array(to_tsvector('english', word)) AS lexemes) AS stemmed
WHERE cardinality(lexemes) > 0
AND NOT EXISTS (SELECT FROM archive_posting AS posting WHERE posting.lexeme = ANY (lexemes))
ORDER BY place
"""

# The trigram index on titles finds them; the operator's threshold is set beside the statement.
TITLES = """
SELECT title FROM archive_preprint WHERE withdrawn_on IS NULL AND %s <%% title ORDER BY %s <<-> title LIMIT %s
"""


def suggest_query(query: str) -> str:
    """The query with each word that no preprint holds replaced by the nearest word of a title.

    Empty where every word is known, or nothing is near. At most one query a word, each within a time limit.
    """
    query = clean_query(query)
    meant = {word: nearest_word(word) for word in unknown_words(query)}
    if not any(meant.values()):
        return ""
    return WORD.sub(lambda match: meant.get(match[0]) or match[0], query)


def unknown_words(query: str) -> list[str]:
    """The words of a query whose stems no preprint has, in their order."""
    words = [word for word in dict.fromkeys(WORD.findall(query)) if len(word) >= SHORTEST][:MAX_WORDS]
    with connection.cursor() as cursor:
        cursor.execute(UNKNOWN, [words])
        return [word for (word,) in cursor.fetchall()]


def nearest_word(word: str) -> str:
    """The word of a title that is spelled most like this one, the more frequent of equals; or nothing."""
    counts = Counter(found.lower() for title in near_titles(word) for found in WORD.findall(title))
    likeness = {found: SequenceMatcher(None, word.lower(), found).ratio() for found in counts}
    near = [found for found, ratio in likeness.items() if ratio >= NEAR_ENOUGH]
    return max(near, key=lambda found: (likeness[found], counts[found]), default="")


def near_titles(word: str) -> list[str]:
    """Titles that hold something like a word; none where looking for them takes too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true),"
                " set_config('statement_timeout', %s, true)",
                [str(TRIGRAMS_SHARED), str(WORD_MILLISECONDS)],
            )
            cursor.execute(TITLES, [word, word, NEAR_TITLES])
            return [title for (title,) in cursor.fetchall()]
    except OperationalError as error:
        log.info("spelling_not_looked_up", reason=str(error))
        return []
