"""Addresses of the archive's listings. A preprint's own page shows questions too: it is in the site map."""

from django.urls import path, re_path

from archive import views

app_name = "archive"
IDENTIFIER = r"(?P<identifier>[Aa][Gg]-[0-9]{4}\.[0-9]{2}-[0-9]{3,9})"
CATEGORY = r"(?P<category>[A-Za-z.-]+)"
MONTH = r"(?P<month>[1-9][0-9]{3}-(?:0[1-9]|1[0-2]))"
urlpatterns = [
    path("recent", views.recent, name="recent"),
    re_path(rf"^list/{CATEGORY}$", views.newest_month, name="category"),
    re_path(rf"^list/{CATEGORY}/{MONTH}$", views.listing, name="list"),
]
