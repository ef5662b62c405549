"""The qa app: questions, and how they are answered from the archive."""

from django.apps import AppConfig


class QaConfig(AppConfig):
    name = "qa"
    verbose_name = "Questions and answers"
