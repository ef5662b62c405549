"""A second model's opinion on every claim: over HTTP, in its own budget, asked once, and never in the way."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.urls import reverse

from qa.models import Citation, Opinion, Spend
from tests.fakes import Call, FakeProvider, Reply, answer_object
from tests.qa.asking import ask, run_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("imaging_archive", "provider")]

NUMBER = re.compile(r"Statement (\d+) on the text above>>\n(.*)")


def judge_all(verdict: str):
    """A second model that finds the same of every statement."""

    def answer(call: Call) -> Reply:
        numbers = [int(number) for number, _ in NUMBER.findall(call.prompt)]
        return Reply(json.dumps({"verdicts": [{"statement": n, "verdict": verdict} for n in numbers]}))

    return answer


def paraphrase(call: Call) -> Reply:
    """A good answer whose claims are no quotations, so that a second model is asked about them."""
    whole = answer_object(call)
    for section in whole["sections"]:
        for statement in section["statements"]:
            statement["text"] = statement["text"].replace(" the ", " this ", 1).replace("The ", "These ", 1)
    return Reply(json.dumps(whole, ensure_ascii=False))


@pytest.fixture
def checker(settings, provider) -> Iterator[FakeProvider]:
    """A second model beside the one that writes, at its own address."""
    provider.answer = paraphrase
    with FakeProvider(answer=judge_all("entailed")) as running:
        settings.CHECK_MODEL = "openai/gpt-5-mini"
        settings.CHECK_API_BASE = running.openai_base
        yield running


def test_opinion_stands_beside_the_verdict_on_page_and_in_the_api(checker, client):
    question = ask()
    run_once(question)
    assert question.state == "published"
    [call] = checker.calls
    assert call.model == "gpt-5-mini"
    judged = Citation.objects.filter(answer=question.published_answer, score__lt=1)
    assert judged.exists()
    for citation in judged:
        [opinion] = citation.opinions.all()
        assert (opinion.verdict, opinion.model, opinion.model_named) == (
            "entailed", "openai/gpt-5-mini", "gpt-5-mini-2026-11-01",
        )  # fmt: skip
        assert citation.verdict in ("supported", "weak")
    page = client.get(question.get_absolute_url()).content.decode()
    assert "Another model, gpt-5-mini-2026-11-01, says: it follows from the cited text." in page
    body = client.get(reverse("v1:question-detail", args=[question.slug])).json()
    opinions = [one for s in body["answer"]["statements"] for c in s["citations"] for one in c["opinions"]]
    assert len(opinions) == judged.count()
    assert {one["verdict"] for one in opinions} == {"entailed"}


def test_same_statement_and_text_are_asked_once(checker):
    first, second = ask(), ask("How do classical diffusion models compare with quantum ones for images?")
    run_once(first)
    known = Opinion.objects.count()
    run_once(second)
    asked = [set(NUMBER.findall(call.prompt)) for call in checker.calls]
    texts = [{text for _, text in pairs} for pairs in asked]
    assert known == len(texts[0]) > 0
    assert len(checker.calls) == 1 or texts[0].isdisjoint(texts[1])
    assert Citation.objects.filter(answer__question=second, opinions=None, score__lt=1).count() == 0


def test_contradiction_found_by_the_second_model_holds_the_answer(checker):
    checker.answer = judge_all("contradicted")
    question = ask()
    run_once(question)
    answer = question.answers.get()
    assert question.state == "held"
    assert any("The checking model finds it contradicted" in reason for reason in answer.hold_reasons)
    assert not answer.citations.filter(verdict=Citation.Verdict.CONTRADICTED).exists()


@pytest.mark.parametrize(
    "trouble",
    [
        Reply("no", status=500),
        Reply("no", status=401),
        Reply("nonsense"),
        Reply(None),
        Reply('{"verdicts": [', finish="length"),
    ],
    ids=["down", "no key", "nonsense", "empty", "cut"],
)  # fmt: skip
def test_answer_goes_on_where_the_second_model_fails(checker, trouble):
    checker.answer = lambda call: trouble
    question = ask()
    run_once(question)
    assert question.state == "published"
    assert not Opinion.objects.exists()
    [booked] = Spend.objects.filter(purpose="check")
    assert booked.settled_at


def test_second_model_that_keeps_failing_is_left_alone(checker):
    checker.answer = lambda call: Reply(status=500)
    for number in range(7):
        run_once(question := ask(f"How do quantum diffusion models denoise images, in case {number}?"))
        assert question.state == "published"
    assert len(checker.calls) == 5


def test_second_model_has_its_own_budget(checker, settings):
    settings.CHECK_DAILY_BUDGET_USD = Decimal("0.000001")
    question = ask()
    run_once(question)
    assert question.state == "published"
    assert checker.calls == []
    assert [spend.purpose for spend in Spend.objects.all()] == ["answer"]


def test_cost_of_the_second_model_stands_in_the_ledger_and_in_the_answers_cost(checker):
    question = ask()
    run_once(question)
    spend = Spend.objects.get(purpose="check")
    assert (spend.tokens_in, spend.tokens_out, spend.model) == (2_000, 500, "openai/gpt-5-mini")
    assert spend.cost_usd == Decimal("0.0015")
    assert spend.reserved_usd > spend.cost_usd
    assert question.published_answer.cost_usd == Decimal("0.0016") + Decimal("0.0015")


def test_quotations_need_no_second_opinion(checker, settings):
    settings.ANSWER_MODEL = "antigravity/extractive-1"
    run_once(ask())
    assert checker.calls == []
