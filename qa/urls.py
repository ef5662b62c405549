"""Addresses of questions and answers, and of the pages that show preprints and answers together."""

from django.urls import path, re_path

from archive.urls import CATEGORY
from qa.views import (
    archive_map,
    asking,
    cards,
    feeds,
    formats,
    history,
    home,
    policies,
    provider,
    quality,
    question,
    questions,
    reports,
    search,
    site,
    standing,
)

app_name = "qa"
SLUG = r"(?P<slug>[a-z0-9]{10})"
VERSION = r"(?P<number>[1-9][0-9]{0,3})"
FORMAT = r"(?P<ending>md|json|bib|ris|csl\.json)"
FEED = r"(?P<ending>atom|json)"
urlpatterns = [
    path("", home.home, name="home"),
    path("ask/", asking.ask, name="ask"),
    re_path(rf"^ask/{SLUG}$", question.question, name="question"),
    re_path(rf"^ask/{SLUG}/status$", question.status, name="status"),
    re_path(rf"^ask/{SLUG}/v{VERSION}$", question.version, name="version"),
    re_path(rf"^ask/{SLUG}/history$", history.history, name="history"),
    re_path(rf"^ask/{SLUG}/report$", reports.report, name="report"),
    re_path(rf"^ask/{SLUG}/report/thanks$", reports.reported, name="reported"),
    re_path(rf"^ask/{SLUG}\.{FORMAT}$", formats.answer, name="format"),
    re_path(rf"^ask/{SLUG}/v{VERSION}\.{FORMAT}$", formats.answer, name="version-format"),
    re_path(rf"^ask/{SLUG}/v{VERSION}\.png$", cards.card, name="card"),
    re_path(rf"^feeds/answers\.{FEED}$", feeds.answers, name="answers-feed"),
    re_path(rf"^feeds/corrections\.{FEED}$", feeds.corrections, name="corrections-feed"),
    re_path(rf"^feeds/category/{CATEGORY}\.{FEED}$", feeds.category, name="category-feed"),
    re_path(rf"^feeds/search\.{FEED}$", feeds.search, name="search-feed"),
    re_path(rf"^feeds/question/{SLUG}\.{FEED}$", feeds.question, name="question-feed"),
    path("questions", questions.questions, name="questions"),
    path("gaps", standing.gaps, name="gaps"),
    path("search", search.search, name="search"),
    path("map", archive_map.page, name="map"),
    path("map/points", archive_map.points, name="map_points"),
    re_path(r"^map/(?P<identifier>AG-[0-9]{4}\.[0-9]{2}-[0-9]{3,})$", archive_map.point, name="map_point"),
    path("about", site.about, name="about"),
    path("method", site.method, name="method"),
    path("privacy", policies.privacy, name="privacy"),
    path("terms", policies.terms, name="terms"),
    path("accessibility", policies.accessibility, name="accessibility"),
    path("corrections", policies.corrections, name="corrections"),
    path("oai", provider.oai, name="oai"),
    path("quality", quality.quality, name="quality"),
]
