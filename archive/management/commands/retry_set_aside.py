"""Tries set-aside records again, as the action in admin does, but all of them."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from archive.harvest_runs import describe_run
from archive.models import SetAsideRecord
from archive.retrying import retry_records


class Command(BaseCommand):
    help = (
        "Tries again to take in the records that were set aside: after an update that reads more of them. "
        "What still can't be taken in stays set aside, with the reason of today."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--reason", default="", help="only those whose reason has these words in it")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = SetAsideRecord.objects.filter(reason__icontains=options["reason"]).order_by("pk")
        self.stdout.write(describe_run(retry_records(list(rows.values_list("pk", flat=True)))))
