"""Marks the published answers that the archive's changes touch, now instead of in the background."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from qa.freshness import Findings, sweep
from qa.models import Mark


class Command(BaseCommand):
    help = (
        "Compares every published answer with the archive as it is: marks those whose sources were withdrawn "
        "or revised, or that newer preprints bear on, and resolves the marks that hold no longer."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = sweep(dry_run=options["dry_run"])
        if findings is None:
            raise CommandError("Another sweep is at it just now.")
        self.stdout.write(summary(findings))
        if options["dry_run"]:
            self.stdout.write("Nothing was changed.")


def summary(findings: Findings) -> str:
    """What a sweep found, a line each."""
    answers = len({mark.answer_id for mark in findings.marks})
    lines = [f"{len(findings.marks):,} new marks on {answers:,} answers"]
    lines += [f"  {findings.count(kind):,} {kind.label}" for kind in Mark.Kind if findings.count(kind)]
    lines.append(f"{len(findings.resolved):,} marks hold no longer")
    new = findings.newcomers
    lines.append(f"{new.compared:,} new vectors compared, {len(new.searched):,} questions searched again")
    if not new.is_whole:
        lines.append("More new vectors wait: run it again.")
    return "\n".join(lines)
