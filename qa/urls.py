"""Addresses of questions, answers, and the pages that show preprints and answers together."""

from django.urls import URLPattern

app_name = "qa"
urlpatterns: list[URLPattern] = []
