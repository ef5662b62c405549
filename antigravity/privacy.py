"""The last word on who may keep a response: what was made for one visitor is kept by no proxy."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import has_vary_header


class PersonalIsPrivate:
    """Takes a public Cache-Control off any response that sets a cookie or depends on one.

    A form with a CSRF token, a session, "my questions": whichever view forgets it, no proxy keeps it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.cookies or has_vary_header(response, "Cookie"):
            control = response.headers.get("Cache-Control", "")
            if "private" not in control and "no-store" not in control:
                response["Cache-Control"] = "private, no-cache"
        return response
