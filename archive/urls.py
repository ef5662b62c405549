"""Addresses of the archive's own pages."""

from django.urls import URLPattern

app_name = "archive"
urlpatterns: list[URLPattern] = []
