"""Addresses of the archive's listings. A preprint's own page shows questions too: it is in the site map."""

from django.urls import path, re_path

from archive import views

app_name = "archive"
urlpatterns = [
    path("recent", views.recent, name="recent"),
    re_path(r"^list/(?P<category>[A-Za-z.-]+)$", views.newest_month, name="category"),
    re_path(
        r"^list/(?P<category>[A-Za-z.-]+)/(?P<month>[0-9]{4}-(?:0[1-9]|1[0-2]))$", views.listing, name="list"
    ),
]
