"""Which preprints a search may find, as a QuerySet and as SQL, and their ids where they are few."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection

from archive.models import Preprint, PreprintQuerySet

FEW = 10_000  # preprints that a filter may leave for every one of them to be looked at: about 10 ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Of any of these categories, submitted in this span of days; never withdrawn."""

    categories: Sequence[str] = ()
    submitted_from: date | None = None
    submitted_to: date | None = None

    def __bool__(self) -> bool:
        return bool(self.categories or self.submitted_from or self.submitted_to)

    def preprints(self) -> PreprintQuerySet:
        """What passes."""
        return self.narrow(Preprint.objects.available())

    def narrow(self, found: PreprintQuerySet) -> PreprintQuerySet:
        """The part of some preprints that is of these categories and days."""
        if self.categories:
            found = found.filter(categories__overlap=list(self.categories))
        if self.submitted_from:
            found = found.filter(submitted_on__gte=self.submitted_from)
        if self.submitted_to:
            found = found.filter(submitted_on__lte=self.submitted_to)
        return found

    def sql(self) -> tuple[str, list[Any]]:
        """The same as conditions on `preprint`."""
        conditions = {
            "preprint.categories && %s::varchar[]": list(self.categories),
            "preprint.submitted_on >= %s": self.submitted_from,
            "preprint.submitted_on <= %s": self.submitted_to,
        }
        wanted = {condition: value for condition, value in conditions.items() if value}
        return " AND ".join(["preprint.withdrawn_on IS NULL", *wanted]), list(wanted.values())

    def few(self) -> np.ndarray | None:
        """The ids of all that passes, where there are at most FEW; else, and without a filter, None."""
        if not self:
            return None
        conditions, values = self.sql()
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT preprint.id FROM archive_preprint AS preprint WHERE {conditions} LIMIT {FEW + 1}",  # noqa: S608 -- our own conditions
                values,
            )
            ids = np.array(sorted(pk for (pk,) in cursor.fetchall()), dtype=np.int64)
        return ids if len(ids) <= FEW else None
