"""The REST API's site map: version 1, its OpenAPI schema and its documentation."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views import defaults
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from antigravity.problems import problem, unknown_address
from archive.api import PreprintViewSet, SearchViewSet
from archive.conditions import conditional
from qa.api import PreprintQuestionsView, QuestionViewSet
from qa.conditions import list_validators
from qa.views import site
from qa.views.exports import AnswersExport, PreprintsExport

router = DefaultRouter()
router.include_format_suffixes = False
router.register("preprints", PreprintViewSet, basename="preprint")
router.register("search", SearchViewSet, basename="search")
router.register("questions", QuestionViewSet, basename="question")

unless_held = conditional(list_validators)
v1 = [
    path("export/answers.jsonl", unless_held(AnswersExport.as_view()), name="answers-export"),
    path("export/preprints.jsonl", unless_held(PreprintsExport.as_view()), name="preprints-export"),
    path(
        "preprints/<str:identifier>/questions/",
        PreprintQuestionsView.as_view(),
        name="preprint-questions",
    ),
    *router.urls,
]

urlpatterns = [
    path(
        "",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"),
        name="api-docs",
    ),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("v1/", include((v1, "v1"))),
    re_path(r"^(?P<rest>.*)$", unknown_address),
]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before a view is reached: a problem under /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problem(400, code="bad_request", detail="The request is malformed.")
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of the site: a problem under /api/, a page elsewhere, both with the id that the log has."""
    if request.path.startswith("/api/"):
        error_id = structlog.contextvars.get_contextvars().get("request_id", "")
        return problem(
            500, code="server_error", detail=f"Something went wrong here; the log has it as {error_id}."
        )
    return site.server_error(request)
