"""Two configurations over a set of questions: what is printed, what is paid, that nothing else is left."""

import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from qa.models import Answer, Question, Spend
from qa.prompts import own_prompt, prompt_names, read_prompt
from tests.fakes import Call, Reply, answer_object, write_answer
from tests.qa.asking import OFF_TOPIC, ON_TOPIC

pytestmark = pytest.mark.django_db(transaction=True)

EMBEDDED = "antigravity/extractive-1"
MODEL = "openai/gpt-4.1-mini"


@pytest.fixture
def questions(tmp_path, imaging_archive):
    path = tmp_path / "questions.txt"
    path.write_text(f"# on the topic, and off it\n\n{ON_TOPIC}\n{OFF_TOPIC}\n")
    return path


def compare(capsys, *arguments: str) -> str:
    call_command("compare_prompts", *arguments)
    return capsys.readouterr().out


def test_both_sides_are_checked_and_counted(questions, provider, capsys) -> None:
    report = json.loads(compare(capsys, EMBEDDED, MODEL, "--questions", str(questions), "--json"))
    quoted, written = report["configurations"]
    assert report["not_in_archive"] == [OFF_TOPIC]
    assert (quoted["model"], written["model"]) == (EMBEDDED, MODEL)
    assert written["prompt_version"] == own_prompt().version
    for side in (quoted, written):
        assert (side["questions"], side["published"]) == (1, 1)
        assert side["words"] > 25
        assert side["citations"]["supported"] >= 1
        assert side["citations"]["contradicted"] == 0
    assert (quoted["calls"], quoted["usd"]) == (0, "0")
    [trial] = written["trials"]
    assert (written["calls"], trial["tokens_in"], trial["tokens_out"]) == (1, 2_000, 500)
    assert Decimal(trial["usd"]) == Decimal("0.0016")
    assert len(provider.calls) == 1


def test_table_shows_both_side_by_side(questions, provider, capsys) -> None:
    text = compare(capsys, EMBEDDED, f"{MODEL}@v1", "--questions", str(questions))
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert ON_TOPIC in lines
    assert OFF_TOPIC not in lines
    assert f"A {EMBEDDED} " in text
    assert f"B {MODEL}@v1" in text
    assert lines["published"].split() == ["published", "1", "1"]
    assert Decimal(lines["usd"].split()[-1]) == Decimal("0.0016")
    assert "Not in this archive, so written by neither: 1" in text


def test_nothing_but_the_ledger_is_kept(questions, provider, capsys) -> None:
    compare(capsys, MODEL, MODEL, "--questions", str(questions))
    assert not Question.objects.exists()
    assert not Answer.objects.exists()
    spends = Spend.objects.values_list("run", "purpose", "cost_usd")
    assert list(spends) == [(None, "comparison", Decimal("0.0016"))] * 2 == [*spends][: len(provider.calls)]


def test_what_a_model_gets_wrong_is_said(questions, provider, capsys) -> None:
    def boast(call: Call) -> Reply:
        answer = answer_object(call)
        answer["sections"][0]["statements"][0]["text"] = "Great question! It reached 99.99% accuracy."
        return Reply(json.dumps(answer))

    provider.answer = lambda call: boast(call) if "mini" in call.model else write_answer(call)
    arguments = (MODEL, EMBEDDED, "--questions", str(questions), "--json")
    side, other = json.loads(compare(capsys, *arguments))["configurations"]
    assert (side["published"], other["published"]) == (0, 1)
    assert any("99.99" in reason for reason in side["trials"][0]["reasons"])


def test_model_that_fails_is_a_result(questions, provider, capsys) -> None:
    provider.answer = lambda call: Reply(status=503)
    side, other = json.loads(compare(capsys, MODEL, EMBEDDED, "--questions", str(questions), "--json"))[
        "configurations"
    ]
    assert side["outcomes"] == {"failed": 1}
    assert side["trials"][0]["reasons"] == ["The model's provider has trouble."]
    assert "failed" not in other["outcomes"]


def test_budget_ends_a_comparison_with_what_it_has(questions, provider, settings, capsys) -> None:
    settings.DAILY_BUDGET_USD = Decimal("0.011")
    questions.write_text("\n".join(f"{ON_TOPIC[:-1]}, in case {n}?" for n in range(9)))
    with pytest.raises(CommandError, match="today's budget is used"):
        call_command("compare_prompts", EMBEDDED, MODEL, "--questions", str(questions))
    assert 1 <= len(provider.calls) < 9
    assert "0.0016" in capsys.readouterr().out
    assert Spend.objects.count() == len(provider.calls)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([MODEL], "two configurations"),
        ([MODEL, f"{MODEL}@v99"], "no prompt v99"),
        ([MODEL, MODEL, "--questions", "/nowhere.txt"], "can't be read"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("compare_prompts", *arguments)


def test_versions_are_listed_with_their_digests(capsys) -> None:
    lines = compare(capsys, "--versions").splitlines()
    assert lines == [f"{name} {read_prompt(name).digest}" for name in prompt_names()]
