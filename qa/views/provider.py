"""The OAI-PMH provider's address: arguments in the query or in a form, a document back."""

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from archive.caching import keep_public
from archive.conditions import conditional
from qa.conditions import provider_validators
from qa.provider import answer_request
from qa.quotas import asker_key
from qa.throttling import TooManyRequests, count_request

CONTENT_TYPE = "text/xml; charset=utf-8"  # the protocol allows no other


@csrf_exempt  # a form of a harvester's, which changes nothing
@require_http_methods(["GET", "HEAD", "POST"])
def oai(request: HttpRequest) -> HttpResponse:
    """A harvester's request. Errors of the protocol are documents too, with status 200; haste is 503."""
    try:
        count_request(request, asker_key(request.META))
    except TooManyRequests as refusal:
        return _put_off(refusal)
    return _answer(request) if request.method == "POST" else _answer_again(request)


def _put_off(refusal: TooManyRequests) -> HttpResponse:
    """503, the one status by which harvesters know to wait: section 3.1.2.2 of the protocol."""
    response = HttpResponse(f"{refusal.detail}\n", status=503, content_type="text/plain; charset=utf-8")
    response["Retry-After"] = str(refusal.wait)
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(answer_request(_given(request)), content_type=CONTENT_TYPE)
    response["X-Robots-Tag"] = "noindex"
    return response


@conditional(provider_validators)
def _answer_again(request: HttpRequest) -> HttpResponse:
    return keep_public(_answer(request))


def _given(request: HttpRequest) -> list[tuple[str, str]]:
    """Every argument as often as it came; none at all of a form that no harvester sends."""
    try:
        return [
            (name, value)
            for form in (request.GET, request.POST)
            for name, values in form.lists()
            for value in values
        ]
    except (BadRequest, SuspiciousOperation, MultiPartParserError):
        return []
