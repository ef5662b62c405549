"""The REST API's site map: version 1, its OpenAPI schema and its documentation."""

import sys
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path, reverse
from django.views import defaults
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import APIRootView, DefaultRouter

from antigravity.problems import Unavailable, problem, problem_of, unknown_address
from antigravity.reference import reference
from archive.api import IDENTIFIER, PreprintViewSet, SearchViewSet
from archive.outages import OUTAGES
from qa.api import PreprintQuestionsView, QuestionViewSet
from qa.curating_api import CuratingViewSet
from qa.views import site
from qa.views.exports import AnswersExport, PreprintsExport


class Root(APIRootView):
    """What version 1 has."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Addresses on the site's canonical host, whatever host was asked."""
        names = self.api_root_dict or {}
        return Response({key: f"{settings.SITE_URL}{reverse(f'v1:{name}')}" for key, name in names.items()})


router = DefaultRouter()
router.APIRootView = Root
router.include_format_suffixes = False
router.register("preprints", PreprintViewSet, basename="preprint")
router.register("search", SearchViewSet, basename="search")
router.register("questions", CuratingViewSet, basename="curating")
router.register("questions", QuestionViewSet, basename="question")  # after it: the last one is in the root

v1 = [
    path("export/answers.jsonl", AnswersExport.as_view(), name="answers-export"),
    path("export/preprints.jsonl", PreprintsExport.as_view(), name="preprints-export"),
    re_path(
        rf"^preprints/(?P<identifier>{IDENTIFIER})/questions/$",
        PreprintQuestionsView.as_view(),
        name="preprint-questions",
    ),
    *router.urls,
]

urlpatterns = [
    path("", reference, name="api-docs"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("v1/", include((v1, "v1"))),
    re_path(r"^(?P<rest>(?s:.*))$", unknown_address),  # a path may hold a newline
]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before a view is reached: a problem under /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problem(400, code="bad_request", detail="The request is malformed.")
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of the site, 503 while the database is away: a problem under /api/, a page elsewhere, each with
    the id that the log has.
    """
    if request.path.startswith("/api/"):
        if isinstance(sys.exception(), OUTAGES):
            return problem_of(Unavailable())
        error_id = structlog.contextvars.get_contextvars().get("request_id", "")
        return problem(
            500, code="server_error", detail=f"Something went wrong here; the log has it as {error_id}."
        )
    return site.server_error(request)
