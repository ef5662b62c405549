"""What each provider's API can send, over HTTP through the real client: the same trouble in the same words.

The bodies are those of tests/shapes.py. Each test looks into the provider's log for what was called.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from qa import llm
from qa.failures import ProviderError
from qa.llm import Completion, complete
from qa.prompts import ANSWER_SCHEMA
from tests.fakes import FakeProvider, Reply

TEXT = '{"verdict": "unanswerable", "gap": "", "sections": [], "limits": "", "follow_ups": []}'
MESSAGES = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": "What is it?"}]


@dataclass(frozen=True)
class Family:
    """A provider's API, asked for one of its models. `schema` is the path to the schema in a request."""

    model: str
    path: str
    schema: tuple[str, ...]
    base: str = ""  # what follows the provider's address in ANSWER_API_BASE


OPENAI_SCHEMA = ("response_format", "json_schema", "schema")
FAMILIES = {
    "openai": Family("openai/gpt-4.1-mini", "/v1/chat/completions", OPENAI_SCHEMA, "/v1"),
    "openai, thinking": Family("openai/gpt-5-mini", "/v1/chat/completions", OPENAI_SCHEMA, "/v1"),
    "anthropic": Family("anthropic/claude-haiku-4-5", "/v1/messages", ("output_format", "schema")),
    "gemini": Family(
        "gemini/gemini-2.5-flash",
        "/models/gemini-2.5-flash:generateContent",
        ("generationConfig", "response_json_schema"),
    ),
    "mistral": Family("mistral/mistral-small-latest", "/v1/chat/completions", OPENAI_SCHEMA, "/v1"),
    "ollama": Family("ollama_chat/llama3.1", "/api/chat", ("format",)),
    "llama.cpp": Family("openai/qwen3-8b", "/v1/chat/completions", (), "/v1"),
    "vllm": Family("hosted_vllm/Qwen/Qwen3-8B", "/v1/chat/completions", OPENAI_SCHEMA, "/v1"),
}
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())


@pytest.fixture(autouse=True)
def keys(monkeypatch) -> None:
    for provider in ("OPENAI", "ANTHROPIC", "GEMINI", "MISTRAL"):
        monkeypatch.setenv(f"{provider}_API_KEY", "test")


@pytest.fixture(scope="module")
def running() -> Iterator[FakeProvider]:
    with FakeProvider([Reply(TEXT)]) as provider:
        yield provider


@pytest.fixture
def provider(running) -> FakeProvider:
    """One for all tests, so that LiteLLM sets up each client once; good and without calls in the log."""
    running.replies = [Reply(TEXT)]
    running.calls.clear()
    return running


def ask(family: Family, provider: FakeProvider, settings, *, deadline: float = 30) -> Completion:
    settings.ANSWER_MODEL = family.model
    settings.ANSWER_API_BASE = provider.address + family.base
    return complete(
        MESSAGES,
        model=family.model,
        deadline=deadline,
        question="",
        sources=[],
        response_schema=ANSWER_SCHEMA,
    )


def fail(family: Family, provider: FakeProvider, settings, reply: Reply, **named: float) -> ProviderError:
    provider.replies = [reply]
    with pytest.raises(ProviderError) as raised:
        ask(family, provider, settings, **named)
    assert provider.calls, "the trouble was not of the provider's making"
    assert {call.path for call in provider.calls} == {family.path}
    assert raised.value.message.endswith(".")
    return raised.value


@every_family
def test_good_answer_comes_whole_with_its_usage(family: Family, provider, settings) -> None:
    done = ask(family, provider, settings)
    assert (done.text, done.finish_reason) == (TEXT, "stop")
    assert (done.tokens_in, done.tokens_out) == (2_000, 500)
    assert family.model.rpartition("/")[2] in done.model_named
    [call] = provider.calls
    assert call.path == family.path
    assert "Answer in JSON." in call.prompt
    assert "What is it?" in call.prompt
    assert not call.body.get("stream")
    assert not call.body.get("tools")


@every_family
def test_schema_goes_where_the_provider_takes_it(family: Family, provider, settings) -> None:
    ask(family, provider, settings)
    [call] = provider.calls
    part = call.body
    for key in family.schema:
        part = part[key]
    if family.schema:
        assert set(part["properties"]) == {"verdict", "gap", "sections", "limits", "follow_ups"}
    else:  # nobody knows what stands behind the address, and some servers refuse what they don't know
        assert "response_format" not in call.body


COSTS = {
    "openai": "0.0016",
    "openai, thinking": "0.0015",
    "anthropic": "0.0045",
    "gemini": "0.00185",
    "mistral": "0.0006",
    "ollama": "0",
    "llama.cpp": "0.0135",  # as a dear one: the site can't know that the address is its own machine's
    "vllm": "0",
}


