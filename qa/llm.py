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
from http import HTTPStatus
from types import FrameType
from typing import Any

import httpx
from django.conf import settings
from django.utils.http import parse_http_date_safe

from qa import extractive
from qa.checking import CheckSource

MAX_OUTPUT_TOKENS = 2_400  # 450 words in JSON take about 1,200
BYTES_A_TOKEN = 2  # a lower bound for English with TeX, so that a reservation is never too small
MOST_TOKENS = 10_000_000  # ten times what any model takes at once
LONGEST_NAME = 128  # characters
LONGEST_RETRY_AFTER = 3_600.0  # seconds; a provider that asks for more is asked again after an hour

# USD for a million tokens in and out, November 2026; LiteLLM's table knows the others.
PRICES = {
    "anthropic/claude-haiku-4-5": (Decimal(1), Decimal(5)),
    "anthropic/claude-sonnet-4-5": (Decimal(3), Decimal(15)),
    "openai/gpt-5-mini": (Decimal("0.25"), Decimal(2)),
    "openai/gpt-4.1-mini": (Decimal("0.40"), Decimal("1.60")),
    "gemini/gemini-2.5-flash": (Decimal("0.30"), Decimal("2.50")),
    "mistral/mistral-small-latest": (Decimal("0.10"), Decimal("0.30")),
}
UNKNOWN_PRICE = (Decimal(3), Decimal(15))  # a model that nobody lists is charged as a dear one
MILLION = Decimal(1_000_000)


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


class ProviderError(Exception):
    """A call that gave no usable answer; `message` is for people.

    `is_lasting`: the same call will fail again. `was_paid`: it may have cost money. `retry_after`: seconds,
    if named.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        is_lasting: bool = False,
        was_paid: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.is_lasting = is_lasting
        self.was_paid = was_paid
        self.retry_after = retry_after


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
                **_parameters(model, question=question, sources=sources, schema=response_schema),
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
    if is_embedded(model):
        return Decimal(0), Decimal(0)
    if model in PRICES:
        tokens_in, tokens_out = PRICES[model]
        return tokens_in / MILLION, tokens_out / MILLION
    known = load().model_cost.get(model) or load().model_cost.get(model.partition("/")[2]) or {}
    if "input_cost_per_token" not in known:
        return UNKNOWN_PRICE[0] / MILLION, UNKNOWN_PRICE[1] / MILLION
    return Decimal(str(known["input_cost_per_token"])), Decimal(str(known.get("output_cost_per_token", 0)))


def highest_cost(messages: Sequence[dict[str, str]], *, model: str) -> Decimal:
    """What a call can cost at most, in USD: the most tokens its bytes can be, and the longest answer."""
    price_in, price_out = price_of(model)
    size = sum(len(message["content"].encode()) for message in messages)
    return price_in * math.ceil(size / BYTES_A_TOKEN) + price_out * MAX_OUTPUT_TOKENS


def read_response(response: Any, *, model: str, seconds: float) -> Completion:
    """The completion in a LiteLLM response. Raises ProviderError where it holds no text."""
    choice = response.choices[0] if response.choices else None
    if not (choice and choice.message.content):
        raise ProviderError("empty_answer", "The model answered with nothing.", was_paid=True)
    usage = getattr(response, "usage", None)
    tokens_in = read_count(getattr(usage, "prompt_tokens", 0))
    tokens_out = read_count(getattr(usage, "completion_tokens", 0))
    price_in, price_out = price_of(model)
    is_counted = is_embedded(model) or (tokens_in and tokens_out)
    return Completion(
        text=choice.message.content,
        model_named=read_name(response.model) or model,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost_usd=price_in * tokens_in + price_out * tokens_out if is_counted else None,
        finish_reason=choice.finish_reason or "",
        seconds=seconds,
    )


def read_count(value: object) -> int:
    """A number of tokens as a provider gives it; 0, which counts as not given, for what can't be one."""
    return value if isinstance(value, int) and 0 < value <= MOST_TOKENS else 0


def read_name(value: object) -> str:
    """A model's name as a provider gives it: the printable part, as long as the record takes."""
    return "".join(filter(str.isprintable, str(value or "")))[:LONGEST_NAME].strip()


def _parameters(
    model: str, *, question: str, sources: Sequence[CheckSource], schema: dict[str, Any]
) -> dict[str, Any]:
    if is_embedded(model):
        return {"extra_body": {"question": question, "sources": [asdict(source) for source in sources]}}
    parameters: dict[str, Any] = {"max_tokens": MAX_OUTPUT_TOKENS, "temperature": 0}
    if settings.ANSWER_API_BASE and model == settings.ANSWER_MODEL:  # no other's key is sent there
        parameters["api_base"] = settings.ANSWER_API_BASE
    if load().supports_response_schema(model=model):
        parameters["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        }
    return parameters


LASTING = {
    "AuthenticationError": ("no_access", "The model's provider did not accept this site's key."),
    "PermissionDeniedError": ("no_access", "The model's provider does not let this site use the model."),
    "NotFoundError": ("no_model", "The model's provider does not know the model."),
    "BadRequestError": ("bad_request", "The model's provider did not accept the request."),
    "UnprocessableEntityError": ("bad_request", "The model's provider did not accept the request."),
    "UnsupportedParamsError": ("bad_request", "The model's provider did not accept the request."),
    "ContextWindowExceededError": ("too_much_text", "The sources are too long for the model."),
    "ContentPolicyViolationError": ("refused_by_model", "The model's provider declined the question."),
    "BudgetExceededError": ("no_access", "This site's account with the model's provider is used up."),
}


def as_provider_error(error: Exception) -> ProviderError:
    """The same trouble in this site's words. What isn't known to be lasting passes, and may have been paid.

    LiteLLM calls most things a 500; what really came back stands further down the chain of exceptions.
    """
    if lasting := LASTING.get(type(error).__name__):
        return ProviderError(*lasting, is_lasting=True)
    causes = list(chain(error))
    if any(isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout) for cause in causes):
        return ProviderError("unreachable", "The model's provider can't be reached.")
    reply = next((cause.response for cause in causes if isinstance(cause, httpx.HTTPStatusError)), None)
    if reply is not None:
        wait = read_retry_after(reply)
        if reply.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return ProviderError("busy", "The model's provider is busy.", retry_after=wait)
        if reply.status_code == HTTPStatus.FORBIDDEN:
            return ProviderError(*LASTING["PermissionDeniedError"], is_lasting=True)
        return ProviderError("provider_down", "The model's provider has trouble.", retry_after=wait)
    if any(isinstance(cause, httpx.TimeoutException) for cause in causes):
        return ProviderError("too_slow", "The model did not answer in time.", was_paid=True)
    return ProviderError("broken_answer", "The model's answer arrived broken.", was_paid=True)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def read_retry_after(reply: httpx.Response) -> float | None:
    """Seconds from a Retry-After header, whether it names them or a date; an hour at most."""
    value = reply.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        date = parse_http_date_safe(value)
        seconds = date - time.time() if date else math.nan
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None
