"""Says what the archive holds and what is still to be done."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Count, Max, Min

from archive.harvesting import count_unindexed
from archive.models import HarvestRun, Preprint, SetAsideRecord
from archive.vectors import serving_model


class Command(BaseCommand):
    help = "Says how many preprints the archive holds, how many are embedded, and how the last harvests went."

    def handle(self, *args: Any, **options: Any) -> None:
        facts = Preprint.objects.aggregate(
            all=Count("pk"), oldest=Min("submitted_on"), newest=Max("submitted_on")
        )
        available = Preprint.objects.available().count()
        pending = Preprint.objects.needs_embedding(settings.EMBEDDING_MODEL).count()
        self.stdout.write(
            f"Preprints   {facts['all']:,}, {facts['all'] - available:,} of them withdrawn\n"
            f"Submitted   {facts['oldest'] or '-'} to {facts['newest'] or '-'}\n"
            f"By words    {available - count_unindexed():,} of {available:,} are found by full-text search\n"
            f"Embedded    {available - pending:,} of {available:,} under {settings.EMBEDDING_MODEL}\n"
            f"Serving     {serving_model()}\n"
            f"Set aside   {SetAsideRecord.objects.count():,} records"
        )
        for run in HarvestRun.objects.all()[:5]:
            self.stdout.write(
                f"Harvest     {run.started_at:%Y-%m-%d %H:%M} {run.source} {run.set_spec} {run.state}: "
                f"{run.created:,} new, {run.updated:,} changed, {run.unchanged:,} unchanged, "
                f"{run.set_aside:,} set aside{describe_place(run)}"
            )


def describe_place(run: HarvestRun) -> str:
    """Where a run stands that is not through, why it stopped, and when it goes on."""
    if run.state == HarvestRun.State.DONE:
        return f"\n            {run.error}" if run.error else ""
    place = f"\n            {run.listed:,} of {run.announced:,} listed" if run.announced else ""
    place += f"\n            to go on at {run.position[:80]}" if run.position else ""
    place += f"\n            not before {run.resume_at:%Y-%m-%d %H:%M}" if run.resume_at else ""
    return place + (f"\n            {run.error[:200]}" if run.error else "")
