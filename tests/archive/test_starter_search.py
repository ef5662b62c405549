"""Search over the starter archive, as a first start of the site has it."""

import pytest
from django.core.management import call_command
from django.db import connection

from archive.search import FLOOR, search

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("starter_archive"),
    pytest.mark.xdist_group("starter"),
]

REFERENCE_QUESTION = (
    "What specific quantum hardware improvements would be needed to match classical diffusion model "
    "performance on chest X-rays?"
)
REFERENCE_PREPRINTS = {
    "AG-2024.04-2402",
    "AG-2024.02-2027",
    "AG-2024.01-1576",
    "AG-2024.06-2044",
    "AG-2024.05-1578",
    "AG-2024.01-1989",
    "AG-2024.06-1702",
    "AG-2024.05-1592",
}


@pytest.fixture(scope="module")
def starter_archive(django_db_setup, django_db_blocker):
    """The starter archive, loaded and embedded once for this module's tests."""
    with django_db_blocker.unblock():
        call_command("load_starter_archive", verbosity=0)
        yield
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE archive_preprint, archive_posting, archive_identifiercounter, archive_harvestrun,"
                " archive_category CASCADE"
            )


def test_reference_question_finds_its_preprints() -> None:
    result = search(REFERENCE_QUESTION)
    identifiers = [hit.preprint.identifier for hit in result.hits]
    assert result.notes == []
    assert len(REFERENCE_PREPRINTS & set(identifiers)) >= 6, identifiers
    assert len(REFERENCE_PREPRINTS & {hit.preprint.identifier for hit in result.sources}) >= 6
    everything = {hit.preprint.identifier for hit in search(REFERENCE_QUESTION, limit=20).hits}
    assert everything >= REFERENCE_PREPRINTS


def test_similarity_falls_with_rank_and_is_a_probability() -> None:
    hits = search(REFERENCE_QUESTION, limit=40).hits
    similarities = [hit.similarity for hit in hits]
    assert [hit.rank for hit in hits] == list(range(1, 41))
    assert all(value is not None and 0 <= value <= 1 for value in similarities)
    assert similarities == sorted(similarities, reverse=True)
    assert similarities[0] > 0.4


@pytest.mark.parametrize(
    "question",
    [
        "How do I bake sourdough bread with a crisp crust?",
        "Who won the football world cup in 2018?",
        "Is rental income from a holiday flat subject to income tax in Germany?",
    ],
)
def test_questions_beyond_its_topics_have_no_sources(question: str) -> None:
    result = search(question)
    assert result.sources == []
    assert all(hit.similarity is not None and hit.similarity < FLOOR for hit in result.hits)


@pytest.mark.parametrize(
    ("question", "identifier"),
    [
        ("What did the neutron star merger mean for theories of gravity?", "Dark Energy after GW170817"),
        ("Do language models understand physics?", "physics"),
        ("How well do quantum circuits make pictures?", "Quantum"),
    ],
)
def test_questions_on_its_topics_have_sources(question: str, identifier: str) -> None:
    titles = [hit.preprint.title for hit in search(question).sources]
    assert any(identifier.lower() in title.lower() for title in titles), titles


@pytest.mark.parametrize(
    "question",
    [
        "Quelles améliorations du matériel quantique faut-il pour les radiographies thoraciques ?",
        "Welche Verbesserungen der Quantenhardware braucht es für Röntgenbilder?",
        "量子コンピュータは医療画像に役立ちますか",
    ],
)
def test_other_languages_are_taken(question: str) -> None:
    assert search(question).hits
