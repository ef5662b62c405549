"""Gateway: messages -> Completion, from any model of LiteLLM's, within a wall-clock deadline. Reads no rows.

Every way in which a provider fails becomes a ProviderError that says what it means for the run: is it
lasting, may it have cost money, when to try again. LiteLLM is imported by the processes that call models,
never by the web.
"""

import logging
import math
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from types import FrameType
from typing import Any

from django.conf import settings

from qa import extractive
from qa.checking import CheckSource
from qa.failures import BAD_REQUEST, DECLINED, ProviderError, Usage, as_provider_error
from qa.pricing import own_prices

MAX_OUTPUT_TOKENS = 2_400  # 450 words in JSON take about 1,200
BYTES_A_TOKEN = 2  # a lower bound for English with TeX, so that a reservation is never too small
MOST_TOKENS = 10_000_000  # ten times what any model takes at once
LONGEST_NAME = 128  # characters
THINKING_TOKENS = 4_000  # four times what Gemini's "low" allows; without room, a long thought cuts the answer
THINKING_PROVIDERS = {"openai", "gemini"}  # Anthropic's and Mistral's models think when asked to
SCHEMA_SERVERS = {"ollama_chat", "hosted_vllm", "llamafile"}  # these hold any model to a grammar
OLLAMA_CONTEXT = 16_384  # tokens; beyond its default of 4,096 Ollama drops the beginning without a word


@dataclass(frozen=True)
class Completion:
    """What a model answered. `cost_usd` is None where the provider named no usage: all is charged then."""

    text: str
    model_named: str
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal | None
    finish_reason: str
    seconds: float


class DeadlinePassed(BaseException):
    """Not an Exception, so that no library on the way takes it for a failed attempt and goes on."""


def complete(
    messages: Sequence[dict[str, str]],
    *,
    model: str,
    deadline: float,
    question: str,
    sources: Sequence[CheckSource],
    response_schema: dict[str, Any],
) -> Completion:
    """One call of one model, without retries, of at most `deadline` seconds. Raises ProviderError.

    In the main thread of a process: the deadline is an alarm, which also ends a body that drips in for ever.
    """
    parameters = _parameters(model, question=question, sources=sources, schema=response_schema)
    return _send(messages, model=model, deadline=deadline, parameters=parameters)


def complete_json(
    messages: Sequence[dict[str, str]], *, model: str, deadline: float, schema: dict[str, Any], api_base: str
) -> Completion:
    """One call of a hosted model that is no answer: a JSON object of this schema. As `complete` otherwise."""
    parameters = _hosted_parameters(model, schema=schema, api_base=api_base)
    return _send(messages, model=model, deadline=deadline, parameters=parameters)


def _send(
    messages: Sequence[dict[str, str]], *, model: str, deadline: float, parameters: dict[str, Any]
) -> Completion:
    litellm = load()
    began = time.monotonic()
    try:
        with alarm_after(deadline):
            response = litellm.completion(
                model=model,
                messages=list(messages),
                timeout=deadline,
                max_retries=0,
                num_retries=0,
                **parameters,
            )
    except DeadlinePassed:
        raise ProviderError("too_slow", "The model did not answer in time.", was_paid=True) from None
    except Exception as error:  # LiteLLM passes on whatever the providers' libraries raise
        raise as_provider_error(error) from error
    return read_response(response, model=model, seconds=time.monotonic() - began)


@cache
def load() -> Any:
    """LiteLLM, set up once in a process: 3 s and 200 MB, so workers do it before they fork."""
    import litellm

    litellm.telemetry = False
    litellm.drop_params = True
    litellm.suppress_debug_info = True
    logging.getLogger("LiteLLM").setLevel(logging.WARNING)  # else four lines a call
    litellm.custom_provider_map = [{"provider": "antigravity", "custom_handler": extractive.make_handler()}]
    litellm.utils.custom_llm_setup()
    return litellm


def is_embedded(model: str) -> bool:
    """Whether it is the answerer that ships with the site: no key, no network, no cost, quotations only."""
    return model.startswith("antigravity/")


