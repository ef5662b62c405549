"""The door at /mcp: a POST of the Model Context Protocol goes from Django to the SDK, an ASGI application.

Why inside the web process, and what it costs: docs/decisions/0021.
"""

import asyncio
from collections.abc import MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import structlog
from asgiref.current_thread_executor import CurrentThreadExecutor
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from antigravity.problems import Unavailable
from archive.outages import OUTAGES
from qa.authentication import CHALLENGE
from qa.models import Token
from qa.quotas import asker_key
from qa.throttling import TooManyRequests, count_request
from qa.tokens import TokenRefused, find_token

INVALID_REQUEST, INTERNAL_ERROR = -32600, -32603  # JSON-RPC's
NEEDS_POST = (
    "This address speaks the Model Context Protocol: POST JSON-RPC here. There is no stream to GET and no "
    "session to DELETE. Give the address to a client for agents; /api/ says how."
)
FOREIGN = "A web page of another origin may not call this. Reading from any origin is what /api/v1/ is for."

log = structlog.get_logger(__name__)
Message = MutableMapping[str, Any]


def refuse(status: int, words: str, **headers: str) -> JsonResponse:
    """A JSON-RPC error that answers no request in particular: clients show its words."""
    error = {"code": INTERNAL_ERROR if status >= 500 else INVALID_REQUEST, "message": words}
    return JsonResponse({"jsonrpc": "2.0", "id": None, "error": error}, status=status, headers=headers)


def is_foreign(request: HttpRequest) -> bool:
    """Whether a web page of another site sends this through its visitor's browser: programs name no origin.

    A host name that was bound to this machine by others never comes here: ALLOWED_HOSTS refuses it.
    """
    origin = request.headers.get("Origin")
    return origin not in (None, settings.SITE_URL, f"{request.scheme}://{request.get_host()}")


@csrf_exempt
def mcp(request: HttpRequest) -> HttpResponse:
    """One message and its answer: stateless Streamable HTTP. No cookie counts here, hence no CSRF."""
    if request.method != "POST":
        return refuse(405, NEEDS_POST, Allow="POST")
    if is_foreign(request):
        return refuse(403, FOREIGN)
    if request.content_type != "application/json":
        return refuse(415, "The body must be application/json.")
    response = answer(request)
    response["Cache-Control"] = "no-store"
    return response


def answer(request: HttpRequest) -> HttpResponse:
    """What the SDK answers, or why it is not asked."""
    try:
        token = identify(request)
        return converse(request, token, request.body)
    except TokenRefused as refusal:
        return refuse(401, refusal.message, **{"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})
    except TooManyRequests as refusal:
        return refuse(429, str(refusal.detail), **{"Retry-After": str(refusal.wait)})
    except RequestDataTooBig:
        return refuse(413, f"The request is too large: {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes at most.")
    except OUTAGES as outage:
        log.error("database_unavailable", exc_info=outage)
        return refuse(503, Unavailable.default_detail, **{"Retry-After": str(Unavailable.wait)})
    except Exception:
        log.exception("mcp_failed")
        error_id = structlog.contextvars.get_contextvars().get("request_id", "")
        return refuse(500, f"Something went wrong here; the log has it as {error_id}.")


def identify(request: HttpRequest) -> Token | None:
    """The token that a request bears, if any. Counts it. Raises TokenRefused and TooManyRequests."""
    try:
        token = find_token(request.META)
    except TokenRefused:
        count_request(request, asker_key(request.META))
        raise
    count_request(request, token.asker if token else asker_key(request.META))
    return token


@csrf_exempt
def with_slash(request: HttpRequest) -> HttpResponse:
    """308 from /mcp/: whoever POSTs there POSTs again."""
    return HttpResponsePermanentRedirect(reverse("mcp"), preserve_request=True)


def scope_of(request: HttpRequest) -> Message:
    """The request as ASGI has it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": request.scheme,
        "path": request.path,
        "root_path": "",
        "query_string": b"",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in request.headers.items()
        ],
    }


def converse(request: HttpRequest, token: Token | None, body: bytes) -> HttpResponse:
    """One exchange in an event loop of its own, in a thread that ends with it. Tools run in this one, whose
    database connection Django closes after the request.
    """
    here = CurrentThreadExecutor(None)
    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        exchanged = elsewhere.submit(copy_context().run, asyncio.run, exchange(request, token, body, here))
        here.run_until_future(exchanged)
    return exchanged.result()


async def exchange(request: HttpRequest, token: Token | None, body: bytes, tools: Executor) -> HttpResponse:
    """Gives the application one whole request, and gathers its answer; `tools` is where its tools run."""
    from qa.mcp.server import CALLER, Caller, application  # heavy: only a process that is asked has it

    caller = Caller(asker=token.asker if token else asker_key(request.META), token=token, tools=tools)
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return unread.pop() if unread else await asyncio.Future()  # that it goes away nobody here would know

    async def send(message: Message) -> None:
        sent.append(message)

    await application({**scope_of(request), CALLER: caller}, receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    response = HttpResponse(content, status=sent[0]["status"], content_type="application/json")
    for name, value in sent[0]["headers"]:
        response[name.decode("latin-1")] = value.decode("latin-1")
    return response
