from datetime import date
from functools import reduce
from operator import or_
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archive.embeddings import get_embedder
from archive.filters import Filters
from archive.identifiers import parse
from archive.indexing import embed_preprints
from archive.models import Embedding, Preprint
from archive.postings import rank_by_text
from archive.search import (
    LISTED,
    NO_VECTORS,
    OTHER_LANGUAGE,
    PARTLY_EMBEDDED,
    find_named,
    first_allowed,
    named_by,
    search,
    similar_to,
)
from archive.vectors import find_nearest
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


def test_filters_hold_for_what_a_query_names() -> None:
    preprint = make("Squeezed light", source_id="2401.07049", categories=["quant-ph"])
    other = make("Entanglement", categories=["cs.LG"])
    assert found("2401.07049 entanglement", categories=["cs.LG"]) == [other]
    assert found("2401.07049", categories=["cs.LG"]) == []
    assert found("2401.07049", submitted_to=date(1999, 1, 1)) == []
    assert found("2401.07049", categories=["quant-ph"]) == [preprint]


def test_preprints_are_found_in_the_order_in_which_they_are_named() -> None:
    first = make("Squeezed light", source_id="2401.07049")
    second = make("Surface codes", doi="10.1103/PhysRevLett.133.010601")
    third = make("Photon counting")
    for named in ([first, second, third], [third, first, second]):
        names = {first: "2401.07049", second: "10.1103/physrevlett.133.010601", third: third.identifier}
        assert found("Compare " + ", ".join(names[preprint] for preprint in named)) == named


def test_what_is_named_is_looked_up_by_indexes_and_without_its_lexemes() -> None:
    make("Squeezed light", source_id="2401.07049", doi="10.1103/PhysRevLett.133.010601")
    names = [parse(text) for text in ("2401.07049", "10.1103/physrevlett.133.010601", "AG-2024.01-001")]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a small table would be read whole
    condition = reduce(or_, map(named_by, names))
    plan = Preprint.objects.order_by().filter(condition).explain()
    assert "Seq Scan" not in plan
    for index in ("preprint_doi", "preprint_one_per_source_record"):
        assert index in plan
    with CaptureQueriesContext(connection) as queries:
        assert len(find_named(names, among=LISTED)) == 1
    assert "search_vector" not in queries[0]["sql"]


def test_page_does_without_neighbours_that_cannot_be_looked_for(settings) -> None:
    settings.EMBEDDING_MODEL = "openai/words-1"
    preprint, other = make("Squeezed light"), make("Squeezed states")
    for row, dimensions in ((preprint, 8), (other, 16)):  # what no statement can compare
        Embedding.objects.create(
            preprint=row, model="openai/words-1", vector=[0.1] * dimensions, text_hash=row.text_hash
        )
    assert similar_to(preprint) == []


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


def test_question_in_another_language_goes_by_meaning_and_says_so() -> None:
    english = make("Segmentation of the heart in MRI scans", "We segment the heart in MRI scans.")
    other = make("Squeezed light in optical cavities")
    embed_preprints([english, other])
    result = search("Comment segmenter le coeur dans une IRM pour la segmentation ?")
    assert result.hits[0].preprint == english
    assert result.notes == [OTHER_LANGUAGE]
    assert result.settings["mode"] == "vector"


def test_question_in_another_language_goes_by_words_where_there_are_no_vectors(settings) -> None:
    french = make("Espaces de modules", "Sur les espaces de modules des fibres vectoriels.")
    settings.EMBEDDING_MODEL = "local/none"
    result = search("Que sont les espaces de modules des fibres ?")
    assert [hit.preprint for hit in result.hits] == [french]
    assert result.notes == [NO_VECTORS]


def test_filter_that_leaves_many_is_kept_by_both_legs() -> None:
    """As where more pass than are looked at one by one: the ranking is read on, and the index is filtered."""
    light, other = make("Squeezed light", primary_category="cs.CV"), make("Squeezed light")
    embed_preprints([light, other])
    wide = Filters(categories=["cs.CV"])
    assert first_allowed(rank_by_text("squeezed light"), wide, None) == [light.pk]
    embedder = get_embedder()
    vector = embedder.embed(["squeezed light"])[0]
    assert list(find_nearest(vector, model=embedder.model, also=[], filters=wide)) == [light.pk]


def test_narrow_filter_knows_its_preprints() -> None:
    light = make("Squeezed light", primary_category="cs.CV")
    make("Squeezed light", primary_category="cs.CV", withdrawn_on=date(2024, 1, 1))
    make("Squeezed light")
    few = Filters(categories=["cs.CV"]).few()
    assert few is not None
    assert few.tolist() == [light.pk]
    assert Filters().few() is None


def test_title_typed_right_comes_first_though_others_repeat_its_words() -> None:
    titled = make("Quantum light", "Nothing else.")
    for number in range(3):
        make(f"Light of quantum light {number}", "Quantum light, quantum light and light quantum.")
    assert found("Quantum light")[0] == titled