@pytest.mark.parametrize("name", FAMILIES)
def test_cost_is_by_the_table(name: str, provider, settings) -> None:
    assert ask(FAMILIES[name], provider, settings).cost_usd == Decimal(COSTS[name])


@every_family
def test_thoughts_are_no_part_of_the_answer_and_are_paid(family: Family, provider, settings) -> None:
    provider.replies = [Reply(TEXT, reasoning="The question asks what it is. {not JSON}")]
    done = ask(family, provider, settings)
    assert (done.text, done.tokens_out) == (TEXT, 500)  # Gemini counts its 100 tokens of thoughts apart


def test_models_that_think_unasked_get_little_to_think_and_room_for_it(provider, settings) -> None:
    ask(FAMILIES["openai, thinking"], provider, settings)
    ask(FAMILIES["gemini"], provider, settings)
    ask(FAMILIES["anthropic"], provider, settings)
    openai, gemini, anthropic = (call.body for call in provider.calls)
    assert (openai["reasoning_effort"], openai["max_completion_tokens"]) == ("low", 6_400)
    assert "temperature" not in openai  # GPT-5 refuses any but its own
    assert gemini["generationConfig"]["max_output_tokens"] == 6_400
    assert 0 < gemini["generationConfig"]["thinkingConfig"]["thinkingBudget"] < 4_000
    assert anthropic["max_tokens"] == 2_400
    assert "thinking" not in anthropic


def test_ollama_is_given_room_for_the_whole_prompt(provider, settings) -> None:
    ask(FAMILIES["ollama"], provider, settings)
    [call] = provider.calls
    assert call.body["options"]["num_ctx"] == 16_384


def test_mistral_thinks_in_chunks(provider, settings) -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}
    message = {"role": "assistant", "content": [thinking, {"type": "text", "text": TEXT}], "tool_calls": None}
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "mistral-small-latest",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
    }
    provider.replies = [Reply(body=json.dumps(body).encode())]
    assert ask(FAMILIES["mistral"], provider, settings).text == TEXT


FILTERED = [Reply(None, finish="content_filter"), Reply("I", finish="content_filter")]


@pytest.mark.parametrize("reply", FILTERED, ids=["at once", "midway"])
@pytest.mark.parametrize(
    "name", ["openai", "anthropic", "gemini", "mistral", "vllm"]
)  # Ollama has no word for it
def test_declined_question_is_not_asked_again(name: str, reply: Reply, provider, settings) -> None:
    error = fail(FAMILIES[name], provider, settings, reply)
    assert (error.code, error.is_lasting, error.was_paid) == ("refused_by_model", True, True)


def test_refusal_in_a_field_of_its_own_is_read(provider, settings) -> None:
    error = fail(FAMILIES["openai"], provider, settings, Reply(None, refusal="I can't help with that."))
    assert (error.code, error.is_lasting, error.was_paid) == ("refused_by_model", True, True)


def test_gemini_blocks_a_prompt_without_a_candidate(provider, settings) -> None:
    error = fail(FAMILIES["gemini"], provider, settings, Reply(TEXT, has_choices=False))
    assert (error.code, error.is_lasting) == ("refused_by_model", True)


WITHOUT_TEXT = {
    "null": Reply(None),
    "blank": Reply(" \n"),
    "a tool instead": Reply(None, tool_call="search_web", finish="tool_calls"),
    "thoughts only": Reply(None, reasoning="Hmm."),
    "all tokens thought away": Reply(None, reasoning="Hmm. " * 99, finish="length"),
}


@pytest.mark.parametrize("reply", WITHOUT_TEXT.values(), ids=WITHOUT_TEXT.keys())
@every_family
def test_answer_without_text_was_paid_and_may_come_next_time(
    family: Family, reply: Reply, provider, settings
) -> None:
    error = fail(family, provider, settings, reply)
    assert (error.code, error.is_lasting, error.was_paid) == ("empty_answer", False, True)
    assert ("tool" in error.message) == bool(reply.tool_call)


@every_family
def test_length_is_told(family: Family, provider, settings) -> None:
    provider.replies = [Reply(TEXT[:20], finish="length")]
    done = ask(family, provider, settings)
    assert (done.text, done.finish_reason) == (TEXT[:20], "length")


@every_family
def test_missing_usage_is_never_free(family: Family, provider, settings) -> None:
    """None: the ledger then charges all that was reserved. What is free stays so."""
    provider.replies = [Reply(TEXT, usage=None)]
    if family.model.startswith(("anthropic/", "gemini/")):  # whose answers LiteLLM refuses without usage
        assert fail(family, provider, settings, provider.replies[0]).was_paid
    elif family.model.startswith("ollama"):
        assert ask(family, provider, settings).cost_usd == 0
    else:
        assert ask(family, provider, settings).cost_usd is None


