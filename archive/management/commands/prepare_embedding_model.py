"""Makes the local embedding model ready. Does nothing where it is."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from archive.embeddings import LOCAL_MODELS, is_prepared, local_folder
from archive.minilm import WeightsUnusable, prepare


class Command(BaseCommand):
    help = (
        "Converts the published weights of all-MiniLM-L6-v2 into the file that this site runs, in MODEL_DIR. "
        "Takes some seconds the first time and nothing after that."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        model = settings.EMBEDDING_MODEL
        if model not in LOCAL_MODELS:
            self.stdout.write(f"{model} is not a local model: nothing to prepare.")
            return
        folder = local_folder(model)
        if is_prepared(folder):
            self.stdout.write(f"{model} is ready in {folder}.")
            return
        begun = time.monotonic()
        try:
            prepare(folder)
        except WeightsUnusable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{model} prepared in {folder} ({time.monotonic() - begun:.1f} s).")
