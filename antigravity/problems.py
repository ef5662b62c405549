"""Errors under /api/: every one is an RFC 9457 document, with a `code` for programs to branch on."""

from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import (
    Http404,
    HttpRequest,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.middleware.http import ConditionalGetMiddleware
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from archive.outages import OUTAGES

log = structlog.get_logger()

RETRY_AFTER_OUTAGE = 5  # seconds; the pool has checked and replaced its connections by then
LIMIT_HEADERS = {
    "RateLimit-Policy": '`"requests";q=600;w=60`: how many requests (q) in how many seconds (w).',
    "RateLimit": '`"requests";r=599;t=42`: how many of them are left (r) in the next seconds (t).',
}


def problem(
    status: int,
    *,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> JsonResponse:
    """An RFC 9457 document of type about:blank: `title` is the status, `code` and `detail` say the rest."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    body |= extra or {}
    return JsonResponse(body, status=status, headers=headers, content_type="application/problem+json")


def handle_exception(exc: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """REST framework's exception handler. What it has no word for goes on to the 500 page, and the log."""
    exc = as_api_exception(exc)
    return problem_of(exc) if isinstance(exc, exceptions.APIException) else None


def problem_of(exc: exceptions.APIException) -> JsonResponse:
    """An exception of REST framework as a document, with its headers."""
    headers = dict(getattr(exc, "headers", {}))
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exc, exceptions.ValidationError):
        return problem(
            exc.status_code,
            code="invalid",
            detail="The request has parameters that cannot be used.",
            errors=list_errors(exc.detail),
            headers=headers,
        )
    return problem(
        exc.status_code,
        code=str(exc.get_codes()),
        detail=str(exc.detail),
        extra=getattr(exc, "extra", None),
        headers=headers,
    )


def as_api_exception(exc: Exception) -> Exception:
    """The same trouble in REST framework's words, where it has any."""
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError("The request is malformed.")
    if isinstance(exc, OUTAGES):
        log.error("database_unavailable", exc_info=exc)
        return Unavailable()
    return exc


class TooLarge(exceptions.APIException):
    """A request body over the limit of DATA_UPLOAD_MAX_MEMORY_SIZE."""

    status_code = 413
    default_code = "too_large"
    default_detail = "The request body is too large."


class Unavailable(exceptions.APIException):
    """The database is away, or took longer than its statement timeout."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "The archive cannot answer this request just now. Please try again in a moment."
    wait = RETRY_AFTER_OUTAGE


def list_errors(detail: Any, field: str = "") -> list[dict[str, str]]:
    """REST framework's nested error details as a flat list: the field, a code, and words."""
    if isinstance(detail, dict):
        return [
            error
            for name, part in detail.items()
            for error in list_errors(part, f"{field}.{name}" if field else str(name))
        ]
    if isinstance(detail, list):
        return [error for part in detail for error in list_errors(part, field)]
    return [{"field": field, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


class ConditionalGet(ConditionalGetMiddleware):
    """Django's, with a document where a condition fails under /api/: its own 412 has nothing in it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answered = super().process_response(request, response)
        if answered.status_code == 412 and request.path.startswith("/api/"):
            return problem(
                412, code="precondition_failed", detail="It is no longer as the condition wants it."
            )
        return answered


@csrf_exempt
def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """Answers under /api/ where nothing else does: 308 to the address with a slash where there is one."""
    if not request.path.endswith("/") and resolve(f"{request.path}/").func is not unknown_address:
        return HttpResponsePermanentRedirect(
            request.get_full_path(force_append_slash=True), preserve_request=True
        )
    return problem(
        404, code="not_found", detail="There is nothing at this address; /api/ says what there is."
    )


def document_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Adds to the OpenAPI schema what every operation answers when it cannot do its work, and its limits."""
    error = {
        "properties": {name: {"type": "string"} for name in ("field", "code", "detail")},
        "type": "object",
    }
    texts = {name: {"type": "string"} for name in ("type", "title", "code", "detail")}
    result["components"]["schemas"]["Problem"] = {
        "type": "object",
        "description": "An error, by RFC 9457. `code` is stable, `detail` is for people.",
        "properties": {**texts, "status": {"type": "integer"}, "errors": {"type": "array", "items": error}},
        "required": [*texts, "status"],
    }
    result["components"]["headers"] = {
        name: {"description": words, "schema": {"type": "string"}} for name, words in LIMIT_HEADERS.items()
    }
    limits = {name: {"$ref": f"#/components/headers/{name}"} for name in LIMIT_HEADERS}
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            responses["default"] = {"description": "Another problem."}
            for status in responses:
                if status < "300":
                    responses[status]["headers"] = limits
                if status >= "400":
                    responses[status]["content"] = content
    return result