BROKEN = {
    "HTML": Reply(body=b"<html>We are moving.</html>", content_type="text/html"),
    "nothing": Reply(body=b""),
    "null": Reply(body=b"null"),
    "a list": Reply(body=b"[]"),
    "cut": Reply(TEXT, cut_at=60, says_length=False),
    "cut short of its length": Reply(TEXT, cut_at=60),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
@every_family
def test_broken_body_may_have_been_paid(family: Family, reply: Reply, provider, settings) -> None:
    error = fail(family, provider, settings, reply)
    assert (error.code, error.is_lasting, error.was_paid) == ("broken_answer", False, True)
    assert len(provider.calls) == 1  # nobody tried again behind our back


@every_family
def test_wrong_content_type_is_no_reason_to_lose_a_whole_answer(family: Family, provider, settings) -> None:
    provider.replies = [Reply(TEXT, content_type="text/plain")]
    assert ask(family, provider, settings).text == TEXT


HTML = b"<html><h1>502 Bad Gateway</h1></html>"
PASSING = {
    "500": ("provider_down", None, Reply(status=500)),
    "502 in HTML": ("provider_down", None, Reply(status=502, body=HTML, content_type="text/html")),
    "503": ("provider_down", 9, Reply(status=503, headers={"Retry-After": "9"})),
    "529": ("provider_down", None, Reply(status=529)),
    "429": ("busy", 7, Reply(status=429, headers={"Retry-After": "7"})),
}


@pytest.mark.parametrize(("code", "wait", "reply"), PASSING.values(), ids=PASSING.keys())
@every_family
def test_passing_trouble_is_free_and_says_when(
    family: Family, code: str, wait: float | None, reply: Reply, provider, settings
) -> None:
    error = fail(family, provider, settings, reply)
    assert (error.code, error.retry_after, error.is_lasting, error.was_paid) == (code, wait, False, False)
    assert len(provider.calls) == 1


def test_gemini_says_in_the_body_when_to_come_back(provider, settings) -> None:
    assert fail(FAMILIES["gemini"], provider, settings, Reply(status=429)).retry_after == 34


LASTING = {400: "bad_request", 401: "no_access", 402: "no_access", 403: "no_access", 404: "no_model"}
LASTING |= {422: "bad_request"}


@pytest.mark.parametrize("status", LASTING)
@every_family
def test_lasting_trouble_is_free(family: Family, status: int, provider, settings) -> None:
    error = fail(family, provider, settings, Reply(status=status))
    assert (error.code, error.is_lasting, error.was_paid) == (LASTING[status], True, False)


QUOTA = {"message": "You exceeded your current quota.", "type": "insufficient_quota", "param": None}
LONG = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens."


def test_account_without_money_is_no_busy_provider(provider, settings) -> None:
    body = json.dumps({"error": QUOTA | {"code": "insufficient_quota"}}).encode()
    error = fail(FAMILIES["openai"], provider, settings, Reply(status=429, body=body))
    assert (error.code, error.is_lasting) == ("no_access", True)
    assert "used up" in error.message


@pytest.mark.parametrize("name", ["openai", "llama.cpp", "vllm"])
def test_too_many_sources_for_a_model_are_named(name: str, provider, settings) -> None:
    error = fail(FAMILIES[name], provider, settings, Reply(LONG, status=400))
    assert (error.code, error.is_lasting, error.was_paid) == ("too_much_text", True, False)


@every_family
def test_dripping_body_ends_at_the_deadline(family: Family, provider, settings) -> None:
    ask(family, provider, settings)  # what is loaded at the first call is not timed
    began = time.monotonic()
    error = fail(family, provider, settings, Reply(TEXT, drip=0.3), deadline=0.5)
    assert time.monotonic() - began < 25  # 200 bytes and more would take a minute
    assert (error.code, error.was_paid, error.is_lasting) == ("too_slow", True, False)


def test_every_price_says_where_it_comes_from() -> None:
    """And none is below LiteLLM's: a reservation that is too small would let a budget be overrun."""
    table = llm.own_prices()
    assert table.source
    assert table.as_of >= "2026-11-01"
    for model, (tokens_in, tokens_out) in table.models.items():
        known = llm.load().model_cost.get(model) or llm.load().model_cost[model.partition("/")[2]]
        assert tokens_in >= Decimal(str(known["input_cost_per_token"])), model
        assert tokens_out >= Decimal(str(known["output_cost_per_token"])), model
