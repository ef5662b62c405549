from datetime import date
from typing import Any

import numpy as np
import pytest

from archive.models import Posting, Preprint
from archive.postings import (
    BLOCK_SIZE,
    ENTRY,
    READING_LIMIT,
    Word,
    index_preprints,
    rank_by_text,
    rarity,
    share_out,
    unindex_preprints,
    within_limit,
)
from tests.factories import PreprintFactory

pytestmark = pytest.mark.django_db


def make(title: str, abstract: str = "Nothing else.", **fields: Any) -> Preprint:
    return PreprintFactory(title=title, abstract=abstract, authors=(), **fields)


def entries_of(lexeme: str) -> np.ndarray:
    rows = Posting.objects.filter(lexeme=lexeme).values_list("entries", flat=True)
    return np.concatenate([np.frombuffer(row, dtype=ENTRY) for row in rows] or [np.empty(0, dtype=ENTRY)])


def test_an_entry_says_where_and_how_much() -> None:
    preprint = make("Photon counting", "A photon meets a photon detector and the counting begins.")
    (entry,) = entries_of("photon")
    # Twice in the abstract, once in the title, which counts twice; 9 words that are no stop words.
    impact = 255 * 4 / (4 + 0.9 * (0.5 + 0.5 * 9 / 100))
    assert (entry["place"], entry["impact"]) == (preprint.pk % BLOCK_SIZE, round(impact))


def test_rare_words_weigh_more_than_common_ones() -> None:
    for number in range(20):
        make(f"Quantum circuits {number}")
    wanted = make("Quantum thermometry")
    other = make("Thermal circuits of quantum chips with quantum gates")
    ranking = rank_by_text("quantum thermometry")
    assert ranking.best(1)[0] == wanted.pk
    assert other.pk in ranking.best(100)
    assert ranking.coverage_of(np.array([wanted.pk]))[0] > ranking.coverage_of(np.array([other.pk]))[0]


def test_a_question_need_not_be_matched_in_every_word() -> None:
    preprint = make("Barren plateaus in variational circuits")
    assert rank_by_text("Why do barren plateaus annoy my grandmother on Tuesdays?").best(100).tolist() == [
        preprint.pk
    ]


def test_words_that_only_ask_find_nothing_beside_others() -> None:
    make("What we know and what could be found")
    wanted = make("Lattice surgery")
    assert rank_by_text("What is known and found about lattice surgery?").best(100).tolist() == [wanted.pk]
    assert len(rank_by_text("know").best(100)) == 1


def test_coverage_lies_between_nothing_and_all() -> None:
    preprint = make("Squeezed light", "Squeezed light " * 100)
    ranking = rank_by_text("squeezed light")
    assert 0.9 < ranking.coverage_of(np.array([preprint.pk]))[0] < 1
    assert ranking.coverage_of(np.array([preprint.pk + 10_000_000]))[0] == 0


@pytest.mark.parametrize(
    "query", ["", "the and of", "?!", "\u200b", "日本語", "' OR 1=1 --", "a" * 5_000, "<b>&amp;</b>"]
)
def test_queries_without_a_known_word_find_nothing(query: str) -> None:
    make("Squeezed light")
    assert rank_by_text(query).best(100).tolist() == []


def test_withdrawn_preprints_are_not_listed() -> None:
    make("Squeezed light", withdrawn_on=date(2024, 1, 1))
    assert rank_by_text("squeezed light").best(100).tolist() == []


def test_taking_out_and_in_again_leaves_the_others_as_they_were() -> None:
    preprints = [make(f"Squeezed light {number}") for number in range(5)]
    before = {(row.lexeme, row.block): sorted(bytes(row.entries)) for row in Posting.objects.all()}
    unindex_preprints([preprints[1].pk, preprints[3].pk])
    assert sorted(rank_by_text("squeezed").best(100)) == [preprints[0].pk, preprints[2].pk, preprints[4].pk]
    index_preprints([preprints[1].pk, preprints[3].pk])
    assert {(row.lexeme, row.block): sorted(bytes(row.entries)) for row in Posting.objects.all()} == before


def test_lists_reach_over_blocks_of_ids() -> None:
    preprints = [make("Squeezed light", pk=pk) for pk in (16_383, 16_384, 40_000)]
    assert Posting.objects.filter(lexeme="squeez").count() == 3
    assert sorted(rank_by_text("squeezed").best(100)) == [preprint.pk for preprint in preprints]


def test_a_compound_counts_no_more_than_its_words() -> None:
    assert share_out({"chest": [1], "x-ray": [2], "x": [3], "ray": [4]}) == {
        "chest": 1,
        "x-ray": 0.5,
        "x": 0.5,
        "ray": 0.5,
    }
    assert share_out({"light": [1, 3], "x-": [5]}) == {"light": 2, "x-": 1}


def test_a_bare_number_counts_less_than_a_word() -> None:
    assert share_out({"127": [1], "qubit": [2], "gw170817": [3]}) == {"127": 0.3, "qubit": 1, "gw170817": 1}


def test_weights_of_words_in_a_small_archive_are_those_of_a_usual_one() -> None:
    assert rarity("quantum", holders=40, total=47) > 1.5
    assert rarity("quantum", holders=40, total=47) < rarity("thermometri", holders=1, total=47)


def test_commonest_words_of_a_long_text_are_not_read() -> None:
    words = [Word(str(holders), 1.0, holders) for holders in (3, 70_000, READING_LIMIT - 80_000, 900_000)]
    assert [word.holders for word in within_limit(words)] == [3, 70_000, READING_LIMIT - 80_000]
    common = [Word("model", 1.0, READING_LIMIT + 1)]
    assert within_limit(common) == common
    assert within_limit([]) == []
