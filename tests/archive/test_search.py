from datetime import date
from typing import Any

import pytest
from django.db import connection

from archive.indexing import embed_preprints
from archive.models import Embedding, Preprint
from archive.search import NO_VECTORS, PARTLY_EMBEDDED, search, similar_to
from tests.factories import PreprintFactory

pytestmark = pytest.mark.django_db


def make(title: str, abstract: str = "", **fields: Any) -> Preprint:
    return PreprintFactory(title=title, abstract=abstract or f"About {title.lower()}.", authors=(), **fields)


def found(query: str, **options: Any) -> list[Preprint]:
    return [hit.preprint for hit in search(query, **options).hits]


@pytest.mark.parametrize(
    "query",
    [
        "AG-2024.01-001",
        "ag-2024.01-001",
        "2401.07049",
        "arXiv:2401.07049v2",
        "https://arxiv.org/abs/2401.07049",
        "10.1103/PhysRevLett.133.010601",
    ],
)
def test_identifiers_of_any_form_find_their_preprint_alone(query: str) -> None:
    preprint = make("Squeezed light", source_id="2401.07049", doi="10.1103/physrevlett.133.010601")
    make("2401.07049 and other numbers")
    assert preprint.identifier == "AG-2024.01-001"
    assert found(query) == [preprint]


def test_identifier_in_a_question_puts_its_preprint_first() -> None:
    preprint = make("Squeezed light", source_id="2401.07049")
    make("Entangled photons", "What do entangled photons show?")
    assert found("What do the photons of 2401.07049 show?")[0] == preprint


def test_preprint_that_a_question_names_is_a_source() -> None:
    preprint = make("Squeezed light", source_id="2401.07049")
    other = make("Entangled photons")
    embed_preprints([preprint, other])
    result = search("What does 2401.07049 report?")
    assert [hit.preprint for hit in result.sources] == [preprint]
    assert result.sources[0].similarity is not None


def test_mistyped_title_is_found_first() -> None:
    preprint = make("Quantum denoising diffusion models")
    make("Diffusion of quantum dots")
    assert found("Quantm denoisng difusion modles")[0] == preprint


def test_withdrawn_preprint_is_found_by_identifier_only() -> None:
    preprint = make("Squeezed light", source_id="2401.07049", withdrawn_on=date(2024, 2, 1))
    embed_preprints([preprint])
    for query in ("squeezed light", "Squeezed light", "What does 2401.07049 say of squeezed light?"):
        assert found(query) == []
    assert found("2401.07049") == [preprint]


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_filters_hold_in_every_leg(mode: Any) -> None:
    preprints = {
        "wanted": make("Squeezed light", primary_category="quant-ph", submitted_on=date(2024, 5, 5)),
        "other category": make("Squeezed light", primary_category="cs.CV", submitted_on=date(2024, 5, 5)),
        "too early": make("Squeezed light", primary_category="quant-ph", submitted_on=date(2024, 4, 30)),
        "too late": make("Squeezed light", primary_category="quant-ph", submitted_on=date(2024, 6, 1)),
    }
    embed_preprints(list(preprints.values()))
    span = {"submitted_from": date(2024, 5, 1), "submitted_to": date(2024, 5, 31)}
    assert found("squeezed light", mode=mode, categories=["quant-ph"], **span) == [preprints["wanted"]]
    assert len(found("squeezed light", mode=mode)) == 4


def test_filter_finds_what_ranks_far_behind() -> None:
    for _ in range(150):
        make("Squeezed light", "Squeezed light and squeezed light.")
    wanted = make("A treatise", "Of light.", primary_category="cs.CV")
    assert found("squeezed light", mode="text", categories=["cs.CV"]) == [wanted]


def test_search_before_anything_is_embedded_goes_by_words_and_says_so() -> None:
    preprints = [make("Squeezed light"), make("Entangled photons")]
    result = search("squeezed light")
    assert [hit.preprint for hit in result.hits] == preprints[:1]
    assert result.notes == [PARTLY_EMBEDDED]
    assert result.hits[0].similarity is None


def test_preprint_without_a_vector_is_ranked_among_the_others() -> None:
    embedded = make("Squeezed light", "On squeezed light in cavities.")
    embed_preprints([embedded])
    fresh = make("Squeezed light in optical cavities", "Squeezed light, squeezed in cavities.")
    weak = make("Cavities", "Teeth.")
    embed_preprints([weak])
    assert found("squeezed light in optical cavities") == [fresh, embedded, weak]


def test_missing_model_falls_back_to_words_and_says_so(settings) -> None:
    preprint = make("Squeezed light")
    settings.EMBEDDING_MODEL = "local/none"
    result = search("squeezed light")
    assert [(hit.preprint, hit.similarity) for hit in result.hits] == [(preprint, None)]
    assert result.notes == [NO_VECTORS]
    assert result.settings["mode"] == "text"
    assert result.sources == result.hits


def test_broken_vector_index_falls_back_to_words_and_says_so() -> None:
    preprint = make("Squeezed light")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE archive_embedding RENAME COLUMN vector TO vectors")
    result = search("squeezed light")
    assert [hit.preprint for hit in result.hits] == [preprint]
    assert result.notes == [NO_VECTORS]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "\x00",
        "\ud800",
        "?",
        "😀",
        "the",
        "' OR 1=1 --",
        "a" * 100_000,
        "%_%",
        "<script>alert(1)</script>",
    ],
)
def test_any_text_is_taken(query: str) -> None:
    make("Squeezed light")
    for mode in ("hybrid", "text", "vector"):
        assert search(query, mode=mode).hits is not None


def test_limit_is_kept() -> None:
    for _ in range(12):
        make("Squeezed light")
    assert [len(found("squeezed light", limit=limit)) for limit in (0, 1, 8, 1_000)] == [0, 1, 8, 12]


def test_similar_preprints_are_the_nearest_in_meaning() -> None:
    cat, feline, codes = make("A cat on the mat"), make("Feline rests on rug"), make("Quantum surface codes")
    embed_preprints([cat, feline, codes])
    hits = similar_to(cat, limit=2)
    assert [hit.preprint for hit in hits] == [feline, codes]
    assert [hit.similarity for hit in hits] == [None, None]


def test_similar_preprints_are_found_by_words_before_the_vector_is_there() -> None:
    first, second = make("Squeezed light one"), make("Squeezed light two")
    assert not Embedding.objects.exists()
    assert [hit.preprint for hit in similar_to(first)] == [second]


def test_search_takes_the_same_few_queries_for_one_hit_and_for_many(django_assert_max_num_queries) -> None:
    for _ in range(20):
        make("Squeezed light")
    for limit in (1, 20):
        with django_assert_max_num_queries(12):
            search("squeezed light", limit=limit)
