"""The REST API's site map: version 1, its OpenAPI schema and its documentation."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from antigravity.problems import unknown_address
from archive.api import PreprintViewSet, SearchViewSet
from qa.api import PreprintQuestionsView, QuestionViewSet

router = DefaultRouter()
router.include_format_suffixes = False
router.register("preprints", PreprintViewSet, basename="preprint")
router.register("search", SearchViewSet, basename="search")
router.register("questions", QuestionViewSet, basename="question")

v1 = [
    path("preprints/<str:identifier>/questions/", PreprintQuestionsView.as_view(), name="preprint-questions"),
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
