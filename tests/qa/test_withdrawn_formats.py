"""A preprint withdrawn under 21 published answers: marked in every format of every one of them."""

from datetime import date

import pytest

from qa.freshness import sweep
from tests.factories import PreprintFactory
from tests.qa.factories import make_published_question

pytestmark = pytest.mark.django_db

WORDS = "withdrawn on 9 May 2026"


@pytest.fixture
def planted():
    preprint = PreprintFactory()
    others = PreprintFactory.create_batch(2)
    questions = [make_published_question(preprints=[preprint, *others]) for _ in range(21)]
    preprint.withdrawn_on, preprint.withdrawal_reason = date(2026, 5, 9), "By the authors."
    preprint.save()
    sweep()
    return preprint, questions


@pytest.mark.parametrize("ending", ["md", "bib", "ris", "csl.json"])
def test_export_of_every_answer_says_so(client, planted, ending):
    preprint, questions = planted
    for question in questions:
        for address in (f"/ask/{question.slug}.{ending}", f"/ask/{question.slug}/v1.{ending}"):
            text = " ".join(client.get(address).content.decode().split()).replace("\\", "")
            assert preprint.identifier in text
            assert WORDS in text, address


def test_json_of_every_answer_says_so(client, planted):
    preprint, questions = planted
    for question in questions:
        answer = client.get(f"/ask/{question.slug}.json").json()["answer"]
        assert [one["detail"] for one in answer["outdated"]] == [f"{preprint.identifier} was {WORDS}."]
        assert answer["sources"][0]["withdrawn_on"] == "2026-05-09"
