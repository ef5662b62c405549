"""The site map."""

from django.contrib import admin
from django.urls import include, path, re_path

from antigravity import mcp
from antigravity.health import healthz, readyz
from archive import urls as archive_urls
from archive.urls import CATEGORY, IDENTIFIER, MONTH
from qa.urls import FORMAT, SLUG, VERSION
from qa.views import formats, machines, site
from qa.views.preprint import preprint

# A preprint's page shows the questions that cite it, so qa composes it; its address is the archive's.
archive_patterns = [
    re_path(rf"^abs/{IDENTIFIER}\.{FORMAT}$", formats.preprint, name="format"),
    path("abs/<path:identifier>", preprint, name="preprint"),
    *archive_urls.urlpatterns,
]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("robots.txt", machines.robots, name="robots"),
    path("llms.txt", machines.llms, name="llms"),
    path("opensearch.xml", machines.opensearch, name="opensearch"),
    path("sitemap.xml", machines.sitemap_index, name="sitemap-index"),
    path("sitemap-<slug:section>.xml", machines.sitemap, name="sitemap"),
    path("admin/", admin.site.urls),
    path("api/", include("antigravity.api")),
    path("mcp", mcp.mcp, name="mcp"),
    path("mcp/", mcp.with_slash, name="mcp-with-slash"),
    # Only what is an address without its slash: anything else would be sent to and fro for ever.
    re_path(
        rf"^(?:recent|oai|questions|gaps|search|map|about|method|quality|privacy|terms|accessibility|corrections|ask/{SLUG}(?:/(?:v{VERSION}|history))?|abs/.+|list/{CATEGORY}(?:/{MONTH})?)/$",
        site.without_slash,
    ),
    path("", include("qa.urls")),
    path("", include((archive_patterns, archive_urls.app_name))),
]

handler400 = "antigravity.api.bad_request"
handler500 = "antigravity.api.server_error"