@contextmanager
def alarm_after(seconds: float) -> Iterator[None]:
    """Raises DeadlinePassed in the block after so many seconds, and again every second if it is swallowed."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise DeadlinePassed

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)  # first of all: from here on nothing rings
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def price_of(model: str) -> tuple[Decimal, Decimal]:
    """USD for one token in and one token out."""
    return own_prices().price_of(model, load().model_cost)


def highest_cost(messages: Sequence[dict[str, str]], *, model: str) -> Decimal:
    """What a call can cost at most, in USD: the most tokens its bytes can be, and the longest answer."""
    price_in, price_out = price_of(model)
    size = sum(len(message["content"].encode()) for message in messages)
    return price_in * math.ceil(size / BYTES_A_TOKEN) + price_out * most_output(model)


def most_output(model: str) -> int:
    """Tokens that a call may bring back: the answer, and what the model thinks before it."""
    return MAX_OUTPUT_TOKENS + (THINKING_TOKENS if thinks_unasked(model) else 0)


def thinks_unasked(model: str) -> bool:
    """Whether a model thinks unless it is told not to, out of the same tokens as its answer."""
    return model.partition("/")[0] in THINKING_PROVIDERS and bool(load().supports_reasoning(model=model))


def keeps_to_schema(model: str) -> bool:
    """Whether the provider holds this model to a JSON schema. Else the JSON is found in what it writes."""
    is_server = model.partition("/")[0] in SCHEMA_SERVERS
    return is_server or bool(load().supports_response_schema(model=model))


def read_response(response: Any, *, model: str, seconds: float) -> Completion:
    """The completion in a LiteLLM response. Raises ProviderError where it holds no text."""
    if response is None:  # LiteLLM's way to say that OpenAI's API answered 422
        raise ProviderError(*BAD_REQUEST, is_lasting=True)
    choice = response.choices[0] if response.choices else None
    usage = read_usage(response, model=model)
    try:
        text = read_text(choice)
    except ProviderError as error:
        error.usage = usage
        raise
    return Completion(
        text=text,
        model_named=read_name(response.model) or model,
        tokens_in=usage.tokens_in,
        tokens_out=usage.tokens_out,
        cost_usd=usage.cost_usd,
        finish_reason=getattr(choice, "finish_reason", None) or "",
        seconds=seconds,
    )


def read_usage(response: Any, *, model: str) -> Usage:
    """The tokens that a LiteLLM response tells of, and their price."""
    usage = getattr(response, "usage", None)
    tokens_in = read_count(getattr(usage, "prompt_tokens", 0))
    tokens_out = read_count(getattr(usage, "completion_tokens", 0))
    price_in, price_out = price_of(model)
    is_counted = is_embedded(model) or (tokens_in and tokens_out)
    cost = price_in * tokens_in + price_out * tokens_out if is_counted else None
    return Usage(tokens_in, tokens_out, cost)


def read_text(choice: Any) -> str:
    """What the model wrote. Raises ProviderError where it declined, called a tool or wrote nothing."""
    message = getattr(choice, "message", None)
    extras = getattr(message, "provider_specific_fields", None) or {}
    if extras.get("refusal") or getattr(choice, "finish_reason", "") == "content_filter":
        raise ProviderError(*DECLINED, is_lasting=True, was_paid=True)
    if isinstance(content := getattr(message, "content", None), str) and content.strip():
        return content
    if getattr(message, "tool_calls", None):
        raise ProviderError("empty_answer", "The model called a tool instead of answering.", was_paid=True)
    raise ProviderError("empty_answer", "The model answered with nothing.", was_paid=True)


def read_count(value: object) -> int:
    """A number of tokens as a provider gives it; 0, which counts as not given, for what can't be one."""
    return value if isinstance(value, int) and 0 < value <= MOST_TOKENS else 0


def read_name(value: object) -> str:
    """A model's name as a provider gives it: the printable part, as long as the record takes."""
    return "".join(filter(str.isprintable, str(value or "")))[:LONGEST_NAME].strip()


def _parameters(
    model: str, *, question: str, sources: Sequence[CheckSource], schema: dict[str, Any]
) -> dict[str, Any]:
    """What the call says beside the messages."""
    if is_embedded(model):
        return {"extra_body": {"question": question, "sources": [asdict(source) for source in sources]}}
    is_own = model == settings.ANSWER_MODEL  # no other's key is sent to its address
    return _hosted_parameters(model, schema=schema, api_base=settings.ANSWER_API_BASE if is_own else "")


def _hosted_parameters(model: str, *, schema: dict[str, Any], api_base: str) -> dict[str, Any]:
    """For a model at a provider; each line for one is a quirk of its API."""
    parameters: dict[str, Any] = {"max_tokens": most_output(model), "temperature": 0}
    if api_base:
        parameters["api_base"] = api_base
    if keeps_to_schema(model):
        parameters["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }
    if thinks_unasked(model):
        parameters["reasoning_effort"] = "low"
    if model.startswith("ollama"):
        parameters["num_ctx"] = OLLAMA_CONTEXT
    return parameters
