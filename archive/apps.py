"""The archive app: preprints and how to find them. It knows nothing of questions."""

from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "archive"
    verbose_name = "Archive"
