"""What goes wrong with a model's provider, in this site's words: each error becomes a ProviderError.

LiteLLM calls most things a 500; what really came back stands further down the chain of exceptions.
"""

import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus

import httpx
from django.utils.http import parse_http_date_safe

LONGEST_RETRY_AFTER = 3_600.0  # seconds; a provider that asks for more is asked again after an hour
RETRY_DELAY = re.compile(r'"retryDelay":\s*"(\d+(?:\.\d+)?)s"')  # Google's API says it in the body


@dataclass(frozen=True)
class Usage:
    """What a provider says that a call took; `cost_usd` is None where it named no tokens."""

    tokens_in: int
    tokens_out: int
    cost_usd: Decimal | None


class ProviderError(Exception):
    """A call that gave no usable answer; `message` is for people.

    `is_lasting`: the same call will fail again. `was_paid`: it may have cost money, `usage` if the provider
    says how much. `retry_after`: seconds, if named.
    """

    usage: "Usage | None" = None

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


NO_ACCESS = ("no_access", "The model's provider did not accept this site's key.")
NOT_ALLOWED = ("no_access", "The model's provider does not let this site use the model.")
USED_UP = ("no_access", "This site's account with the model's provider is used up.")
BAD_REQUEST = ("bad_request", "The model's provider did not accept the request.")
BROKEN = ("broken_answer", "The model's answer arrived broken.")
DECLINED = ("refused_by_model", "The model declined the question.")
LASTING = {
    "AuthenticationError": NO_ACCESS,
    "PermissionDeniedError": NOT_ALLOWED,
    "NotFoundError": ("no_model", "The model's provider does not know the model."),
    "BadRequestError": BAD_REQUEST,
    "UnprocessableEntityError": BAD_REQUEST,
    "UnsupportedParamsError": BAD_REQUEST,
    "ContextWindowExceededError": ("too_much_text", "The sources are too long for the model."),
    "ContentPolicyViolationError": DECLINED,
    "BudgetExceededError": USED_UP,
}
LASTING_STATUS: dict[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: LASTING["AuthenticationError"],
    HTTPStatus.PAYMENT_REQUIRED: USED_UP,
    HTTPStatus.FORBIDDEN: NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: LASTING["NotFoundError"],
    HTTPStatus.UNPROCESSABLE_ENTITY: BAD_REQUEST,
}


def as_provider_error(error: Exception) -> ProviderError:
    """The same trouble in this site's words. What isn't known to last passes, and may have been paid."""
    causes = list(chain(error))
    reply = next((cause.response for cause in causes if isinstance(cause, httpx.HTTPStatusError)), None)
    is_unreadable = reply is None and type(error).__name__ == "BadRequestError" and len(causes) > 1
    if is_unreadable:  # LiteLLM's word for an answer of Gemini's that it can't take apart
        return ProviderError(*BROKEN, was_paid=True)
    if lasting := find_lasting(error, reply):
        return ProviderError(*lasting, is_lasting=True)
    if any(isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout) for cause in causes):
        return ProviderError("unreachable", "The model's provider can't be reached.")
    if reply is not None:
        wait = read_retry_after(reply)
        if reply.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return ProviderError("busy", "The model's provider is busy.", retry_after=wait)
        return ProviderError("provider_down", "The model's provider has trouble.", retry_after=wait)
    if any(isinstance(cause, httpx.TimeoutException) for cause in causes):
        return ProviderError("too_slow", "The model did not answer in time.", was_paid=True)
    return ProviderError(*BROKEN, was_paid=True)


def find_lasting(error: Exception, reply: httpx.Response | None) -> tuple[str, str] | None:
    """Code and words for what no other try would mend; None for what may pass."""
    # OpenAI says with a 429 that the account has no money
    if reply is not None and "insufficient_quota" in body_of(reply):
        return USED_UP
    by_name = LASTING.get(type(error).__name__)
    by_status = LASTING_STATUS.get(reply.status_code) if reply is not None else None
    return by_name if by_name and by_name != BAD_REQUEST else by_status or by_name


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def read_retry_after(reply: httpx.Response) -> float | None:
    """Seconds, or the time until a date, from a Retry-After header, else from the body; an hour at most."""
    value = reply.headers.get("retry-after", "").strip()
    if not value:
        in_body = RETRY_DELAY.search(body_of(reply))
        return min(float(in_body[1]), LONGEST_RETRY_AFTER) if in_body else None
    try:
        seconds = float(value)
    except ValueError:
        date = parse_http_date_safe(value)
        seconds = date - time.time() if date else math.nan
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else None


def body_of(reply: httpx.Response) -> str:
    """The text of an error's body; nothing where it was not read."""
    return reply.text if reply.is_stream_consumed else ""
