"""The site map."""

from django.contrib import admin
from django.urls import include, path, re_path

from antigravity.health import healthz, readyz
from archive import urls as archive_urls
from qa.views import site
from qa.views.preprint import preprint

# A preprint's page shows the questions that cite it, so qa composes it; its address is the archive's.
archive_patterns = [path("abs/<path:identifier>", preprint, name="preprint"), *archive_urls.urlpatterns]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("api/", include("antigravity.api")),
    re_path(
        r"^(?:recent|questions|search|about|method|ask/[a-z0-9]{10}(?:/v[0-9]+)?|abs/.+|list/.+)/$",
        site.without_slash,
    ),
    path("", include("qa.urls")),
    path("", include((archive_patterns, archive_urls.app_name))),
]

handler400 = "antigravity.api.bad_request"
handler500 = "antigravity.api.server_error"
